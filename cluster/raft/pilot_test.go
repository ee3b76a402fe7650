package raft_test

import (
	"sync"
	"testing"
	"time"

	"rpp-node/cluster/raft"
)

// hints is a Liveness that says what it is told.
type hints struct {
	mu   sync.Mutex
	dead map[string]time.Time
}

func (h *hints) Alive(id string) (bool, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	since, dead := h.dead[id]
	return !dead, since
}

func (h *hints) kill(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dead[id] = time.Now()
}

func withPilot(h *hints) func(*raft.Config) {
	return func(c *raft.Config) {
		c.Pilot = &raft.Pilot{Liveness: h, DeadAfter: time.Minute}
	}
}

func (c *cluster) has(l *member, id string) (member, voter bool) {
	for _, s := range l.node.Servers() {
		if s.ID == id {
			return true, s.Voter
		}
	}
	return false, false
}

func TestPilotPromotes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := &hints{dead: map[string]time.Time{}}
		c := newCluster(t, 3, withPilot(h))
		defer c.close()
		l := c.leader()
		for _, id := range []string{"d", "e"} {
			if err := l.node.AddNonvoter(short(), id, address(id)); err != nil {
				t.Fatal(err)
			}
		}
		c.join("d") // e never comes
		time.Sleep(5 * time.Second)
		if _, voter := c.has(l, "d"); voter {
			t.Error("a vote after five seconds")
		}
		time.Sleep(10 * time.Second)
		if _, voter := c.has(l, "d"); !voter {
			t.Error("no vote after fifteen seconds")
		}
		if _, voter := c.has(l, "e"); voter {
			t.Error("a vote for one that never came")
		}
	})
}

// A dead voter is removed while enough others answer, never below three voters, and not
// while it answers, whatever the hints say.
func TestPilotRemoves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := &hints{dead: map[string]time.Time{}}
		c := newCluster(t, 5, withPilot(h))
		defer c.close()
		l := c.leader()
		o := c.others(l)
		h.kill(o[0].id) // slander
		c.net.Kill(address(o[1].id))
		h.kill(o[1].id)
		time.Sleep(50 * time.Second)
		if in, _ := c.has(l, o[1].id); !in {
			t.Error("removed too early")
		}
		time.Sleep(30 * time.Second)
		if in, _ := c.has(l, o[1].id); in {
			t.Error("still a member")
		}
		if in, _ := c.has(l, o[0].id); !in {
			t.Error("removed although it answers")
		}
		for _, m := range o[2:] { // four voters: two dead is no majority without them
			c.net.Kill(address(m.id))
			h.kill(m.id)
		}
		time.Sleep(5 * time.Minute)
		if n := len(o[0].node.Servers()); n != 4 {
			t.Errorf("%d members", n)
		}
	})
	bubble(t, func(t *testing.T) {
		h := &hints{dead: map[string]time.Time{}}
		c := newCluster(t, 3, withPilot(h))
		defer c.close()
		l := c.leader()
		gone := c.others(l)[0]
		c.net.Kill(address(gone.id))
		h.kill(gone.id)
		time.Sleep(5 * time.Minute)
		if in, _ := c.has(l, gone.id); !in {
			t.Error("only two voters are left")
		}
		// A replacement makes it four, and then the dead one goes.
		if err := l.node.AddNonvoter(short(), "d", address("d")); err != nil {
			t.Fatal(err)
		}
		c.join("d")
		time.Sleep(2 * time.Minute)
		in, _ := c.has(l, gone.id)
		if _, voter := c.has(l, "d"); in || !voter {
			t.Errorf("%v", l.node.Servers())
		}
		if err := l.node.AddNonvoter(short(), "w", address("w")); err != nil {
			t.Fatal(err)
		}
		h.kill("w")
		time.Sleep(2 * time.Minute)
		if in, _ := c.has(l, "w"); in {
			t.Error("a dead non-voter is still a member")
		}
	})
}
