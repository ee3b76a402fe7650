package raft_test

import (
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	hraft "github.com/hashicorp/raft"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/raft"
)

var errDisk = errors.New("the disk is gone")

// faulty is a store whose methods fail on demand.
type faulty struct {
	*hraft.InmemStore
	hraft.SnapshotStore
	broken atomic.Pointer[string]              // this operation fails with errDisk
	fail   func(op string, index uint64) error // set while no member runs
	moved  uint64                              // this entry is answered by the next one
}

func (f *faulty) check(op string, index uint64) error {
	if b := f.broken.Load(); b != nil && *b == op {
		return errDisk
	}
	if f.fail == nil {
		return nil
	}
	return f.fail(op, index)
}

func (f *faulty) FirstIndex() (uint64, error) {
	if err := f.check("first", 0); err != nil {
		return 0, err
	}
	return f.InmemStore.FirstIndex()
}

func (f *faulty) LastIndex() (uint64, error) {
	if err := f.check("last", 0); err != nil {
		return 0, err
	}
	return f.InmemStore.LastIndex()
}

func (f *faulty) GetLog(index uint64, l *hraft.Log) error {
	if err := f.check("getlog", index); err != nil {
		return err
	}
	if index == f.moved && index != 0 {
		index++
	}
	return f.InmemStore.GetLog(index, l)
}

func (f *faulty) StoreLogs(logs []*hraft.Log) error {
	if err := f.check("storelogs", logs[0].Index); err != nil {
		return err
	}
	return f.InmemStore.StoreLogs(logs)
}

func (f *faulty) DeleteRange(a, b uint64) error {
	if err := f.check("delete", a); err != nil {
		return err
	}
	return f.InmemStore.DeleteRange(a, b)
}

func (f *faulty) Set(k, v []byte) error {
	if err := f.check("set", 0); err != nil {
		return err
	}
	return f.InmemStore.Set(k, v)
}

func (f *faulty) Get(k []byte) ([]byte, error) {
	if err := f.check("get", 0); err != nil {
		return nil, err
	}
	return f.InmemStore.Get(k)
}

func (f *faulty) SetUint64(k []byte, v uint64) error {
	if err := f.check("set64", 0); err != nil {
		return err
	}
	return f.InmemStore.SetUint64(k, v)
}

func (f *faulty) GetUint64(k []byte) (uint64, error) {
	if err := f.check("get64", 0); err != nil {
		return 0, err
	}
	return f.InmemStore.GetUint64(k)
}

func (f *faulty) List() ([]*hraft.SnapshotMeta, error) {
	if err := f.check("list", 0); err != nil {
		return nil, err
	}
	return f.SnapshotStore.List()
}

func (f *faulty) Open(id string) (*hraft.SnapshotMeta, io.ReadCloser, error) {
	if err := f.check("open", 0); err != nil {
		return nil, nil, err
	}
	return f.SnapshotStore.Open(id)
}

// withFaults gives member a of a cluster a store that fails on demand.
func withFaults(f *faulty) func(*raft.Config) {
	return func(c *raft.Config) {
		c.IsCorrupt = func(err error) bool { return errors.Is(err, errRot) }
		if c.ID == "a" {
			f.InmemStore, f.SnapshotStore = c.Logs.(*hraft.InmemStore), c.Snapshots
			c.Logs, c.Stable, c.Snapshots = f, f, f
		}
	}
}

var errRot = errors.New("a bit has flipped")

// lead makes a member the leader.
func (c *cluster) lead(m *member) {
	c.t.Helper()
	if l := c.leader(); l != m {
		if err := l.node.TransferLeadership(short(), m.id); err != nil {
			c.t.Fatal(err)
		}
	}
	if l := c.leader(); l != m {
		c.t.Fatalf("%s leads instead of %s", l.id, m.id)
	}
}

