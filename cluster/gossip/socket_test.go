package gossip_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rpp-node/cluster/gossip"
)

// Over real sockets, and nothing is left behind.
func TestSockets(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := &cluster{t: t}
	for i := range 3 {
		g, err := gossip.Open(gossip.Config{
			ID: id(i), Cluster: "test", Keys: [][]byte{key(1)}, Meta: meta(i), Bind: "127.0.0.1:0",
			CIDRsAllowed:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
			ProbeInterval: 100 * time.Millisecond, ProbeTimeout: 50 * time.Millisecond, PushPullInterval: 200 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.nodes = append(c.nodes, &node{Gossip: g, id: id(i)})
	}
	defer c.close()
	for _, n := range c.nodes[1:] {
		if err := n.Join(within(5*time.Second), []string{c.nodes[0].Address()}); err != nil {
			t.Fatal(err)
		}
	}
	c.settled()
	if err := c.nodes[2].SetStatus([]byte("over a socket")); err != nil {
		t.Fatal(err)
	}
	c.until("a status", 10*time.Second, func() bool {
		s, _ := c.nodes[0].Status(id(2))
		return string(s.Payload) == "over a socket"
	})
	if err := c.nodes[2].Leave(within(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c.until("all see it left", 5*time.Second, c.everyone(c.nodes[2], gossip.Left))
}

// Addresses outside the allowed ranges are no members.
func TestCIDRs(t *testing.T) {
	c := &cluster{t: t}
	for i, allowed := range []string{"127.0.0.1/32", "127.0.0.0/8"} {
		g, err := gossip.Open(gossip.Config{
			ID: id(i), Cluster: "test", Keys: [][]byte{key(1)}, Meta: meta(i), Bind: fmt.Sprintf("127.0.0.%d:0", 1+i),
			CIDRsAllowed:  []netip.Prefix{netip.MustParsePrefix(allowed)},
			ProbeInterval: 100 * time.Millisecond, ProbeTimeout: 50 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.nodes = append(c.nodes, &node{Gossip: g, id: id(i)})
	}
	defer c.close()
	_ = c.nodes[1].Join(within(5*time.Second), []string{c.nodes[0].Address()})
	time.Sleep(300 * time.Millisecond)
	if up, _ := c.nodes[0].Alive(id(1)); up {
		t.Error("an address that is not allowed is a member")
	}
}
