package clustertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/leader"
	"rpp-node/cluster/raft"
	"rpp-node/scheduler"
	"rpp-node/store"
)

// Voter is a voter through all its lives.
type Voter struct {
	identity
	c       *Cluster
	skew    atomic.Int64 // what its clock is ahead, in nanoseconds
	disk    disk
	current atomic.Pointer[life]
}

// life is a voter between its start and its crash: what a process would be.
type life struct {
	identity
	c       *Cluster
	v       *Voter
	skew    time.Duration
	host    *Host
	machine *machine
	stores
	raft   *raft.Node
	log    Log
	gossip *gossip.Gossip
	leader *leader.Leader // nil in clusters without jobs

	ctx    context.Context // ends with the life
	cancel context.CancelFunc
	mu     sync.Mutex // guards gone
	gone   bool
	work   sync.WaitGroup
}

// now is the voter's clock.
func (l *life) now() time.Time { return time.Now().Add(l.skew) }

// Up says whether the voter runs.
func (v *Voter) Up() bool { return v.current.Load() != nil }

// start begins a life from what is on the disk.
func (v *Voter) start() error {
	c := v.c
	l := &life{identity: v.identity, c: c, v: v, skew: time.Duration(v.skew.Load())}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.host = c.net.host(v.name)
	l.host.serve = l.do
	l.machine = &machine{Machine: fsm.NewMachine(clusterID, func(err error) { c.wrong("%s: state machine: %v", v.name, err) }), who: v.name, ledger: c.ledger}
	if err := l.open(v.disk); err != nil {
		l.cancel()
		c.net.Kill(l.host)
		l.close()
		return fmt.Errorf("%s does not start: %w", v.name, err)
	}
	v.current.Store(l)
	return nil
}

func (l *life) open(d disk) (err error) {
	c := l.c
	if err := l.openStores(d, c.conf.Jobs); err != nil {
		return err
	}
	if err := l.openGossip(); err != nil {
		return err
	}
	var first []raft.Server
	for _, v := range c.voters {
		first = append(first, raft.Server{ID: v.id.String(), Address: v.name, Voter: true})
	}
	var stable Stable = l.raftLog
	if c.plant.Stable != nil {
		stable = c.plant.Stable(l.name, l.raftLog)
	}
	l.raft, err = raft.Open(raft.Config{
		ID: l.id.String(), Address: l.name, Machine: l.machine,
		Logs: l.raftLog, Stable: stable, Snapshots: l.raftLog,
		Transport: c.net.raft.Transport(l.name), Bootstrap: first,
		IsCorrupt: store.IsCorruption, OnFault: func(err error) { c.fault(l, err) },
		SnapshotInterval: time.Second, SnapshotThreshold: c.conf.SnapshotThreshold, TrailingLogs: c.conf.TrailingLogs,
		Pilot: &raft.Pilot{Liveness: liveness{l.gossip}, StableFor: 2 * time.Second},
		Now:   l.now, Log: c.conf.Log.With("voter", l.name),
	})
	if err != nil {
		return err
	}
	l.log = Log(l.raft)
	if c.plant.Log != nil {
		l.log = c.plant.Log(l.log)
	}
	if !c.conf.Jobs {
		return nil
	}
	l.leader = leader.New(leader.Config{
		Node: l.id, Name: l.name, Build: buildName, Now: l.now, Log: c.conf.Log,
		Raft: raftAdapter{l.raft, l.log}, Machine: l.machine.Machine, Voters: l.receipts(), Witnesses: witnesses{l}, Reference: reference{},
		Scheduler: schedulerConfig(), Heartbeat: 300 * time.Millisecond,
	})
	l.do(l.leader.Run)
	l.do(l.repairs)
	return nil
}

func schedulerConfig() scheduler.Config {
	c := scheduler.DefaultConfig()
	c.Build = buildName
	c.Lease, c.HoldOff = 3*time.Second, 300*time.Millisecond
	c.SilentAfter, c.DeliveryGrace = 1500*time.Millisecond, time.Second
	return c
}

func (l *life) openGossip() (err error) {
	t := l.c.net.gossipTransport(l.name)
	l.gossip, err = gossip.Open(gossip.Config{
		ID: gossip.ID(l.id), Name: l.name, Cluster: clusterID, Keys: [][]byte{make([]byte, gossip.KeyBytes)},
		Meta: gossip.Meta{Role: gossip.Voter, Command: fsm.CommandVersion, APIAddress: l.name, Build: buildName}, Transport: t,
		Seeds: l.c.net.gossipSeeds(), Now: l.now, Log: l.c.conf.Log,
	})
	return err
}

// liveness is gossip as the pilot reads it.
type liveness struct{ g *gossip.Gossip }

func (l liveness) Alive(id string) (bool, time.Time) {
	for _, n := range nodeIDs([]string{id}) {
		return l.g.Alive(gossip.ID(n))
	}
	return false, time.Time{}
}

// do runs f as part of the life.
func (l *life) do(f func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return
	}
	l.work.Add(1)
	go func() {
		defer l.work.Done()
		f(l.ctx)
	}()
}

// crash ends the life as a power cut would: the voter falls silent, then its disk is
// copied, and only then does what is left of the process come to an end, beside whatever
// the cluster does meanwhile.
func (v *Voter) crash(rng *rand.Rand) {
	l := v.current.Swap(nil)
	if l == nil {
		return
	}
	v.c.net.Kill(l.host)
	v.disk = v.disk.crash(rng)
	v.c.buried.Go(l.bury)
}

// stop ends the life in order.
func (v *Voter) stop() {
	if l := v.current.Swap(nil); l != nil {
		l.bury()
		v.c.net.Kill(l.host)
	}
}

func (l *life) bury() {
	l.mu.Lock()
	l.gone = true
	l.mu.Unlock()
	l.cancel()
	l.close()
}

func (l *life) close() {
	var errs []error
	if l.raft != nil {
		errs = append(errs, l.raft.Close())
	}
	if l.gossip != nil {
		errs = append(errs, l.gossip.Close())
	}
	l.work.Wait()
	errs = append(errs, l.stores.close())
	if err := errors.Join(errs...); err != nil {
		l.c.wrong("%s: closing: %v", l.name, err)
	}
}

// storeFault is told of the first fault of a database: none is injected, so there must be
// none.
func (l *life) storeFault(f store.Fault) { l.c.wrong("%s: store: %v", l.name, f) }
