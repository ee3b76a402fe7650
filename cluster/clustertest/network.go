package clustertest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"rpp-node/cluster/gossip/gossiptest"
	"rpp-node/cluster/raft/rafttest"
)

// errNoAnswer is what a caller gets in the end from a host that is dead, paused or cut
// off: never a refusal.
var errNoAnswer = errors.New("clustertest: no answer")

// Network is the cluster's three networks, which fail together: Raft's, gossip's, and the
// one for everything else. Hosts have names; whoever runs on one gets a Host.
type Network struct {
	raft   *rafttest.Network
	gossip *gossiptest.Network

	mu       sync.Mutex // never held while anything waits
	rng      *rand.Rand
	hosts    map[string]*Host
	gossipAt map[string]*gossiptest.Transport
	cut      map[[2]string]bool // from, to
	delayMin time.Duration
	delayMax time.Duration
	loss     float64
}

func newNetwork(seed uint64) *Network {
	return &Network{
		raft: rafttest.New(seed), gossip: gossiptest.New(seed), rng: rand.New(rand.NewPCG(seed, 11)),
		hosts: map[string]*Host{}, gossipAt: map[string]*gossiptest.Transport{}, cut: map[[2]string]bool{},
	}
}

// Host is one process on the network, from its start to its crash.
type Host struct {
	net  *Network
	name string
	down chan struct{} // closed by Kill

	dead   bool      // under net.mu
	paused time.Time // under net.mu: nothing comes or goes before

	serve func(func(context.Context)) // starts a call's goroutine; nil for clients
}

// host makes the process of that name, in place of an earlier one.
func (n *Network) host(name string) *Host {
	h := &Host{net: n, name: name, down: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[name] = h
	return h
}

// gossipTransport gives the process of that name its end of gossip's network. A host keeps
// its address.
func (n *Network) gossipTransport(name string) *gossiptest.Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.gossipAt[name]
	if t == nil {
		t = n.gossip.Transport()
	} else {
		t = n.gossip.Again(t)
	}
	n.gossipAt[name] = t
	return t
}

// quality sets how long messages take, each way, and which share is lost. Streams lose
// nothing.
func (n *Network) quality(min, max time.Duration, loss float64) {
	n.raft.Delay(min, max)
	n.raft.Loss(loss)
	n.gossip.Delay(min, max)
	n.gossip.Loss(loss)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delayMin, n.delayMax, n.loss = min, max, loss
}

// Cut stops what goes from one host to another, that way only.
func (n *Network) Cut(from, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cutLocked(from, to)
}

func (n *Network) cutLocked(from, to string) {
	n.cut[[2]string{from, to}] = true
	n.raft.Cut(from, to)
	if a, b := n.gossipAt[from], n.gossipAt[to]; a != nil && b != nil {
		n.gossip.Cut(a.Address(), b.Address())
	}
}

// Partition cuts everything between one side and the rest of those hosts.
func (n *Network) Partition(side, rest []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range side {
		for _, b := range rest {
			n.cutLocked(a, b)
			n.cutLocked(b, a)
		}
	}
}

// Heal undoes every cut. The dead stay dead, and the paused paused.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
	n.raft.Heal()
	n.gossip.Heal()
}

// linked says whether messages pass both ways between two hosts.
func (n *Network) linked(a, b string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.cut[[2]string{a, b}] && !n.cut[[2]string{b, a}]
}

// Pause holds everything that comes to a host or leaves it until a time: what was on its
// way then arrives late, as at a process that was stopped and goes on. Its Raft and its
// gossip lose it instead, as their peers have given up by then.
func (n *Network) Pause(h *Host, others []string, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h.paused = until
	for _, o := range others {
		if o == h.name {
			continue
		}
		n.raft.Cut(h.name, o)
		n.raft.Cut(o, h.name)
		if a, b := n.gossipAt[h.name], n.gossipAt[o]; a != nil && b != nil {
			n.gossip.Cut(a.Address(), b.Address())
			n.gossip.Cut(b.Address(), a.Address())
		}
	}
}

// Kill is the gate of a crash: from here on the host neither sends nor answers, not even
// what it is in the middle of.
func (n *Network) Kill(h *Host) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h.dead {
		return
	}
	h.dead = true
	close(h.down)
	if n.hosts[h.name] == h {
		n.raft.Kill(h.name)
		if t := n.gossipAt[h.name]; t != nil {
			n.gossip.Kill(t.Address())
		}
	}
}

// route finds the receiver of a message and how long it takes, or nil if it gets lost.
func (n *Network) route(from *Host, to string, stream bool) (*Host, time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[to]
	if from.dead || h == nil || h.dead || n.cut[[2]string{from.name, to}] {
		return nil, 0
	}
	if !stream && n.loss > 0 && n.rng.Float64() < n.loss {
		return nil, 0
	}
	d := n.delayMin
	if span := n.delayMax - n.delayMin; span > 0 {
		d += time.Duration(n.rng.Int64N(int64(span)))
	}
	now := time.Now()
	for _, p := range []time.Time{from.paused, h.paused} {
		d = max(d, p.Sub(now))
	}
	return h, d
}

// sleep waits for d; it fails if ctx ends or the host dies.
func (h *Host) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
	case <-h.down:
	}
	return errNoAnswer
}

// lost waits for an answer that does not come.
func (h *Host) lost(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-h.down:
	}
	return errNoAnswer
}

// call runs f at another host and brings its answer back, unless the network loses
// either. ctx must end some time. An answer counts only if it has left the other host
// before that died.
func call[R any](ctx context.Context, from *Host, to string, f func(context.Context) (R, error)) (R, error) {
	var none R
	peer, delay := from.net.route(from, to, false)
	if peer == nil || peer.serve == nil {
		return none, from.lost(ctx)
	}
	if err := from.sleep(ctx, delay); err != nil {
		return none, err
	}
	type answer struct {
		value R
		err   error
		delay time.Duration
	}
	answers := make(chan answer, 1)
	deadline, _ := ctx.Deadline()
	peer.serve(func(life context.Context) {
		life, cancel := context.WithDeadline(life, deadline)
		defer cancel()
		a := answer{}
		a.value, a.err = f(life)
		back, delay := from.net.route(peer, from.name, false)
		if back == from {
			a.delay = delay
			answers <- a
		}
	})
	select {
	case a := <-answers:
		if err := from.sleep(ctx, a.delay); err != nil {
			return none, err
		}
		return a.value, a.err
	case <-ctx.Done():
	case <-from.down:
	}
	return none, errNoAnswer
}

// gossipSeeds are where gossip is looked for.
func (n *Network) gossipSeeds() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var seeds []string
	for _, t := range n.gossipAt {
		seeds = append(seeds, t.Address())
	}
	return seeds
}
