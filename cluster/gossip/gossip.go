package gossip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"rpp-node/cluster/fault"
)

// What can be wrong with a call.
var (
	ErrClosed = errors.New("gossip is closed")
	ErrNoSeed = errors.New("gossip: no seed could be reached")
	ErrStatus = errors.New("gossip: the status is too long")
)

// Gossip is this node's part in it.
type Gossip struct {
	conf  Config
	ring  *Keyring
	table *table
	del   *delegate
	trans *tracked
	list  *memberlist.Memberlist

	address string
	cancel  context.CancelFunc
	work    sync.WaitGroup
	kick    chan struct{} // the Meta changed
	update  chan struct{} // holds one token: memberlist announces one change at a time

	mu     sync.Mutex
	meta   Meta // the last that was set
	closed bool
	calls  sync.WaitGroup // joins and leaves in flight; added to under mu, unless closed
}

// counters count what was heard.
type counters struct{ alive, merged, rejected, dropped atomic.Uint64 }

// Stats counts what came from peers since Open.
type Stats struct {
	Alive    uint64 // messages that a member is up
	Merged   uint64 // pushes that were taken in
	Rejected uint64 // messages and pushes that broke a rule
	Dropped  uint64 // pushes that came too fast
}

// Open starts to listen and to answer. Join makes others known.
func Open(c Config) (*Gossip, error) {
	t := c.Transport
	fail := func(err error) (*Gossip, error) {
		if t != nil {
			_ = t.Shutdown()
		}
		return nil, err
	}
	if err := c.fill(); err != nil {
		return fail(err)
	}
	meta, err := c.Meta.Encode()
	if err != nil {
		return fail(err)
	}
	ring, err := newKeyring(c.Keys)
	if err != nil {
		return fail(err)
	}
	c.Keys = nil
	if t == nil {
		if t, err = c.network(); err != nil {
			return nil, err
		}
	}
	g := &Gossip{conf: c, ring: ring, table: newTable(&c), kick: make(chan struct{}, 1), update: make(chan struct{}, 1), meta: c.Meta}
	g.update <- struct{}{}
	g.del = &delegate{table: g.table, events: newEvents(), merges: make(chan []byte, mergeCountMax), stats: &counters{}}
	g.del.meta.Store(&meta)
	g.trans = newTracked(t)
	conf, err := c.library(g.del, ring, g.trans)
	if err == nil {
		err = allowsSelf(conf)
	}
	if err == nil {
		g.list, err = memberlist.Create(conf)
	}
	if err != nil {
		_ = g.trans.Shutdown()
		g.trans.open.Wait()
		return nil, fmt.Errorf("gossip: %w", err)
	}
	g.address = g.list.LocalNode().Address()
	ctx, cancel := context.WithCancel(context.Background())
	g.cancel = cancel
	g.work.Go(func() { g.merge(ctx) })
	g.work.Go(func() { g.announce(ctx) })
	g.work.Go(func() { g.reconnect(ctx) })
	g.work.Go(func() { g.del.events.run(ctx, g.table) })
	return g, nil
}

// allowsSelf refuses ranges that leave this node out: memberlist would not find itself.
func allowsSelf(c *memberlist.Config) error {
	ip, _, err := c.Transport.FinalAdvertiseAddr(c.AdvertiseAddr, c.AdvertisePort)
	if err != nil {
		return err
	}
	return c.IPAllowed(ip)
}

