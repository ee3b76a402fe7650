package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// naiveStable writes the term of a vote at once, as raft's other stores do.
type naiveStable struct{ *Log }

func (s naiveStable) write(key, value []byte) error {
	b := s.Log.db.NewBatch()
	b.Set(stableKey(key), encodeStable(key, value))
	return b.Commit(true)
}

func (s naiveStable) SetUint64(key []byte, v uint64) error {
	return s.write(key, binary.LittleEndian.AppendUint64(nil, v))
}

func (s naiveStable) Set(key, value []byte) error { return s.write(key, value) }

var errPowerCut = errors.New("power cut")

// cutAfter lets some writes of term and vote through; the power goes with the next one.
type cutAfter struct {
	raft.StableStore
	left int
	fs   *vfs.MemFS
	disk *vfs.MemFS // what is left after the cut
}

func (c *cutAfter) write(op func() error) error {
	if c.disk != nil {
		return errPowerCut
	}
	if c.left == 0 {
		c.disk = c.fs.CrashClone(vfs.CrashCloneCfg{})
		return errPowerCut
	}
	c.left--
	return op()
}

func (c *cutAfter) Set(k, v []byte) error {
	return c.write(func() error { return c.StableStore.Set(k, v) })
}

func (c *cutAfter) SetUint64(k []byte, v uint64) error {
	return c.write(func() error { return c.StableStore.SetUint64(k, v) })
}

// voter is a raft node that never campaigns, and a way to ask for its vote.
type voter struct {
	raft  *raft.Raft
	trans *raft.InmemTransport
	asker *raft.InmemTransport
}

func newVoter(t *testing.T, l *Log, stable raft.StableStore) *voter {
	_, tr := raft.NewInmemTransport("n0")
	_, asker := raft.NewInmemTransport("asker")
	asker.Connect("n0", tr)
	cfg := raft.DefaultConfig()
	cfg.LocalID = "n0"
	cfg.Logger = hclog.NewNullLogger()
	cfg.HeartbeatTimeout, cfg.ElectionTimeout, cfg.LeaderLeaseTimeout = 100*time.Hour, 100*time.Hour, 100*time.Hour
	r, err := raft.NewRaft(cfg, &labFSM{}, l, stable, l, tr)
	if err != nil {
		t.Fatal(err)
	}
	return &voter{raft: r, trans: tr, asker: asker}
}

// ask asks for a vote in a term, with a log that ends at the given entry.
func (v *voter) ask(id string, term, lastIndex, lastTerm uint64) bool {
	var resp raft.RequestVoteResponse
	err := v.asker.RequestVote("n0", "n0", &raft.RequestVoteRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte(id), Addr: []byte(id)},
		Term:      term, LastLogIndex: lastIndex, LastLogTerm: lastTerm,
	}, &resp)
	return err == nil && resp.Granted
}

func (v *voter) stop() {
	v.raft.Shutdown().Error()
	v.trans.Close()
	v.asker.Close()
}

// staleVote lets n0 vote for n2 in term 5 and then, in term 7, for n1, with a power cut
// before the given write of that vote. It says whether n0 then votes for n2 in term 7,
// which has none of n0's entries, and whether for n1.
func staleVote(t *testing.T, wrap func(*Log) raft.StableStore, writes int) (n2, n1 bool) {
	synctest.Test(t, func(t *testing.T) {
		fsys := vfs.NewCrashableMem()
		db, l := openLog(t, fsys)
		var servers []raft.Server
		for i := range 3 {
			id := fmt.Sprint("n", i)
			servers = append(servers, raft.Server{ID: raft.ServerID(id), Address: raft.ServerAddress(id)})
		}
		if err := l.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(raft.Configuration{Servers: servers})}); err != nil {
			t.Fatal(err)
		}
		if err := l.StoreLogs(entries(2, 10, 4)); err != nil {
			t.Fatal(err)
		}
		v := newVoter(t, l, wrap(l))
		if !v.ask("n2", 5, 10, 4) {
			t.Fatal("no vote in term 5")
		}
		v.stop()
		if err := l.SetUint64([]byte(keyCurrentTerm), 7); err != nil {
			t.Fatal(err)
		}
		cut := &cutAfter{StableStore: wrap(l), left: 1 + writes, fs: fsys} // raft writes the current term on starting
		v = newVoter(t, l, cut)
		if v.ask("n1", 7, 10, 4) {
			t.Error("a vote was granted that was not written")
		}
		v.stop()
		if err := db.Close(); err != nil || cut.disk == nil {
			t.Fatal("no power cut", err)
		}
		db, l = openLog(t, cut.disk)
		v = newVoter(t, l, wrap(l))
		n2 = v.ask("n2", 7, 1, 1)
		n1 = v.ask("n1", 7, 10, 4)
		v.stop()
		db.Close()
		time.Sleep(time.Hour)
	})
	return n2, n1
}

// A power cut anywhere in the writing of a vote: a candidate whose log is behind gets no
// vote, and one that is not still does. A store that writes the term alone fails this.
func TestTornVote(t *testing.T) {
	ours := func(l *Log) raft.StableStore { return l }
	naive := func(l *Log) raft.StableStore { return naiveStable{l} }
	for writes := range 2 {
		if n2, n1 := staleVote(t, ours, writes); n2 || !n1 {
			t.Errorf("cut before write %d: vote for the candidate that is behind %v, for the other %v", writes, n2, n1)
		}
	}
	if n2, _ := staleVote(t, naive, 1); !n2 {
		t.Error("the test does not see a term that was written without its candidate")
	}
}

// A candidate that fails to be written leaves nothing of its vote behind.
func TestVoteIsForgottenWhole(t *testing.T) {
	db, l := openLog(t, vfs.NewMem())
	defer db.Close()
	vote := func(term uint64, cand string) error {
		return errors.Join(l.SetUint64([]byte(keyVoteTerm), term), l.Set([]byte(keyVoteCand), []byte(cand)))
	}
	if err := vote(3, "n1"); err != nil {
		t.Fatal(err)
	}
	if err := vote(4, string(make([]byte, MaxStableValueBytes+1))); err == nil {
		t.Fatal("a candidate above the limit was written")
	}
	if err := l.Set([]byte(keyVoteCand), []byte("n2")); !errors.Is(err, ErrVote) {
		t.Errorf("candidate after one that failed: %v", err)
	}
	if err := l.SetUint64([]byte(keyVoteTerm), 5); err != nil {
		t.Fatal(err)
	}
	term, err := l.GetUint64([]byte(keyVoteTerm))
	cand, err2 := l.Get([]byte(keyVoteCand))
	if term != 3 || string(cand) != "n1" || err != nil || err2 != nil {
		t.Errorf("vote is %d for %q, %v, %v", term, cand, err, err2)
	}
}
