package clustertest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/leader"
	"rpp-node/cluster/raft"
	"rpp-node/store/raftlog"
)

// Config says what a cluster is like. What is random in it is drawn from Seed.
type Config struct {
	Seed    uint64
	Voters  int
	Workers int // with Jobs
	Anchors int // clients that commit small commands, one after another
	Clients int // clients that submit, read and cancel; with Jobs
	Jobs    bool
	Think   time.Duration // the longest pause of a client between two small commands

	DelayMin, DelayMax time.Duration // of each message
	Loss               float64
	SkewMax            time.Duration // how far clocks are off, either way
	Garbage            float64       // how often the devices of half the workers lie

	SnapshotThreshold uint64
	TrailingLogs      uint64

	Plant Plant
	Log   *slog.Logger // nil for none
}

// Plant is a bug: each field, if it is not nil, wraps something that the cluster is made
// of.
type Plant struct {
	Disk   func(vfs.FS) vfs.FS
	Stable func(voter string, log *raftlog.Log) Stable
	Log    func(Log) Log
	Verify func(voter string, honest func(fsm.JobID, []byte) error) func(fsm.JobID, []byte) error
	Voters func(c *Cluster, honest leader.Voters) leader.Voters
}

// Cluster is a cluster in a bubble of testing/synctest, with its clients.
type Cluster struct {
	conf      Config
	plant     *Plant
	net       *Network
	voters    []*Voter
	workers   []*Worker
	outside   []identity // who anchors
	ledger    *ledger
	oracle    *oracle
	failovers *failovers
	buried    sync.WaitGroup // what is left of dead processes
	bytes     io.Reader      // for artifacts

	randMu sync.Mutex
	rng    *rand.Rand

	stop    chan struct{}
	clients sync.WaitGroup
	faults  chan *life // that stopped by themselves

	garbage atomic.Int64 // false proofs that devices have made
}

// Start makes a cluster and waits until it works: all voters up, all members known.
func Start(conf Config) (*Cluster, error) {
	if conf.Log == nil {
		conf.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cluster{
		conf: conf, net: newNetwork(conf.Seed), ledger: newLedger(), oracle: newOracle(), failovers: &failovers{},
		rng: rand.New(rand.NewPCG(conf.Seed, 7)), stop: make(chan struct{}), faults: make(chan *life, 64),
	}
	c.plant = &c.conf.Plant
	c.bytes = &chance{c: c}
	for i := range conf.Voters {
		v := &Voter{identity: newIdentity(fsm.RoleVoter, i), c: c, disk: newDisk()}
		c.skew(v)
		c.voters = append(c.voters, v)
	}
	for i := range conf.Anchors {
		c.outside = append(c.outside, newIdentity(fsm.RoleAuditor, i))
	}
	for i := range conf.Workers {
		w := &Worker{identity: newIdentity(fsm.RoleWorker, i), c: c, skew: c.drawSkew()}
		if i%2 == 1 {
			w.garbage = conf.Garbage
		}
		c.workers = append(c.workers, w)
	}
	err := c.begin()
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// begin starts everybody, on a network without faults until the cluster is founded.
func (c *Cluster) begin() error {
	for _, v := range c.voters {
		if err := v.start(); err != nil {
			return err
		}
	}
	if err := c.found(); err != nil {
		return err
	}
	c.net.quality(c.conf.DelayMin, c.conf.DelayMax, c.conf.Loss)
	for _, w := range c.workers {
		if err := w.start(); err != nil {
			return err
		}
	}
	return nil
}

// found makes everybody a member.
func (c *Cluster) found() error {
	commands := []fsm.Command{putKey()}
	for _, v := range c.voters {
		commands = append(commands, v.member())
	}
	for _, w := range c.workers {
		commands = append(commands, w.member())
	}
	for _, o := range c.outside {
		commands = append(commands, o.member())
	}
	k := newClient(c, "founder")
	for _, m := range commands {
		var err error
		for range 100 {
			if _, err = k.ask(time.Second, func(ctx context.Context, l *life) (answer, error) { return l.propose(ctx, "founder", m) }); err == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			return fmt.Errorf("founding the cluster: %w", err)
		}
	}
	return nil
}

// Load starts the clients.
func (c *Cluster) Load() {
	for i, who := range c.outside {
		k := newClient(c, fmt.Sprint("anchor-", i))
		c.clients.Go(func() { k.anchors(who, c.stop) })
	}
	if !c.conf.Jobs {
		return
	}
	orders := map[string][]order{}
	const keysPerPair = 12
	var all []string
	for i := range (c.conf.Clients + 1) / 2 * keysPerPair {
		key := fmt.Sprint("key-", i)
		all = append(all, key)
		orders[key] = []order{newOrder(c.conf.Seed, uint64(2*i)), newOrder(c.conf.Seed, uint64(2*i+1))}
	}
	for i := range c.conf.Clients {
		k := newClient(c, clientName(i))
		keys := all[i/2*keysPerPair:][:keysPerPair]
		c.clients.Go(func() { k.jobs(keys, orders, c.stop) })
	}
}

func clientName(i int) string { return fmt.Sprint("client-", i) }

// Quiet stops the clients and waits for their last answers.
func (c *Cluster) Quiet() {
	close(c.stop)
	c.clients.Wait()
}

// Close ends everything that runs.
func (c *Cluster) Close() {
	for _, w := range c.workers {
		w.crash()
	}
	for _, v := range c.voters {
		v.stop()
	}
	c.buried.Wait()
	time.Sleep(10 * time.Second) // timers of the libraries
}

func (c *Cluster) wrong(format string, args ...any) { c.oracle.wrong(format, args...) }

// fault is told when a voter's Raft stops by itself, which it must not.
func (c *Cluster) fault(l *life, err error) { c.wrong("%s: Raft has stopped: %v", l.name, err) }

func (c *Cluster) voterByID(id fsm.NodeID) *Voter {
	for _, v := range c.voters {
		if v.id == id {
			return v
		}
	}
	return nil
}

// leader is the voter that leads, as far as one can say: the one in the latest term.
func (c *Cluster) leader() *Voter {
	var lead *Voter
	var term uint64
	for _, v := range c.voters {
		if l := v.current.Load(); l != nil && l.raft.State() == raft.Leader && l.raft.Term() > term {
			lead, term = v, l.raft.Term()
		}
	}
	return lead
}

func (c *Cluster) draw() uint64 {
	c.randMu.Lock()
	defer c.randMu.Unlock()
	return c.rng.Uint64()
}

func (c *Cluster) drawSkew() time.Duration {
	if c.conf.SkewMax == 0 {
		return 0
	}
	return time.Duration(c.draw()%uint64(2*c.conf.SkewMax)) - c.conf.SkewMax
}

func (c *Cluster) skew(v *Voter) { v.skew.Store(int64(c.drawSkew())) }

// chance gives random bytes.
type chance struct{ c *Cluster }

func (r *chance) Read(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		x := r.c.draw()
		for i := 0; i < 8 && len(b) > 0; i++ {
			b[0] = byte(x >> (8 * i))
			b = b[1:]
		}
	}
	return n, nil
}
