package raft_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	hraft "github.com/hashicorp/raft"

	"rpp-node/cluster/raft"
	"rpp-node/cluster/raft/rafttest"
)

// list is a Machine that keeps what it is told, in order.
type list struct {
	mu      sync.Mutex
	entries []string
	voters  []string
	halt    bool  // refuse commands
	broken  error // refuse snapshots
}

func (l *list) Apply(_ uint64, data []byte) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.halt {
		return raft.Halt{Err: errors.New("a command of another version")}
	}
	l.entries = append(l.entries, string(data))
	return len(l.entries)
}

func (l *list) Snapshot() (io.WriterTo, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.NewBufferString(strings.Join(l.voters, ",") + "\n" + strings.Join(l.entries, "\n")), nil
}

func (l *list) Restore(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	lines := strings.Split(string(b), "\n")
	l.voters, l.entries = strings.Split(lines[0], ","), lines[1:]
	return nil
}

func (l *list) SetVoters(_ uint64, ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.voters = slices.Clone(ids)
}

func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

func (l *list) voterIDs() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.voters, ",")
}

// member is one node of a test cluster with the stores that outlive its restarts.
type member struct {
	id        string
	node      *raft.Node
	machine   *list
	store     *hraft.InmemStore
	snapshots hraft.SnapshotStore
	faults    chan error
}

type cluster struct {
	t       *testing.T
	net     *rafttest.Network
	members []*member
	change  func(*raft.Config) // applied to every configuration
}

// newCluster opens n voters named a, b, c …
func newCluster(t *testing.T, n int, change func(*raft.Config)) *cluster {
	c := &cluster{t: t, change: change}
	c.boot(n)
	return c
}

func (c *cluster) boot(n int) {
	c.net = rafttest.New(1)
	var first []raft.Server
	for i := range n {
		id := string(rune('a' + i))
		c.members = append(c.members, newMember(id))
		first = append(first, raft.Server{ID: id, Address: address(id), Voter: true})
	}
	for _, m := range c.members {
		c.open(m, first)
	}
}

func address(id string) string { return "host-" + id + ":1" }

func newMember(id string) *member {
	return &member{id: id, store: hraft.NewInmemStore(), snapshots: hraft.NewInmemSnapshotStore(), faults: make(chan error, 10)}
}

func (c *cluster) config(m *member, first []raft.Server) raft.Config {
	m.machine = &list{}
	conf := raft.Config{
		ID: m.id, Address: address(m.id), Machine: m.machine,
		Logs: m.store, Stable: m.store, Snapshots: m.snapshots,
		Transport: c.net.Transport(address(m.id)), Bootstrap: first,
		OnFault: func(err error) { m.faults <- err },
	}
	if c.change != nil {
		c.change(&conf)
	}
	return conf
}

func (c *cluster) open(m *member, first []raft.Server) {
	c.t.Helper()
	node, err := raft.Open(c.config(m, first))
	if err != nil {
		c.t.Fatal(err)
	}
	m.node = node
}

// join opens a member that knows nobody yet.
func (c *cluster) join(id string) *member {
	m := newMember(id)
	c.members = append(c.members, m)
	c.open(m, nil)
	return m
}

func (c *cluster) close() {
	for _, m := range c.members {
		if m.node != nil {
			_ = m.node.Close()
			m.node = nil
		}
	}
}

// leader waits for a leader among the members, all by default, that has committed.
func (c *cluster) leader(among ...*member) *member {
	c.t.Helper()
	if len(among) == 0 {
		among = c.members
	}
	for range 2000 {
		for _, m := range among {
			if m.node != nil && m.node.State() == raft.Leader && m.node.ReadBarrier(short()) == nil {
				return m
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	c.t.Fatal("no leader")
	return nil
}

func (c *cluster) others(not *member) []*member {
	var list []*member
	for _, m := range c.members {
		if m != not {
			list = append(list, m)
		}
	}
	return list
}

func (c *cluster) apply(m *member, s string) uint64 {
	c.t.Helper()
	index, _, err := m.node.Apply(short(), []byte(s))
	if err != nil {
		c.t.Fatalf("apply %q: %v", s, err)
	}
	return index
}

// agree waits until every open member has the same entries as the first, and returns them.
func (c *cluster) agree() []string {
	c.t.Helper()
	var want []string
	for range 400 {
		first, same := true, true
		for _, m := range c.members {
			if m.node == nil {
				continue
			}
			got := m.machine.all()
			if first {
				first, want = false, got
			}
			same = same && slices.Equal(got, want)
		}
		if same {
			return want
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, m := range c.members {
		if m.node != nil {
			c.t.Logf("%s has %d entries", m.id, len(m.machine.all()))
		}
	}
	c.t.Fatal("the members' machines differ")
	return nil
}

// within is a context that ends by itself.
func within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	context.AfterFunc(ctx, cancel)
	return ctx
}

func short() context.Context { return within(2 * time.Second) }

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func numbered(prefix string, i int) string { return fmt.Sprintf("%s-%d", prefix, i) }
