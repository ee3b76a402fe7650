package gossip_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rpp-node/cluster/gossip"
	"rpp-node/cluster/gossip/gossiptest"
)

// settled waits until all see all.
func (c *cluster) settled() {
	c.t.Helper()
	c.until("all see all", 10*time.Second, func() bool {
		for _, n := range c.nodes {
			if n.count(gossip.Alive) != len(c.nodes) {
				return false
			}
		}
		return true
	})
}

// everyone says whether all nodes but one see it in a state.
func (c *cluster) everyone(not *node, want gossip.Liveness) func() bool {
	return func() bool {
		for _, n := range c.nodes {
			if n != not && n.sees(not) != want {
				return false
			}
		}
		return true
	}
}

func TestLeave(t *testing.T) {
	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 5)
			defer c.close()
			c.settled()
			gone := c.nodes[4]
			start := time.Now()
			if err := gone.Leave(within(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if err := gone.Close(); err != nil {
				t.Fatal(err)
			}
			c.until("all see it left", 10*time.Second-time.Since(start), c.everyone(gone, gossip.Left))
			if up, since := c.nodes[0].Alive(gone.id); up || since.Before(start) {
				t.Errorf("alive %v since %v", up, since)
			}
			if err := gone.Join(within(time.Second), nil); !errors.Is(err, gossip.ErrClosed) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A node that dies is dead for all within ten seconds, and comes back under its name, also
// from another address.
func TestKill(t *testing.T) {
	var worst time.Duration
	for round := range 6 {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 5+round%3)
			defer c.close()
			c.settled()
			gone := c.nodes[3]
			c.net.Kill(gone.trans.Address())
			worst = max(worst, c.until("all see it dead", 10*time.Second, c.everyone(gone, gossip.Dead)))
			_ = gone.Close()
			if round%2 == 0 {
				gone.trans = c.net.Again(gone.trans)
			} else {
				gone.trans = c.net.Transport()
			}
			g, err := gossip.Open(gossip.Config{ID: gone.id, Cluster: "test", Keys: [][]byte{key(1)}, Meta: meta(99), Transport: gone.trans})
			if err != nil {
				t.Fatal(err)
			}
			gone.Gossip = g
			c.join(gone)
			c.until("all see it back", 10*time.Second, func() bool {
				for _, n := range c.nodes {
					if m, _ := n.Member(gone.id); m.Liveness != gossip.Alive || m.Meta.Weight != 99 || m.Address != gone.trans.Address() {
						return false
					}
				}
				return true
			})
		})
	}
	t.Log("slowest detection:", worst)
}

// Both sides of a partition declare the other dead, and find it again by themselves.
func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 7)
		defer c.close()
		c.settled()
		c.net.Partition(c.nodes[0].trans.Address(), c.nodes[1].trans.Address(), c.nodes[2].trans.Address())
		c.until("both sides", 30*time.Second, func() bool {
			for i, n := range c.nodes {
				want := 3
				if i > 2 {
					want = 4
				}
				if n.count(gossip.Alive) != want || n.count(gossip.Dead) != 7-want {
					return false
				}
			}
			return true
		})
		time.Sleep(10 * time.Minute) // memberlist has given up on the dead
		c.net.Heal()
		c.until("whole again", time.Minute, func() bool {
			for _, n := range c.nodes {
				if n.count(gossip.Alive) != 7 {
					return false
				}
			}
			return true
		})
	})
}

// A node that sees nobody asks its seeds again.
func TestSeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1)
		defer c.close()
		first := c.nodes[0]
		c.open(1, func(conf *gossip.Config) { conf.Seeds = []string{first.trans.Address()} })
		c.until("found", 30*time.Second, func() bool { return first.count(gossip.Alive) == 2 })
	})
}

// With a fifth of the packets lost nobody is declared dead.
func TestLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 5)
		defer c.close()
		c.settled()
		c.net.Loss(0.2)
		seconds := 300
		if testing.Short() {
			seconds = 60
		}
		for range seconds {
			time.Sleep(time.Second)
			for _, n := range c.nodes {
				if n.count(gossip.Dead) != 0 {
					t.Fatalf("%v", n.Members())
				}
			}
		}
	})
}

// One that a node cannot reach, but others can, is suspect there and alive elsewhere.
func TestSuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 5)
		defer c.close()
		c.settled()
		a, b := c.nodes[1], c.nodes[2]
		c.net.Cut(a.trans.Address(), b.trans.Address())
		c.net.Cut(b.trans.Address(), a.trans.Address())
		c.until("suspected", 30*time.Second, func() bool { return a.sees(b) == gossip.Suspect && b.sees(a) == gossip.Suspect })
		if up, _ := a.Alive(b.id); !up || c.nodes[0].sees(b) != gossip.Alive {
			t.Error("others still vouch for it")
		}
		c.net.Heal()
		c.until("answers again", 30*time.Second, func() bool { return a.sees(b) == gossip.Alive })
	})
}

func TestMetaSpreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 5)
		defer c.close()
		c.settled()
		m := meta(7)
		m.Draining, m.Load = true, 900
		if err := c.nodes[1].SetMeta(m); err != nil {
			t.Fatal(err)
		}
		m.ID = c.nodes[1].id
		c.until("all know", 5*time.Second, func() bool {
			for _, n := range c.nodes {
				if got, _ := n.Member(m.ID); got.Meta != m {
					return false
				}
			}
			return true
		})
		for range 100 { // the last of many wins, and none of them waits
			m.Load++
			if err := c.nodes[1].SetMeta(m); err != nil {
				t.Fatal(err)
			}
		}
		c.until("all know the last", 10*time.Second, func() bool {
			got, _ := c.nodes[4].Member(m.ID)
			return got.Meta == m
		})
		m.APIAddress = strings.Repeat("x", 200)
		if err := c.nodes[1].SetMeta(m); !errors.Is(err, gossip.ErrMeta) {
			t.Errorf("%v", err)
		}
	})
}

func TestStatusSpreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 5)
		defer c.close()
		c.settled()
		if err := c.nodes[0].SetStatus(make([]byte, gossip.StatusBytesMax+1)); !errors.Is(err, gossip.ErrStatus) {
			t.Errorf("%v", err)
		}
		for i, n := range c.nodes {
			if err := n.SetStatus([]byte(fmt.Sprint("status ", i))); err != nil {
				t.Fatal(err)
			}
		}
		know := func(i int, want string) func() bool {
			return func() bool {
				for _, n := range c.nodes {
					s, ok := n.Status(c.nodes[i].id)
					if !ok || string(s.Payload) != want || s.Stale {
						return false
					}
				}
				return true
			}
		}
		var worst time.Duration
		for i := range c.nodes {
			worst = max(worst, c.until("status", 40*time.Second, know(i, fmt.Sprint("status ", i))))
		}
		t.Log("all statuses everywhere after", worst)
		large := strings.Repeat("y", gossip.StatusBytesMax)
		if err := c.nodes[2].SetStatus([]byte(large)); err != nil {
			t.Fatal(err)
		}
		c.until("a large one", 40*time.Second, know(2, large))
		// What a node says after a restart counts, whatever it said before.
		gone := c.nodes[3]
		_ = gone.Close()
		gone.trans = c.net.Again(gone.trans)
		g, err := gossip.Open(gossip.Config{ID: gone.id, Cluster: "test", Keys: [][]byte{key(1)}, Meta: meta(3), Transport: gone.trans})
		if err != nil {
			t.Fatal(err)
		}
		gone.Gossip = g
		if err := g.SetStatus([]byte("reborn")); err != nil {
			t.Fatal(err)
		}
		c.join(gone)
		c.until("the new one", 40*time.Second, know(3, "reborn"))
		time.Sleep(2 * time.Minute)
		if s, ok := c.nodes[0].Status(gone.id); !ok || !s.Stale {
			t.Errorf("two minutes old: %+v", s)
		}
	})
}

// Events name each member that changed, and a receiver that sleeps gets each once.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 5)
		c.settled()
		seen := map[gossip.ID]int{}
		drain := func() {
			clear(seen)
			for {
				select {
				case m, ok := <-c.nodes[0].Events():
					if !ok {
						return
					}
					seen[m.Meta.ID]++
				case <-time.After(time.Second):
					return
				}
			}
		}
		drain()
		if len(seen) != 5 {
			t.Errorf("%d members", len(seen))
		}
		for i := range 20 {
			_ = c.nodes[1].SetMeta(meta(100 + i))
			time.Sleep(time.Second)
		}
		drain()
		if k := seen[c.nodes[1].id]; k < 1 || k > 2 || len(seen) != 1 {
			t.Errorf("%v", seen)
		}
		c.close()
		for range c.nodes[0].Events() { // closed
		}
	})
}

func TestOpenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := gossiptest.New(1)
		for name, change := range map[string]func(*gossip.Config){
			"no cluster":      func(c *gossip.Config) { c.Cluster = "" },
			"a long cluster":  func(c *gossip.Config) { c.Cluster = strings.Repeat("x", gossip.NameBytesMax+1) },
			"a long name":     func(c *gossip.Config) { c.Name = strings.Repeat("x", gossip.NameBytesMax+1) },
			"no key":          func(c *gossip.Config) { c.Keys = nil },
			"a short key":     func(c *gossip.Config) { c.Keys = [][]byte{key(1)[:16]} },
			"three keys":      func(c *gossip.Config) { c.Keys = [][]byte{key(1), key(2), key(3)} },
			"no transport":    func(c *gossip.Config) { c.Transport = nil },
			"a bad address":   func(c *gossip.Config) { c.Transport, c.Bind = nil, "127.0.0.1" },
			"a bad advertise": func(c *gossip.Config) { c.Advertise = "127.0.0.1:x" },
			"no role":         func(c *gossip.Config) { c.Meta.Role = 0 },
			"not itself":      func(c *gossip.Config) { c.CIDRsAllowed = []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")} },
			"slow probes":     func(c *gossip.Config) { c.ProbeTimeout = time.Minute },
		} {
			c := gossip.Config{ID: id(1), Cluster: "test", Keys: [][]byte{key(1)}, Meta: meta(1), Transport: net.Transport()}
			change(&c)
			if g, err := gossip.Open(c); err == nil {
				t.Errorf("%s: accepted", name)
				_ = g.Close()
			}
		}
	})
}

func TestNoSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1)
		defer c.close()
		if err := c.nodes[0].Join(within(time.Minute), []string{"10.9.9.9:1"}); !errors.Is(err, gossip.ErrNoSeed) {
			t.Errorf("%v", err)
		}
		if err := c.nodes[0].Join(within(time.Second), []string{"10.9.9.9:1"}); !errors.Is(err, gossip.ErrNoSeed) {
			t.Errorf("given up: %v", err)
		}
	})
}