// Whatever operation of a store fails, and whatever its member was doing: that member stops,
// says so once, closes, and the others go on without it. Nothing panics, nobody hangs.
func TestStoreFaults(t *testing.T) {
	propose := func(c *cluster) {
		for _, m := range c.members {
			_, _, _ = m.node.Apply(short(), []byte("x"))
		}
	}
	elect := func(to string) func(*cluster) {
		return func(c *cluster) {
			for range 10 {
				_ = c.leader().node.TransferLeadership(short(), to)
				time.Sleep(100 * time.Millisecond)
				if c.members[0].node.Fault() != nil {
					return
				}
				_ = c.leader().node.TransferLeadership(short(), "b")
			}
		}
	}
	// lag makes b miss so much that only what a has stored can help.
	lag := func(c *cluster) {
		c.net.Isolate(address("b"))
		for i := range 600 { // more than the cache holds
			c.apply(c.members[0], numbered("e", i))
		}
	}
	for _, s := range []struct {
		name, op string
		leads    string         // who, when it happens
		prepare  func(*cluster) // before the store breaks
		provoke  func(*cluster)
	}{
		{"a follower appends", "storelogs", "b", nil, propose},
		{"a leader appends", "storelogs", "a", nil, propose},
		{"a voter looks up its last vote", "get64", "b", nil, elect("c")},
		{"a voter looks up its last candidate", "get", "b", nil, elect("c")},
		{"a voter writes a term", "set64", "b", nil, elect("c")},
		{"a voter writes a candidate", "set", "b", nil, elect("c")},
		{"a candidate writes its term", "set64", "b", nil, elect("a")},
		{"a candidate writes its vote", "set", "b", nil, elect("a")},
		{"a follower applies what it stored", "getlog", "b", func(c *cluster) {
			a := c.members[0]
			_ = a.node.Close()
			c.net.Isolate(address("a"))
			c.open(a, nil)
		}, func(c *cluster) { c.net.Heal() }},
		{"a leader sends what it stored", "getlog", "a", lag, func(c *cluster) { c.net.Heal() }},
		{"a member compacts", "delete", "b", nil, func(c *cluster) { _, _, _ = c.members[0].node.Snapshot(short()) }},
		{"a leader looks for a snapshot", "list", "a", func(c *cluster) {
			lag(c)
			_, _, _ = c.members[0].node.Snapshot(short())
		}, func(c *cluster) { c.net.Heal() }},
		{"a leader sends a snapshot", "open", "a", func(c *cluster) {
			lag(c)
			_, _, _ = c.members[0].node.Snapshot(short())
		}, func(c *cluster) { c.net.Heal() }},
	} {
		bubble(t, func(t *testing.T) {
			var f faulty
			c := newCluster(t, 3, func(c *raft.Config) {
				c.TrailingLogs = 1
				withFaults(&f)(c)
			})
			defer c.close()
			a := c.members[0]
			for i := range 10 {
				c.apply(c.leader(), numbered("before", i))
			}
			c.agree()
			c.lead(c.members[s.leads[0]-'a'])
			if s.prepare != nil {
				s.prepare(c)
			}
			f.broken.Store(&s.op)
			s.provoke(c)
			select {
			case err := <-a.faults:
				if !errors.Is(err, errDisk) || errors.Is(err, raft.ErrCorrupt) {
					t.Errorf("%s: %v", s.name, err)
				}
			case <-time.After(30 * time.Second):
				t.Errorf("%s: no fault was reported", s.name)
				return
			}
			if a.node.State() != raft.Faulted || !errors.Is(a.node.Fault(), errDisk) {
				t.Errorf("%s: %s, %v", s.name, a.node.State(), a.node.Fault())
			}
			if _, _, err := a.node.Apply(short(), []byte("x")); !errors.Is(err, raft.ErrFaulted) || !errors.Is(err, errDisk) || errors.Is(err, raft.ErrUncertain) {
				t.Errorf("%s: %v", s.name, err)
			}
			if id, _ := a.node.Leader(); id == "a" {
				t.Errorf("%s: it names itself the leader", s.name)
			}
			n := len(a.machine.all())
			if err := a.node.Close(); err != nil {
				t.Error(err)
			}
			c.net.Heal()
			c.apply(c.leader(c.members[1:]...), "after")
			if len(a.machine.all()) != n {
				t.Errorf("%s: its machine went on", s.name)
			}
			select {
			case err := <-a.faults:
				t.Errorf("%s: told twice: %v", s.name, err)
			default:
			}
			// With the disk back it joins again, since nothing was damaged.
			f.broken.Store(nil)
			c.open(a, nil)
			c.agree()
		})
	}
}

