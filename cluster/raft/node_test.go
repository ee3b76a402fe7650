package raft_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rpp-node/cluster/raft"
)

func TestSingle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 1, nil)
		defer c.close()
		l := c.leader()
		index, result, err := l.node.Apply(short(), []byte("one"))
		if err != nil || result != 1 {
			t.Fatalf("result %v, %v", result, err)
		}
		if err := l.node.WaitApplied(short(), index); err != nil {
			t.Error(err)
		}
		if l.node.AppliedIndex() != index || l.node.CommitIndex() != index || l.node.LastIndex() != index {
			t.Errorf("applied %d, committed %d, last %d, want %d", l.node.AppliedIndex(), l.node.CommitIndex(), l.node.LastIndex(), index)
		}
		if id, a := l.node.Leader(); id != "a" || a != address("a") {
			t.Errorf("leader %q at %q", id, a)
		}
		if l.machine.voterIDs() != "a" {
			t.Errorf("voters %q", l.machine.voterIDs())
		}
	})
}

func TestThree(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		l := c.leader()
		var want []string
		for i := range 50 {
			want = append(want, numbered("e", i))
			c.apply(l, want[i])
		}
		if got := c.agree(); !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
		for _, m := range c.others(l) {
			_, _, err := m.node.Apply(short(), []byte("x"))
			var nl *raft.NotLeaderError
			if !errors.Is(err, raft.ErrNotLeader) || !errors.As(err, &nl) || nl.ID != l.id || nl.Address != address(l.id) {
				t.Errorf("%s: %v", m.id, err)
			}
			if err := m.node.WaitApplied(short(), l.node.CommitIndex()); err != nil {
				t.Error(err)
			}
			if d, ok := m.node.Contact(); !ok || d > time.Second {
				t.Errorf("contact %v, %v", d, ok)
			}
		}
	})
}
