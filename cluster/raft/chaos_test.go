package raft_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"rpp-node/cluster/raft"
)

var (
	seeds = flag.Uint64("seeds", 8, "how many seeds TestChaos runs")
	seed  = flag.Uint64("seed", 1, "the first of them")
)

// Clients write while a network that delays and loses is cut in all ways, and members crash
// and come back. Whatever was acknowledged is there in the end, on every member, in the
// order in which it was acknowledged, and nothing that was certainly refused is.
func TestChaos(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = 2
	}
	for s := *seed; s < *seed+n; s++ {
		bubble(t, func(t *testing.T) {
			acked, crashes := chaos(t, s)
			if t.Failed() {
				t.Logf("repeat with -run TestChaos -seeds 1 -seed %d", s)
			} else {
				t.Logf("seed %d: %d acknowledged, %d crashes", s, acked, crashes)
			}
		})
	}
}

func chaos(t *testing.T, seed uint64) (acked, crashes int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	c := newCluster(t, 3, func(c *raft.Config) {
		c.TrailingLogs, c.SnapshotThreshold, c.SnapshotInterval = 20, 50, time.Second
	})
	defer c.close()
	c.net.Delay(time.Millisecond, time.Duration(1+rng.IntN(20))*time.Millisecond)
	c.net.Loss(rng.Float64() * 0.1)

	type client struct{ acked, refused []string }
	const clients = 3
	stop, done := make(chan struct{}), make(chan client)
	nodes := make([]chan *raft.Node, 3) // each holds the open node, or nothing while it is down
	for i, m := range c.members {
		nodes[i] = make(chan *raft.Node, 1)
		nodes[i] <- m.node
	}
	for k := range clients {
		rng := rand.New(rand.NewPCG(seed, uint64(100+k)))
		go func() {
			var cl client
			for i := 0; ; i++ {
				select {
				case <-stop:
					done <- cl
					return
				case <-time.After(time.Duration(rng.IntN(20)) * time.Millisecond):
				}
				at := nodes[rng.IntN(3)]
				var node *raft.Node
				select {
				case node = <-at:
					at <- node
				default:
					continue
				}
				name := fmt.Sprintf("%d-%d", k, i)
				_, _, err := node.Apply(within(time.Second), []byte(name))
				switch {
				case err == nil:
					cl.acked = append(cl.acked, name)
				case !errors.Is(err, raft.ErrUncertain):
					cl.refused = append(cl.refused, name)
				}
			}
		}()
	}
	for range 40 {
		time.Sleep(time.Duration(rng.IntN(1500)) * time.Millisecond)
		i := rng.IntN(3)
		m := c.members[i]
		switch rng.IntN(6) {
		case 0:
			c.net.Isolate(address(m.id))
		case 1:
			c.net.Cut(address(m.id), address(c.members[(i+1)%3].id))
		case 2: // a crash: it stops answering before it stops
			node := <-nodes[i]
			c.net.Kill(address(m.id))
			_ = node.Close()
			crashes++
			time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
			c.open(m, nil)
			nodes[i] <- m.node
		default:
			c.net.Heal()
		}
	}
	close(stop)
	c.net.Heal()
	c.net.Loss(0)
	var all []client
	for range clients {
		all = append(all, <-done)
	}
	c.apply(c.leader(), "end")
	entries := c.agree()
	where := map[string]int{}
	for i, e := range entries {
		if _, twice := where[e]; twice {
			t.Errorf("%s is there twice", e)
		}
		where[e] = i
	}
	for _, cl := range all {
		last := -1
		for _, e := range cl.acked {
			at, ok := where[e]
			if !ok || at < last {
				t.Errorf("%s was acknowledged: there %v, at %d after %d", e, ok, at, last)
			}
			last = at
		}
		for _, e := range cl.refused {
			if _, ok := where[e]; ok {
				t.Errorf("%s was refused", e)
			}
		}
		acked += len(cl.acked)
	}
	for _, e := range entries { // nothing that nobody sent
		k, i, _ := strings.Cut(e, "-")
		if _, err := strconv.Atoi(k + i); err != nil && e != "end" {
			t.Errorf("entry %q", e)
		}
	}
	if acked == 0 {
		t.Error("nothing was acknowledged")
	}
	return acked, crashes
}
