package raft_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/raft"
)

func TestAddVoter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 1, nil)
		defer c.close()
		l := c.leader()
		c.apply(l, "one")

		// One that cannot be reached would stop a cluster of one for good.
		if err := l.node.AddVoter(within(time.Second), "b", address("b")); !errors.Is(err, raft.ErrNotCaughtUp) || !fault.Is(err, fault.CodeUnreachable) {
			t.Errorf("%v", err)
		}
		c.apply(l, "two")
		if s := l.node.Servers(); len(s) != 2 || s[1].Voter {
			t.Errorf("%v", s)
		}

		b := c.join("b")
		if err := l.node.AddVoter(short(), "b", address("b")); err != nil {
			t.Fatal(err)
		}
		if err := l.node.AddVoter(short(), "b", address("b")); err != nil {
			t.Errorf("again: %v", err)
		}
		c.join("c")
		if err := l.node.AddVoter(short(), "c", address("c")); err != nil {
			t.Fatal(err)
		}
		c.apply(l, "three")
		if got := c.agree(); !slices.Equal(got, []string{"one", "two", "three"}) {
			t.Errorf("%v", got)
		}
		for _, m := range c.members {
			if m.machine.voterIDs() != "a,b,c" {
				t.Errorf("%s knows the voters %q", m.id, m.machine.voterIDs())
			}
		}
		if err := b.node.AddVoter(short(), "d", address("d")); !errors.Is(err, raft.ErrNotLeader) {
			t.Errorf("by a follower: %v", err)
		}
	})
}

// A change is refused if it would leave no majority that answers.
func TestLastVoter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		l := c.leader()
		o := c.others(l)
		if err := l.node.Remove(short(), "z"); !errors.Is(err, raft.ErrNoServer) {
			t.Errorf("nobody: %v", err)
		}
		c.net.Kill(address(o[0].id))
		time.Sleep(time.Second)
		for _, f := range []func() error{
			func() error { return l.node.Remove(short(), o[1].id) },
			func() error { return l.node.Demote(short(), o[1].id) },
			func() error { return l.node.Demote(short(), l.id) },
		} {
			if err := f(); !errors.Is(err, raft.ErrLastVoter) || !fault.Is(err, fault.CodeLastVoter) {
				t.Errorf("%v", err)
			}
		}
		c.apply(l, "still there")
		if err := l.node.Remove(short(), o[0].id); err != nil { // the dead one may go
			t.Fatal(err)
		}
		if err := l.node.Demote(short(), o[1].id); err != nil { // two that answer: one may go
			t.Fatal(err)
		}
		if err := l.node.Demote(short(), l.id); !errors.Is(err, raft.ErrLastVoter) {
			t.Errorf("the last: %v", err)
		}
		if err := l.node.AddVoter(short(), o[1].id, address(o[1].id)); err != nil {
			t.Fatal(err)
		}
		if l.machine.voterIDs() != min(l.id, o[1].id)+","+max(l.id, o[1].id) {
			t.Errorf("voters %q", l.machine.voterIDs())
		}
	})
}

// A leader may remove itself; the others go on.
func TestRemoveLeader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		l := c.leader()
		if err := l.node.Remove(short(), l.id); err != nil {
			t.Fatal(err)
		}
		l2 := c.leader(c.others(l)...)
		c.apply(l2, "on")
		time.Sleep(3 * time.Second)
		if l.node.State() != raft.Follower || len(l2.node.Servers()) != 2 {
			t.Errorf("%s; %v", l.node.State(), l2.node.Servers())
		}
	})
}

