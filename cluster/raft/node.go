package raft

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	hraft "github.com/hashicorp/raft"
)

// Node is a running member.
type Node struct {
	conf     Config
	raft     *hraft.Raft
	guard    *guard
	shim     *shim
	contacts *contacts
	layer    *layer // nil without a Stream
	calls    *calls
	changes  chan struct{} // holds one token: membership changes one at a time
	term     atomic.Uint64 // last term of which ReadBarrier saw the first commit
	pilot    *pilotRun     // nil without a Pilot
}

// Open starts a member from its stores. It returns an *OpenError if they are unusable.
func Open(c Config) (*Node, error) {
	var t hraft.Transport
	var l *layer
	if err := c.fill(); err != nil {
		closeUnused(c)
		return nil, err
	}
	if t = c.Transport; t == nil {
		t, l = networkTransport(&c)
	}
	g := newGuard(&c)
	n := &Node{
		conf: c, guard: g, layer: l, shim: newShim(c.Machine, g), contacts: newContacts(t, c.Now),
		calls: newCalls(), changes: make(chan struct{}, 1),
	}
	n.changes <- struct{}{}
	if err := n.start(); err != nil {
		_ = n.contacts.Close()
		n.waitConns()
		return nil, err
	}
	if c.Pilot != nil {
		n.pilot = startPilot(n, c.Pilot)
	}
	return n, nil
}

func closeUnused(c Config) {
	if c.Stream != nil {
		_ = c.Stream.Close()
	}
	if t, ok := c.Transport.(hraft.WithClose); ok {
		_ = t.Close()
	}
}

func (n *Node) start() error {
	c := n.conf
	stable := guardedStable{c.Stable, n.guard}
	snapshots := guardedSnapshots{c.Snapshots, n.guard}
	logs := guardedLogs{c.Logs, n.guard, snapshots}
	cache, err := hraft.NewLogCache(logCacheCount, logs)
	if err != nil {
		return err
	}
	if len(c.Bootstrap) > 0 {
		err := hraft.BootstrapCluster(c.library(), logs, stable, snapshots, n.contacts, c.bootstrap())
		if err != nil && !errors.Is(err, hraft.ErrCantBootstrap) {
			return n.openError("writing the first configuration", err)
		}
	}
	err = func() (err error) {
		// The library panics when an entry that it has to read is missing.
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%v", p)
				if e, ok := p.(error); ok {
					err = e
				}
				if errors.Is(err, hraft.ErrLogNotFound) {
					err = &OpenError{Step: "reading the log", Corrupt: true, Err: err}
				}
			}
		}()
		n.raft, err = hraft.NewRaft(c.library(), n.shim, cache, stable, snapshots, n.contacts)
		return err
	}()
	if err == nil && n.guard.failed() {
		// It started from an older snapshot than it had: what came after may be lost, so it
		// must neither vote nor campaign. It has had no time for either.
		err = n.guard.cause()
		_ = n.raft.Shutdown().Error()
	}
	if err != nil {
		return n.openError("reading the store", err)
	}
	n.guard.running.Store(true)
	return nil
}

func (n *Node) openError(step string, err error) error {
	if cause := n.guard.cause(); cause != nil {
		err = cause // what a store said, rather than what the library made of it
	}
	var e *OpenError
	if errors.As(err, &e) {
		return e
	}
	return &OpenError{Step: step, Corrupt: n.conf.IsCorrupt(err), Err: err}
}

// Close stops the member. Calls that are in flight are answered first as long as the library
// still answers, which without a majority takes one lease.
func (n *Node) Close() error {
	if !n.calls.close() {
		return nil
	}
	if n.pilot != nil {
		n.pilot.stop()
	}
	if !n.guard.failed() {
		n.calls.drain(2*n.conf.ElectionTimeout + n.conf.LeaseTimeout)
	}
	_ = n.raft.Shutdown().Error() // closes the transport too
	n.waitConns()
	n.calls.drain(2*n.conf.ElectionTimeout + n.conf.LeaseTimeout)
	return nil
}

func (n *Node) waitConns() {
	if n.layer != nil {
		n.layer.handlers.Wait()
	}
}

// State is what a member is doing.
type State string

// The states.
const (
	Follower  State = "follower"
	Candidate State = "candidate"
	Leader    State = "leader"
	Stopped   State = "stopped"
	Faulted   State = "faulted"
)

// State tells what this member is doing.
func (n *Node) State() State {
	if n.guard.failed() {
		return Faulted
	}
	switch n.raft.State() {
	case hraft.Leader:
		return Leader
	case hraft.Candidate:
		return Candidate
	case hraft.Follower:
		return Follower
	default:
		return Stopped
	}
}

// Leader names the leader as far as this member knows; empty during an election.
func (n *Node) Leader() (id, address string) {
	a, i := n.raft.LeaderWithID()
	if n.guard.failed() && string(i) == n.conf.ID {
		return "", ""
	}
	return string(i), string(a)
}

// Leadership delivers true when this member becomes the leader and false when it no longer
// is. A receiver that is slow gets the latest; two equal values in a row mean that it missed
// a change in between. One receiver.
func (n *Node) Leadership() <-chan bool { return n.raft.LeaderCh() }

// ID is this member's id.
func (n *Node) ID() string { return n.conf.ID }

// Term is the current term.
func (n *Node) Term() uint64 { return n.raft.CurrentTerm() }

// LastIndex is the end of the log, committed or not.
func (n *Node) LastIndex() uint64 { return n.raft.LastIndex() }

// CommitIndex is the last entry known to be committed.
func (n *Node) CommitIndex() uint64 { return n.raft.CommitIndex() }

// AppliedIndex is the last entry that the Machine has seen. Entries that say nothing to a
// Machine are not counted.
func (n *Node) AppliedIndex() uint64 {
	applied, _ := n.shim.state()
	return applied
}

// Contact is the age of the leader's last sign of life, as a follower sees it; zero on the
// leader. It is false if there never was one.
func (n *Node) Contact() (time.Duration, bool) {
	if n.State() == Leader {
		return 0, true
	}
	last := n.raft.LastContact()
	if last.IsZero() {
		return 0, false
	}
	return time.Since(last), true
}

// Fault is why the member stopped by itself, nil while it runs.
func (n *Node) Fault() error { return n.guard.cause() }