// merge takes in what peers pushed.
func (g *Gossip) merge(ctx context.Context) {
	for {
		select {
		case b := <-g.del.merges:
			list, err := decodeState(b)
			if err != nil {
				g.del.stats.rejected.Add(1)
				g.conf.Log.Warn("a peer pushed what cannot be read", "error", err)
				continue
			}
			g.del.stats.merged.Add(1)
			for _, id := range g.table.merge(list) {
				if m, ok := g.table.byID(id); ok {
					g.del.events.add(m.Name)
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

// announce spreads our Meta after it changed.
func (g *Gossip) announce(ctx context.Context) {
	for {
		select {
		case <-g.kick:
			if err := g.updateNode(announceTimeout); err != nil {
				g.conf.Log.Debug("announcing what changed takes long", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (g *Gossip) updateNode(timeout time.Duration) error {
	<-g.update
	defer func() { g.update <- struct{}{} }()
	return g.list.UpdateNode(timeout)
}

// SetMeta changes what the others see of this node; its ID stays. It does not wait.
func (g *Gossip) SetMeta(m Meta) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	m.ID, m.Leaving = g.conf.ID, g.meta.Leaving
	b, err := m.Encode()
	if err != nil {
		return fault.New(fault.CodeField, "%w", err)
	}
	g.meta = m
	g.del.meta.Store(&b)
	select {
	case g.kick <- struct{}{}:
	default:
	}
	return nil
}

// SetStatus changes this node's status. The next push or pull takes it along.
func (g *Gossip) SetStatus(payload []byte) error {
	if len(payload) > StatusBytesMax {
		return fault.New(fault.CodeTooBig, "%w: %d bytes, at most %d", ErrStatus, len(payload), StatusBytesMax)
	}
	g.table.setOwn(payload)
	return nil
}

// Members lists every node that is or was there, this one included, by name.
func (g *Gossip) Members() []Member { return g.table.list() }

// Member finds a node by its id.
func (g *Gossip) Member(id ID) (Member, bool) { return g.table.byID(id) }

// Status is the newest status of a node.
func (g *Gossip) Status(id ID) (Status, bool) { return g.table.status(id) }

// Alive says whether a node is thought to be up, and since when it is so or not; for one
// that was never heard of, false since the zero time.
func (g *Gossip) Alive(id ID) (alive bool, since time.Time) {
	m, _ := g.table.byID(id)
	return m.up(), m.Since
}

// Events delivers each member that came, changed, or went, as it is when it is received;
// changes in between are not repeated. It is closed by Close. One receiver.
func (g *Gossip) Events() <-chan Member { return g.del.events.out }

// Keyring is this node's keys.
func (g *Gossip) Keyring() *Keyring { return g.ring }

// Address is where the others reach this node's gossip.
func (g *Gossip) Address() string { return g.address }

// Stats counts what came from peers.
func (g *Gossip) Stats() Stats {
	s := g.del.stats
	return Stats{s.alive.Load(), s.merged.Load(), s.rejected.Load(), s.dropped.Load()}
}

// call runs something of memberlist's that cannot be cancelled.
func (g *Gossip) call(ctx context.Context, f func() error) error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return fault.New(fault.CodeStarting, "%w", ErrClosed)
	}
	g.calls.Add(1)
	g.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		defer g.calls.Done()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Join exchanges what is known with each seed ("host:port") that can be reached. One is
// enough.
func (g *Gossip) Join(ctx context.Context, seeds []string) error {
	err := g.call(ctx, func() error {
		_, err := g.list.Join(seeds)
		return err
	})
	if err != nil {
		return fault.New(fault.CodeUnreachable, "%w", fmt.Errorf("%w: %w", ErrNoSeed, err))
	}
	return nil
}

// Leave tells the others that this node goes, so that they need not find out.
func (g *Gossip) Leave(ctx context.Context) error {
	g.mu.Lock()
	g.meta.Leaving = true
	b, err := g.meta.Encode()
	if err == nil {
		g.del.meta.Store(&b)
	}
	g.mu.Unlock()
	if err != nil {
		return err
	}
	timeout := announceTimeout
	if d, ok := ctx.Deadline(); ok {
		timeout = time.Until(d) / 3
	}
	return g.call(ctx, func() error {
		if err := g.updateNode(timeout); err != nil {
			g.conf.Log.Warn("leaving: not everyone may know why", "error", err)
		}
		// Gossip may miss somebody, who would take us for dead: tell each of them.
		for _, m := range g.table.list() {
			if m.Liveness == Alive && m.Name != g.conf.Name && ctx.Err() == nil {
				_, _ = g.list.Join([]string{m.Address})
			}
		}
		return g.list.Leave(timeout)
	})
}

// Close ends this node's part, without telling anyone unless Leave did. It takes a probe
// interval, longer if dials or joins are under way.
func (g *Gossip) Close() error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil
	}
	g.closed = true
	g.mu.Unlock()
	g.calls.Wait() // each is bounded by memberlist's timeouts
	err := g.list.Shutdown()
	g.cancel()
	g.work.Wait()
	g.trans.open.Wait()
	// memberlist does not say when its last probe has ended. One takes an interval, which
	// grows with the troubles that this node had.
	time.Sleep(time.Duration(g.list.GetHealthScore()+1)*g.conf.ProbeInterval + g.conf.ProbeTimeout)
	return err
}
