package raft

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	hraft "github.com/hashicorp/raft"
)

// Machine is the replicated state machine. Apply, Snapshot, Restore and SetVoters are called
// by one goroutine, one at a time; what Snapshot returns is written by another goroutine
// while Apply goes on.
type Machine interface {
	// Apply executes a committed command. Same commands, same results, on every member. A
	// Halt as the result stops this member.
	Apply(index uint64, data []byte) any
	// Snapshot captures the state as it is now; writing it may take its time.
	Snapshot() (io.WriterTo, error)
	// Restore replaces the state. After an error the state is not used again.
	Restore(io.Reader) error
	// SetVoters tells the committed voters, sorted, and the index of the entry that named
	// them. After a Restore it repeats what may be known, and after the restore of a
	// backup it corrects what the backup says: the index may be below entries applied.
	SetVoters(index uint64, ids []string)
}

// Halt is the result of a command that this member cannot execute and must not skip, such
// as one of a later version. The member stops.
type Halt struct{ Err error }

// Stream is a source of connections whose peers are authenticated. Close ends Accept.
type Stream interface {
	Accept() (net.Conn, error)
	Close() error
	Addr() net.Addr
	Dial(address string, timeout time.Duration) (net.Conn, error)
}

// Server is a member of the configuration.
type Server struct {
	ID      string // NodeID in hex
	Address string
	Voter   bool
}

// Config says how to run a member. Zero durations and counts mean the defaults.
type Config struct {
	ID      string // NodeID in hex, for all time
	Address string // where peers reach us
	Machine Machine

	Logs      hraft.LogStore
	Stable    hraft.StableStore
	Snapshots hraft.SnapshotStore

	// Exactly one of the two. Open takes it over and closes it, also on failure. A
	// Transport must support pre-votes (hashicorp's WithPreVote).
	Transport hraft.Transport
	Stream    Stream
	// Resolve finds a peer's address by its id; nil, or an error, means the address in the
	// configuration. Used with Stream.
	Resolve func(id string) (string, error)

	// Bootstrap is the first configuration. It counts only if the stores are empty.
	Bootstrap []Server

	// IsCorrupt recognises the errors of the stores that mean damage, as opposed to a disk
	// that fails. OnFault is called at most once, from a goroutine of the library: it must
	// neither block nor call Close.
	IsCorrupt func(error) bool
	OnFault   func(error)

	// CheckBackup says whether the Machine could restore these bytes, without doing it.
	CheckBackup func(io.Reader) error

	HeartbeatTimeout  time.Duration // 300 ms without the leader: campaign
	ElectionTimeout   time.Duration // 300 ms without a result: campaign again
	LeaseTimeout      time.Duration // 150 ms without a majority: step down
	CommitTimeout     time.Duration // 20 ms: how late followers may learn of a commit
	RPCTimeout        time.Duration // 3 s for one exchange over a Stream
	SnapshotInterval  time.Duration // 30 s between looks at the log's length
	SnapshotThreshold uint64        // 8192 entries since the last snapshot
	TrailingLogs      uint64        // 4096 entries kept behind a snapshot
	AppendEntriesMax  int           // 64 entries in one message, and in one batch for the Machine

	Pilot *Pilot // nil: membership changes only by calls
	Log   *slog.Logger
	Now   func() time.Time // for what is recorded; nil: time.Now
}

func orElse[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c *Config) fill() error {
	orElse(&c.HeartbeatTimeout, 300*time.Millisecond)
	orElse(&c.ElectionTimeout, 300*time.Millisecond)
	orElse(&c.LeaseTimeout, 150*time.Millisecond)
	orElse(&c.CommitTimeout, 20*time.Millisecond)
	orElse(&c.RPCTimeout, 3*time.Second)
	orElse(&c.SnapshotInterval, 30*time.Second)
	orElse(&c.SnapshotThreshold, 8192)
	orElse(&c.TrailingLogs, 4096)
	orElse(&c.AppendEntriesMax, 64)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.IsCorrupt == nil {
		c.IsCorrupt = func(error) bool { return false }
	}
	switch {
	case c.Machine == nil || c.Logs == nil || c.Stable == nil || c.Snapshots == nil:
		return errors.New("raft: a machine and all three stores are needed")
	case (c.Transport == nil) == (c.Stream == nil):
		return errors.New("raft: either a transport or a stream is needed")
	}
	if c.Transport != nil {
		if _, ok := c.Transport.(hraft.WithPreVote); !ok {
			return errors.New("raft: the transport does not support pre-votes")
		}
	}
	if err := checkName(c.ID, c.Address); err != nil {
		return err
	}
	if len(c.Bootstrap) > ServerCountMax {
		return fmt.Errorf("raft: %d servers, at most %d", len(c.Bootstrap), ServerCountMax)
	}
	for _, s := range c.Bootstrap {
		if err := checkName(s.ID, s.Address); err != nil {
			return err
		}
	}
	if c.Pilot != nil {
		return c.Pilot.fill()
	}
	return nil
}

func checkName(id, address string) error {
	for _, s := range []string{id, address} {
		if s == "" || len(s) > NameBytesMax {
			return fmt.Errorf("raft: id or address %q: 1 to %d bytes", s, NameBytesMax)
		}
	}
	return nil
}

func (c *Config) library() *hraft.Config {
	return &hraft.Config{
		ProtocolVersion:    hraft.ProtocolVersionMax,
		LocalID:            hraft.ServerID(c.ID),
		HeartbeatTimeout:   c.HeartbeatTimeout,
		ElectionTimeout:    c.ElectionTimeout,
		LeaderLeaseTimeout: c.LeaseTimeout,
		CommitTimeout:      c.CommitTimeout,
		SnapshotInterval:   c.SnapshotInterval,
		SnapshotThreshold:  c.SnapshotThreshold,
		TrailingLogs:       c.TrailingLogs,
		MaxAppendEntries:   c.AppendEntriesMax,
		// Callers that wait are batched either way; with a buffer, one that gave up would
		// still be proposed, and one that waits at shutdown would never be answered.
		BatchApplyCh: false,
		// A removed member stays up, without a vote, until the node stops it.
		ShutdownOnRemove:  false,
		NoLegacyTelemetry: true,
		Logger:            newLogger(c.Log),
	}
}

func (c *Config) bootstrap() hraft.Configuration {
	var conf hraft.Configuration
	for _, s := range c.Bootstrap {
		suffrage := hraft.Nonvoter
		if s.Voter {
			suffrage = hraft.Voter
		}
		conf.Servers = append(conf.Servers, hraft.Server{
			Suffrage: suffrage, ID: hraft.ServerID(s.ID), Address: hraft.ServerAddress(s.Address),
		})
	}
	return conf
}