// A command that a member cannot execute stops it before anything else reaches its Machine.
func TestHalt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		l := c.leader()
		c.apply(l, "one")
		c.agree()
		m := c.others(l)[0]
		m.machine.mu.Lock()
		m.machine.halt = true
		m.machine.mu.Unlock()
		c.apply(l, "two")
		c.apply(l, "three")
		if err := <-m.faults; err == nil {
			t.Error("no reason")
		}
		if got := m.machine.all(); len(got) != 1 || m.node.State() != raft.Faulted {
			t.Errorf("%v, %s", got, m.node.State())
		}
		if _, _, err := m.node.Snapshot(short()); !errors.Is(err, raft.ErrFaulted) {
			t.Errorf("snapshot: %v", err)
		}
		if err := m.node.WaitApplied(short(), l.node.CommitIndex()); !errors.Is(err, raft.ErrFaulted) {
			t.Errorf("wait: %v", err)
		}
		l.machine.mu.Lock()
		l.machine.halt = true
		l.machine.mu.Unlock()
		if _, _, err := l.node.Apply(short(), []byte("four")); !errors.Is(err, raft.ErrFaulted) || !errors.Is(err, raft.ErrUncertain) {
			t.Errorf("on the leader: %v", err)
		}
	})
}

// A store that is damaged when a member starts keeps it from starting, whatever the damage.
func TestOpenDamaged(t *testing.T) {
	for _, c := range []struct {
		name    string
		corrupt bool
		damage  func(f *faulty)
	}{
		{"an entry rots", true, func(f *faulty) {
			f.fail = func(op string, i uint64) error { return errorIf(errRot, op == "getlog" && i == 30) }
		}},
		{"an entry is gone", true, func(f *faulty) {
			f.fail = func(op string, i uint64) error { return errorIf(hraft.ErrLogNotFound, op == "getlog" && i == 30) }
		}},
		{"the term rots", true, func(f *faulty) {
			f.fail = func(op string, _ uint64) error { return errorIf(errRot, op == "get64") }
		}},
		{"the newest snapshot rots", true, func(f *faulty) {
			f.fail = func(op string, _ uint64) error { return errorIf(errRot, op == "open") }
		}},
		{"the disk fails", false, func(f *faulty) {
			f.fail = func(op string, _ uint64) error { return errorIf(errDisk, op == "last") }
		}},
		{"an entry is another", true, func(f *faulty) { f.moved = 30 }},
		{"the snapshot is gone", true, func(f *faulty) { f.SnapshotStore = hraft.NewInmemSnapshotStore() }},
	} {
		bubble(t, func(t *testing.T) {
			var f faulty
			cl := newCluster(t, 1, func(c *raft.Config) {
				c.TrailingLogs = 1
				withFaults(&f)(c)
			})
			defer cl.close()
			a := cl.leader()
			for i := range 20 {
				cl.apply(a, numbered("e", i))
			}
			if _, _, err := a.node.Snapshot(short()); err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				cl.apply(a, numbered("f", i))
			}
			_ = a.node.Close()
			a.node = nil
			conf := cl.config(a, nil)
			c.damage(&f)
			conf.Logs, conf.Stable, conf.Snapshots = &f, &f, &f
			_, err := raft.Open(conf)
			var open *raft.OpenError
			if !errors.As(err, &open) || open.Corrupt != c.corrupt || errors.Is(err, raft.ErrCorrupt) != c.corrupt {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
}

func errorIf(err error, when bool) error {
	if when {
		return err
	}
	return nil
}

// A Machine that cannot read a snapshot which a leader sends stops its member.
func TestRestoreFault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, func(c *raft.Config) { c.TrailingLogs = 1 })
		defer c.close()
		l := c.leader()
		m := c.others(l)[0]
		c.net.Isolate(address(m.id))
		for i := range 50 {
			c.apply(l, numbered("e", i))
		}
		if _, _, err := l.node.Snapshot(short()); err != nil {
			t.Fatal(err)
		}
		m.machine.mu.Lock()
		m.machine.broken = errors.New("a state of another version")
		m.machine.mu.Unlock()
		c.net.Heal()
		select {
		case err := <-m.faults:
			if fault.Of(err) == nil || errors.Is(err, raft.ErrCorrupt) {
				t.Errorf("%v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no fault")
		}
		c.apply(l, "on")
		_ = m.node.Close()
		m.node = nil
		conf := c.config(m, nil)
		m.machine.broken = errors.New("a state of another version")
		var open *raft.OpenError
		if _, err := raft.Open(conf); !errors.As(err, &open) || open.Corrupt {
			t.Errorf("%v", err)
		}
	})
}