// A member that lost its store joins again without a vote, catches up by a snapshot and gets
// its vote back.
func TestWiped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, func(c *raft.Config) { c.TrailingLogs = 5 })
		defer c.close()
		l := c.leader()
		var want []string
		for i := range 200 {
			want = append(want, numbered("e", i))
			c.apply(l, want[i])
		}
		index, size, err := l.node.Snapshot(short())
		if err != nil || index == 0 || size == 0 {
			t.Fatalf("snapshot of %d bytes at %d: %v", size, index, err)
		}
		m := c.others(l)[0]
		c.net.Kill(address(m.id))
		_ = m.node.Close()
		*m = *newMember(m.id)
		if err := l.node.Remove(short(), m.id); err != nil {
			t.Fatal(err)
		}
		c.open(m, nil)
		if err := l.node.AddVoter(short(), m.id, address(m.id)); err != nil {
			t.Fatal(err)
		}
		want = append(want, "last")
		last := c.apply(l, "last")
		if err := m.node.WaitApplied(short(), last); err != nil {
			t.Fatal(err)
		}
		if got := m.machine.all(); !slices.Equal(got, want) {
			t.Errorf("%d entries, want %d", len(got), len(want))
		}
		if m.machine.voterIDs() != "a,b,c" || m.node.AppliedIndex() != last {
			t.Errorf("voters %q, applied %d of %d", m.machine.voterIDs(), m.node.AppliedIndex(), last)
		}
		if list, _ := m.snapshots.List(); len(list) == 0 {
			t.Error("it got no snapshot")
		}
	})
}

// Restarted from a snapshot and a log, a member is what it was.
func TestRestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, func(c *raft.Config) { c.TrailingLogs, c.SnapshotThreshold, c.SnapshotInterval = 5, 20, time.Second })
		defer c.close()
		var want []string
		for round := range 5 {
			l := c.leader()
			for i := range 30 {
				want = append(want, numbered("e", 100*round+i))
				c.apply(l, want[len(want)-1])
			}
			time.Sleep(3 * time.Second) // a snapshot
			m := c.members[round%3]
			_ = m.node.Close()
			c.open(m, nil)
			if err := m.node.WaitApplied(short(), c.leader().node.CommitIndex()); err != nil {
				t.Fatal(err)
			}
			if got := m.machine.all(); !slices.Equal(got, want) {
				t.Fatalf("round %d: %d entries, want %d", round, len(got), len(want))
			}
		}
		// A second Bootstrap of a member that has state changes nothing.
		m := c.members[0]
		_ = m.node.Close()
		c.open(m, []raft.Server{{ID: "a", Address: address("a"), Voter: true}})
		if len(m.node.Servers()) != 3 {
			t.Errorf("%v", m.node.Servers())
		}
	})
}

// WaitApplied ends although the last entries say nothing to a Machine.
func TestWaitApplied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		l := c.leader()
		c.apply(l, "one")
		for range 3 {
			if err := l.node.Barrier(short()); err != nil {
				t.Fatal(err)
			}
		}
		index := l.node.CommitIndex()
		if index != l.node.LastIndex() || l.node.AppliedIndex() >= index {
			t.Fatalf("commit %d, last %d, applied %d", index, l.node.LastIndex(), l.node.AppliedIndex())
		}
		for _, m := range c.members {
			if err := m.node.WaitApplied(short(), index); err != nil {
				t.Errorf("%s: %v", m.id, err)
			}
			if got := m.machine.all(); len(got) != 1 {
				t.Errorf("%s: %v", m.id, got)
			}
			if err := m.node.WaitApplied(within(time.Second), index+1); err == nil {
				t.Errorf("%s: waited for what does not exist", m.id)
			}
		}
	})
}

// What is read behind a ReadBarrier is never older than what was acknowledged, whoever
// answers: with leaders cut off all the time, old ones refuse.
func TestReadBarrier(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		acked, reads := 0, 0
		for i := range 150 {
			if i%15 == 7 {
				c.net.Isolate(address(c.leader().id))
			}
			if i%15 == 14 {
				c.net.Heal()
			}
			for _, m := range c.members {
				if _, n, err := m.node.Apply(within(500*time.Millisecond), []byte("x")); err == nil {
					acked = n.(int)
				}
				before := acked
				if err := m.node.ReadBarrier(within(500 * time.Millisecond)); err == nil {
					reads++
					if got := len(m.machine.all()); got < before {
						t.Errorf("read %d entries after %d were acknowledged", got, before)
					}
				}
			}
			time.Sleep(150 * time.Millisecond)
		}
		if acked < 50 || reads < 50 {
			t.Errorf("%d acknowledged, %d reads", acked, reads)
		}
	})
}
