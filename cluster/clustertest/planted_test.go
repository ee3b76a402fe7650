package clustertest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/leader"
	"rpp-node/cluster/raft/rafttest"
	"rpp-node/store/raftlog"
)

// Each bug is found within a few seeds, and each by what it breaks.
func TestPlantedBugsAreCaught(t *testing.T) {
	for _, bug := range []struct {
		name  string
		conf  func(seed uint64) Config
		plant Plant
		found []string // one of them is in the verdict
		seeds uint64
	}{
		{"a disk that does not sync", entriesConfig, Plant{Disk: func(fs vfs.FS) vfs.FS { return noSync{fs} }}, []string{"lost ", "applies another entry", "does not start", "has stopped"}, 10},
		{"a client that is told before the commit", entriesConfig, Plant{Log: func(l Log) Log { return hasty{l} }}, []string{"lost "}, 10},
		{"a voter that signs without verifying", jobsConfig, Plant{Verify: trusting}, []string{"signs a receipt for what is not a proof"}, 10},
		{"a leader that releases without a quorum", jobsConfig, Plant{Voters: func(c *Cluster, v leader.Voters) leader.Voters { return forger{c, v} }}, []string{"a receipt that voter"}, 3},
	} {
		t.Run(bug.name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("takes seconds")
			}
			for seed := range bug.seeds {
				conf := bug.conf(seed)
				conf.Plant = bug.plant
				_, err := bubble(t, conf, 12, 8)
				for _, f := range bug.found {
					if err != nil && strings.Contains(err.Error(), f) {
						t.Logf("seed %d: %.200v", seed, err)
						return
					}
				}
				if err != nil {
					t.Logf("seed %d, but not that: %.200v", seed, err)
				}
			}
			t.Error("not caught")
		})
	}
}

// noSync is a disk whose log is not there yet when it says so.
type noSync struct{ vfs.FS }

func (n noSync) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := n.FS.Create(name, c)
	return lazyIfLog(name, f), err
}

func (n noSync) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := n.FS.ReuseForWrite(old, name, c)
	return lazyIfLog(name, f), err
}

func lazyIfLog(name string, f vfs.File) vfs.File {
	if f == nil || !strings.HasSuffix(name, ".log") {
		return f
	}
	return lazy{f}
}

type lazy struct{ vfs.File }

func (lazy) Sync() error                { return nil }
func (lazy) SyncData() error            { return nil }
func (lazy) SyncTo(int64) (bool, error) { return true, nil }

// hasty says yes to a command as soon as the log has taken it.
type hasty struct{ Log }

func (h hasty) Apply(ctx context.Context, command []byte) (uint64, any, error) {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _, err := h.Log.Apply(ctx, command)
		done <- err
	}()
	select {
	case err := <-done:
		return 0, fsm.Result{}, err
	case <-time.After(time.Millisecond / 2):
		return 0, fsm.Result{}, nil
	}
}

// trusting lets one voter believe every proof.
func trusting(voter string, honest func(fsm.JobID, []byte) error) func(fsm.JobID, []byte) error {
	if voter != "voter-0" {
		return honest
	}
	return func(fsm.JobID, []byte) error { return nil }
}

// forger has every receipt at once: this leader knows the other voters' keys.
type forger struct {
	c *Cluster
	leader.Voters
}

func (f forger) Receipt(_ context.Context, voter fsm.NodeID, ask leader.Ask) (fsm.Receipt, error) {
	who := f.c.voterByID(voter)
	return fsm.SignReceipt(who.key, who.id, claim(&fsm.Job{ID: ask.Job, Statement: fsm.Statement{Fingerprint: fingerprint}}, ask.Digest, buildName)), nil
}

// A vote whose writing a crash has torn: a candidate whose log is behind, and which the
// voter has voted for once before, must not get it. A store that writes term and candidate
// one after the other gives it away.
func TestTornVote(t *testing.T) {
	for _, c := range []struct {
		name  string
		store func(*raftlog.Log) Stable
		want  bool
	}{
		{"ours", func(l *raftlog.Log) Stable { return l }, false},
		{"naive", func(l *raftlog.Log) Stable { return naive{l} }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				granted, err := tornVote(c.store)
				if err != nil || granted != c.want {
					t.Errorf("granted %v, want %v; %v", granted, c.want, err)
				}
			})
		})
	}
}

// tornVote lets voter-0 vote for voter-2, crash while it votes for voter-1 in a later term,
// and be asked once more by voter-2 in that term.
func tornVote(store func(*raftlog.Log) Stable) (granted bool, err error) {
	var crash func() // armed by the test
	conf := entriesConfig(1)
	conf.Voters = 3
	conf.Plant.Stable = func(voter string, l *raftlog.Log) Stable {
		if voter != "voter-0" {
			return l
		}
		return &tearing{Stable: store(l), tear: func() {
			if f := crash; f != nil {
				crash = nil
				f()
			}
		}}
	}
	c, err := Start(conf)
	if err != nil {
		return false, err
	}
	defer c.Close()
	c.net.quality(0, 0, 0)
	v := c.voters[0]
	c.net.Partition([]string{v.name}, c.names(v.name, false))
	time.Sleep(2 * time.Second) // it knows no leader any more
	ghost := c.net.raft.Transport("elsewhere")
	defer ghost.Close()
	ask := func(candidate *Voter, term, lastIndex, lastTerm uint64) (bool, error) {
		return ghost.AskVote(v.name, rafttest.Vote{ID: candidate.id.String(), Address: candidate.name, Term: term, LastIndex: lastIndex, LastTerm: lastTerm})
	}
	term, last := c.voters[1].current.Load().raft.Term(), c.voters[1].current.Load().raft.LastIndex()
	first, err1 := ask(c.voters[2], term+10, last, term+9)
	crash = func() { v.crash(rand.New(rand.NewPCG(1, 1))) }
	torn, err2 := ask(c.voters[1], term+20, last, term+19)
	if !first || err1 != nil || torn || err2 == nil || v.Up() {
		return false, fmt.Errorf("voted for voter-2: %v, %v; for voter-1: %v, %v; crashed: %v", first, err1, torn, err2, !v.Up())
	}
	if err := v.start(); err != nil {
		return false, err
	}
	granted, err = ask(c.voters[2], term+20, 1, 1)
	if err != nil {
		return granted, err
	}
	ok, err := ask(c.voters[1], term+20, last, term+19)
	if !granted && !ok {
		err = errors.Join(err, errors.New("a candidate that is up to date gets no vote either"))
	}
	return granted, err
}

// tearing crashes its voter between a vote's two writes.
type tearing struct {
	Stable
	tear func()
}

func (s *tearing) SetUint64(key []byte, v uint64) error {
	err := s.Stable.SetUint64(key, v)
	if string(key) == "LastVoteTerm" {
		s.tear()
	}
	return err
}

// naive writes each value as it comes.
type naive struct{ *raftlog.Log }

func (n naive) key(key []byte) []byte { return append([]byte("naive "), key...) }

func (n naive) Set(key, v []byte) error        { return n.Log.Set(n.key(key), v) }
func (n naive) Get(key []byte) ([]byte, error) { return n.Log.Get(n.key(key)) }

func (n naive) SetUint64(key []byte, v uint64) error {
	return n.Set(key, binary.LittleEndian.AppendUint64(nil, v))
}

func (n naive) GetUint64(key []byte) (uint64, error) { return n.Log.GetUint64(n.key(key)) }
