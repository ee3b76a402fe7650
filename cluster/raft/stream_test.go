package raft_test

import (
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	hraft "github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"rpp-node/cluster/raft"
)

// tcp is a Stream without any security.
type tcp struct {
	net.Listener
	dials atomic.Int32
}

func (s *tcp) Dial(address string, timeout time.Duration) (net.Conn, error) {
	s.dials.Add(1)
	return net.DialTimeout("tcp", address, timeout)
}

func listen(t *testing.T) *tcp {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &tcp{Listener: l}
}

// Over real connections: a snapshot for one that lags, addresses found by id, and nothing is
// left behind.
func TestStream(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := &cluster{t: t}
	streams := map[string]*tcp{}
	var first []raft.Server
	for _, id := range []string{"a", "b", "c"} {
		streams[id] = listen(t)
		c.members = append(c.members, newMember(id))
		// What the configuration says is wrong: Resolve knows better.
		first = append(first, raft.Server{ID: id, Address: "192.0.2.1:" + id, Voter: true})
	}
	addresses := map[string]string{}
	for id, s := range streams {
		addresses[id] = s.Addr().String()
	}
	open := func(m *member) {
		m.machine = &list{}
		node, err := raft.Open(raft.Config{
			ID: m.id, Address: addresses[m.id], Machine: m.machine,
			Logs: m.store, Stable: m.store, Snapshots: m.snapshots, Stream: streams[m.id],
			Resolve: func(id string) (string, error) {
				if a, ok := addresses[id]; ok {
					return a, nil
				}
				return "", errors.New("unknown")
			},
			Bootstrap: first, TrailingLogs: 5, OnFault: func(err error) { m.faults <- err },
			HeartbeatTimeout: 500 * time.Millisecond, ElectionTimeout: 500 * time.Millisecond, LeaseTimeout: 250 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		m.node = node
	}
	for _, m := range c.members[:2] {
		open(m)
	}
	defer c.close()
	l := c.leader(c.members[:2]...)
	var want []string
	for i := range 100 {
		want = append(want, numbered("e", i))
		c.apply(l, want[i])
	}
	if _, _, err := l.node.Snapshot(short()); err != nil {
		t.Fatal(err)
	}
	open(c.members[2])
	if err := c.members[2].node.WaitApplied(within(20*time.Second), l.node.CommitIndex()); err != nil {
		t.Fatal(err)
	}
	if got := c.agree(); !slices.Equal(got, want) {
		t.Errorf("%d entries", len(got))
	}
	if id, a := c.members[2].node.Leader(); id != l.id || a != addresses[l.id] {
		t.Errorf("leader %s at %s", id, a)
	}
	if err := l.node.TransferLeadership(short(), "c"); err != nil {
		t.Fatal(err)
	}
	c.leader(c.members[2])
}

// More connections than all members together need are refused.
func TestConnLimit(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := listen(t)
	store := hraft.NewInmemStore()
	n, err := raft.Open(raft.Config{
		ID: "a", Address: s.Addr().String(), Machine: &list{},
		Logs: store, Stable: store, Snapshots: hraft.NewInmemSnapshotStore(), Stream: s,
	})
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	for range raft.ConnCountMax + 1 {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	last := conns[len(conns)-1]
	_ = last.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := last.Read(make([]byte, 1)); err == nil || errors.Is(err, errTimeout(err)) {
		t.Errorf("one too many is kept: %v", err)
	}
	_ = conns[0].SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := conns[0].Read(make([]byte, 1)); !errors.Is(err, errTimeout(err)) {
		t.Errorf("the first is not kept: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if err := n.Close(); err != nil {
		t.Errorf("twice: %v", err)
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

// errTimeout is err if it is a timeout, and otherwise nothing that err is.
func errTimeout(err error) error {
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return err
	}
	return errors.New("no timeout")
}

func TestConfigRefused(t *testing.T) {
	defer goleak.VerifyNone(t)
	for name, change := range map[string]func(*raft.Config){
		"no machine":    func(c *raft.Config) { c.Machine = nil },
		"no log":        func(c *raft.Config) { c.Logs = nil },
		"no transport":  func(c *raft.Config) { _ = c.Stream.Close(); c.Stream = nil },
		"no id":         func(c *raft.Config) { c.ID = "" },
		"no address":    func(c *raft.Config) { c.Address = "" },
		"no pre-votes":  func(c *raft.Config) { _ = c.Stream.Close(); c.Stream, c.Transport = nil, plain{} },
		"many servers":  func(c *raft.Config) { c.Bootstrap = make([]raft.Server, raft.ServerCountMax+1) },
		"a bad server":  func(c *raft.Config) { c.Bootstrap = []raft.Server{{ID: "a"}} },
		"no voter":      func(c *raft.Config) { c.Bootstrap = []raft.Server{{ID: "a", Address: "x"}} },
		"a long lease":  func(c *raft.Config) { c.LeaseTimeout = time.Minute },
		"a blind pilot": func(c *raft.Config) { c.Pilot = &raft.Pilot{} },
	} {
		store := hraft.NewInmemStore()
		s := listen(t)
		c := raft.Config{
			ID: "a", Address: "x:1", Machine: &list{}, Stream: s,
			Logs: store, Stable: store, Snapshots: hraft.NewInmemSnapshotStore(),
		}
		change(&c)
		if n, err := raft.Open(c); err == nil {
			t.Errorf("%s: accepted", name)
			_ = n.Close()
		}
		if _, err := s.Accept(); err == nil {
			t.Errorf("%s: the stream was left open", name)
		}
	}
}

// plain is a transport that knows nothing of pre-votes.
type plain struct{ hraft.Transport }
