package gossip_test

import (
	"context"
	"encoding/hex"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/gossip"
	"rpp-node/cluster/gossip/gossiptest"
)

func id(i int) gossip.ID { return gossip.ID(blake3.Sum256([]byte{byte(i), byte(i >> 8)})) }

func key(b byte) []byte { return slices.Repeat([]byte{b}, gossip.KeyBytes) }

func meta(i int) gossip.Meta {
	return gossip.Meta{
		Role: gossip.Worker, Command: 1, Devices: 1, BestDevice: gossip.AVX2, Threads: 2,
		APIAddress: "node:1", Build: "v0.1", Weight: uint32(i),
	}
}

// node is a member of a test cluster.
type node struct {
	*gossip.Gossip
	id    gossip.ID
	trans *gossiptest.Transport
}

type cluster struct {
	t     *testing.T
	net   *gossiptest.Network
	nodes []*node
}

// newCluster opens n nodes; all but the first join the first.
func newCluster(t *testing.T, n int) *cluster {
	c := &cluster{t: t, net: gossiptest.New(1)}
	c.net.Delay(time.Millisecond, 5*time.Millisecond)
	for i := range n {
		g := c.open(i, func(*gossip.Config) {})
		if i > 0 {
			c.join(g)
		}
	}
	return c
}

func (c *cluster) open(i int, change func(*gossip.Config)) *node {
	c.t.Helper()
	n := &node{id: id(i), trans: c.net.Transport()}
	conf := gossip.Config{ID: n.id, Cluster: "test", Keys: [][]byte{key(1)}, Meta: meta(i), Transport: n.trans}
	change(&conf)
	g, err := gossip.Open(conf)
	if err != nil {
		c.t.Fatal(err)
	}
	n.Gossip = g
	c.nodes = append(c.nodes, n)
	return n
}

func (c *cluster) join(n *node) {
	c.t.Helper()
	if err := n.Join(within(10*time.Second), []string{c.nodes[0].trans.Address()}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) close() {
	for _, n := range c.nodes {
		if err := n.Close(); err != nil {
			c.t.Error(err)
		}
	}
}

// until waits for a condition and returns how long it took; it fails after the limit.
func (c *cluster) until(what string, limit time.Duration, f func() bool) time.Duration {
	c.t.Helper()
	start := time.Now()
	for !f() {
		if time.Since(start) > limit {
			c.t.Fatalf("%s: not within %v", what, limit)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(start)
}

// count is how many members a node sees in a state.
func (n *node) count(l gossip.Liveness) int {
	k := 0
	for _, m := range n.Members() {
		if m.Liveness == l {
			k++
		}
	}
	return k
}

func (n *node) sees(other *node) gossip.Liveness {
	m, _ := n.Member(other.id)
	return m.Liveness
}

func within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	context.AfterFunc(ctx, cancel)
	return ctx
}

func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 5)
		defer c.close()
		took := c.until("all see all", 10*time.Second, func() bool {
			for _, n := range c.nodes {
				if n.count(gossip.Alive) != 5 {
					return false
				}
			}
			return true
		})
		t.Log("visible after", took)
		for _, n := range c.nodes {
			for i, other := range c.nodes {
				m, ok := n.Member(other.id)
				if !ok || m.MetaErr != nil || m.Meta.Weight != uint32(i) || m.Address != other.trans.Address() || m.Name != hex.EncodeToString(other.id[:]) {
					t.Errorf("%+v", m)
				}
				if up, since := n.Alive(other.id); !up || since.IsZero() {
					t.Errorf("alive %v since %v", up, since)
				}
			}
		}
		time.Sleep(time.Minute)
		for _, n := range c.nodes {
			if n.count(gossip.Alive) != 5 {
				t.Errorf("%v", n.Members())
			}
		}
	})
}
