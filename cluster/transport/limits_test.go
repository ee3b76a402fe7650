package transport

import (
	"net"
	"testing"

	"rpp-node/cluster/identity"
)

// from is a connection of that address and identity that is never read.
func from(host string, id identity.Identity) *conn {
	a, _ := net.Pipe()
	return &conn{Conn: a, host: host, identity: id}
}

func person(n byte) identity.Identity {
	return identity.Identity{ID: identity.NodeID{n}, Role: identity.Worker}
}

func TestOldestHandshakeMakesWay(t *testing.T) {
	h := newHandshakes(4, 2)
	var list []*conn
	add := func(host string) (shed int) {
		c := from(host, identity.Identity{})
		list = append(list, c)
		old, ok := h.add(c)
		if !ok {
			t.Fatal("refused")
		}
		for i, c := range list {
			if c == old {
				return i
			}
		}
		return -1
	}
	for i, step := range []struct {
		host string
		shed int
	}{
		{"a", -1}, {"b", -1}, {"a", -1},
		{"a", 0},  // a has two: its own oldest goes, not b's
		{"c", -1}, // four in all
		{"d", 1},  // b's is the oldest of all
		{"a", 2},
	} {
		if got := add(step.host); got != step.shed {
			t.Errorf("step %d: connection %d made way, want %d", i, got, step.shed)
		}
	}
	if h.count() != 4 {
		t.Errorf("%d under way, want 4", h.count())
	}
	if h.remove(list[0]) {
		t.Error("a handshake that made way has ended well")
	}
	if !h.remove(list[6]) || h.remove(list[6]) {
		t.Error("a handshake ends once")
	}
	if rest := h.close(); len(rest) != 3 || h.count() != 0 || len(h.byHost) != 0 {
		t.Errorf("%d were left, %d after close, of %d hosts", len(rest), h.count(), len(h.byHost))
	}
	if _, ok := h.add(from("a", identity.Identity{})); ok {
		t.Error("taken after close")
	}
}

func TestEachLimitOnConnections(t *testing.T) {
	limits := Limits{Connections: 6, ConnectionsPerPeer: 2, Anonymous: 3, AnonymousPerHost: 2}
	nobody := identity.Identity{}
	for name, c := range map[string]struct {
		open []*conn
		next *conn
	}{
		"all": {[]*conn{
			from("a", person(1)), from("a", person(1)), from("a", person(2)), from("a", person(2)), from("a", person(3)), from("a", person(3)),
		}, from("b", person(4))},
		"of one identity, from wherever": {[]*conn{from("a", person(1)), from("b", person(1))}, from("c", person(1))},
		"anonymous":                      {[]*conn{from("a", nobody), from("a", nobody), from("b", nobody)}, from("c", nobody)},
		"anonymous from one address":     {[]*conn{from("a", nobody), from("a", nobody)}, from("a", nobody)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeers(limits)
			for _, o := range c.open {
				if err := p.admit(o); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.admit(c.next); err == nil {
				t.Fatal("one more was admitted")
			}
			p.release(c.next) // was never counted
			if p.total() != len(c.open) {
				t.Errorf("%d open, want %d", p.total(), len(c.open))
			}
			p.release(c.open[0])
			p.release(c.open[0])
			if err := p.admit(c.next); err != nil {
				t.Errorf("after one has ended: %v", err)
			}
			for _, o := range append(c.open, c.next) {
				p.release(o)
			}
			if p.count != 0 || p.anonymous != 0 || len(p.open) != 0 {
				t.Errorf("left over: %d, %d anonymous, %d peers", p.count, p.anonymous, len(p.open))
			}
		})
	}
}

func TestLimitsHaveDefaults(t *testing.T) {
	if got := (Limits{}).orDefault(); got != DefaultLimits {
		t.Errorf("%+v", got)
	}
	odd := Limits{Handshakes: -1, Connections: 7}.orDefault()
	if odd.Handshakes != DefaultLimits.Handshakes || odd.Connections != 7 {
		t.Errorf("%+v", odd)
	}
	for i, n := range []int64{
		int64(DefaultLimits.Handshakes), int64(DefaultLimits.HandshakesPerHost), int64(DefaultLimits.Connections),
		int64(DefaultLimits.ConnectionsPerPeer), int64(DefaultLimits.Anonymous), int64(DefaultLimits.AnonymousPerHost),
		int64(DefaultLimits.HandshakeTimeout), int64(DefaultLimits.AnonymousLifetime),
	} {
		if n <= 0 {
			t.Errorf("default %d is no limit", i)
		}
	}
}
