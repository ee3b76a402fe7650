package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"rpp-node/cluster/api"
	"rpp-node/cluster/config"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/health"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/keys"
	"rpp-node/cluster/leader"
	"rpp-node/cluster/metrics"
	"rpp-node/cluster/raft"
	"rpp-node/cluster/transport"
	"rpp-node/cluster/worker"
	"rpp-node/prover/proving"
	"rpp-node/store"
	"rpp-node/store/artifact"
	"rpp-node/store/audit"
	"rpp-node/store/keycache"
	"rpp-node/store/raftlog"
)

// Config is what a node is made of beside its data directory.
type Config struct {
	Config  config.Config
	Version string
	Build   string // of the program: equal builds make equal proofs
	Log     *slog.Logger
	Now     func() time.Time
	Rand    io.Reader
	Disk    identity.FS
	Listen  func(address string) (net.Listener, error)
	Dial    func(ctx context.Context, address string) (net.Conn, error)
	// Device makes the node's device of that index.
	Device func(ctx context.Context, index int) (worker.Device, error)
	// Reference makes a device that proves on the portable kernels, for disputes.
	Reference func(ctx context.Context) (worker.Device, error)
	Devices   int
}

// Node is a running node. Fields are set once by Open, before any goroutine that reads
// them starts, unless they say otherwise.
type Node struct {
	cfg      Config
	dir      layout
	member   *Membership // Founder and Logged change under memberMu
	memberMu sync.Mutex
	role     identity.Role
	id       fsm.NodeID
	key      ed25519.PrivateKey
	started  time.Time
	log      *slog.Logger

	keeper   *identity.Keeper
	issuer   *identity.CA // of a voter
	verifier *identity.Verifier
	dialer   *transport.Dialer
	listener *transport.Listener
	cluster  *api.Client // whoever leads
	peers    peers

	data      *store.DB
	artifacts *artifact.Store
	keyIndex  *keycache.Cache
	audit     *audit.Log
	keys      *keys.Cache
	judge     *proving.Verifier
	predictor proving.Predictor
	judging   chan struct{} // slots of those who verify
	deciding  chan struct{} // the slot of who proves for a dispute: one at a time has the memory

	// Of a voter.
	raftDB  *store.DB
	raftLog *raftlog.Log
	machine *fsm.Machine
	raft    *raft.Node
	leader  *leader.Leader
	reports reports

	gossip    *gossip.Gossip
	logOnce   sync.Once            // the first configuration of the log has been noted
	gossipMu  sync.Mutex           // one step of a rotation at a time
	known     atomic.Pointer[told] // what the leader told a worker node
	worker    *worker.Worker
	devices   []worker.Device
	deviceCPU atomic.Int64           // nanoseconds that devices have computed
	turn      atomic.Uint64          // whose turn it is to be taken for the leader by the worker
	advised   atomic.Pointer[string] // who is said to lead, until it has been tried

	metrics *metrics.Metrics
	tracker *health.Tracker
	faults  faults
	digest  stateDigest
	leaving leaving

	random   *mathrand.Rand // guarded by randomMu
	randomMu sync.Mutex

	killed   atomic.Bool     // nobody is told of the end
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	loops    sync.WaitGroup
	loopsMu  sync.Mutex // held while a loop is added
	closers  []closer
	httpAddr string
}

type closer struct {
	name  string
	close func() error
}

// Open starts a node from its data directory. Whatever fails is undone.
func Open(ctx context.Context, c Config) (*Node, error) {
	n := &Node{cfg: c, dir: layout(c.Config.Node.Data), log: c.Log, started: c.Now(), random: newRand(c.Rand)}
	n.ctx, n.cancel = context.WithCancel(context.WithoutCancel(ctx))
	n.judging = make(chan struct{}, runtime.GOMAXPROCS(0))
	n.deciding = make(chan struct{}, 1)
	// The order matters: each step stands on those before it. The API comes last of what
	// serves, so that whoever reaches it finds the rest.
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"membership", n.openMembership},
		{"metrics", n.openMetrics},
		{"identity", n.openIdentity},
		{"store", n.openData},
		{"keys", n.openKeys},
		{"state", n.openState},
		{"network", n.openNetwork},
		{"gossip", n.openGossip},
		{"raft", n.openRaft},
		{"devices", n.openDevices},
		{"api", n.openAPI},
		{"pages", n.openPages},
		{"loops", n.openLoops},
	} {
		if err := step.run(); err != nil {
			n.Close()
			return nil, fmt.Errorf("%s: %w", step.name, storeError(err))
		}
	}
	n.log.Info("node started", "node", n.member.Name, "role", n.role, "cluster", n.member.Cluster, "api", n.APIAddress(), "id", n.id)
	return n, nil
}

// onClose has f called by Close, before what was opened earlier is closed.
func (n *Node) onClose(name string, f func() error) {
	n.closers = append(n.closers, closer{name, f})
}

// loop runs f until the node closes. It says false if the node is closing: then f does not
// run.
func (n *Node) loop(f func(context.Context)) bool {
	n.loopsMu.Lock()
	defer n.loopsMu.Unlock()
	if n.ctx.Err() != nil {
		return false
	}
	n.loops.Go(func() { f(n.ctx) })
	return true
}

// Kill stops the node without a farewell: the others find out by themselves.
func (n *Node) Kill() error {
	n.killed.Store(true)
	return n.Close()
}

// Close stops the node.
func (n *Node) Close() error {
	n.loopsMu.Lock() // who holds it has been counted, who comes next is refused
	n.cancel()
	n.loopsMu.Unlock()
	var all []error
	for i := len(n.closers) - 1; i >= 0; i-- {
		c := n.closers[i]
		if err := c.close(); err != nil {
			all = append(all, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	n.closers = nil
	return errors.Join(all...)
}

// Name is the node's name, ID its identifier.
func (n *Node) Name() string           { return n.member.Name }
func (n *Node) ID() fsm.NodeID         { return n.id }
func (n *Node) Membership() Membership { return *n.member }

// APIAddress is where the others reach the node's API, HTTPAddress where its pages are on
// this machine, GossipAddress where its gossip is.
func (n *Node) APIAddress() string {
	if a := n.cfg.Config.Listen.AdvertiseAPI; a != "" {
		return a
	}
	return n.listener.Addr().String()
}
func (n *Node) HTTPAddress() string   { return n.httpAddr }
func (n *Node) GossipAddress() string { return n.gossip.Address() }

// Audit is the node's audit log, to be read.
func (n *Node) Audit() *audit.Log { return n.audit }

// Leading says whether the node leads the cluster.
func (n *Node) Leading() bool { return n.leader != nil && n.leader.Leading() }

// Fault is why the node has to stop, nil while it can go on; Faulted is closed when there
// is one.
func (n *Node) Fault() error             { return n.faults.err() }
func (n *Node) Faulted() <-chan struct{} { return n.faults.happened() }

// newRand makes a source of jitter of its own for whoever needs one.
func (n *Node) newRand() *mathrand.Rand {
	n.randomMu.Lock()
	defer n.randomMu.Unlock()
	return mathrand.New(mathrand.NewSource(n.random.Int63()))
}

// serve runs an HTTP server on a listener until the node closes.
func (n *Node) serve(name string, s *http.Server, l net.Listener) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) && n.ctx.Err() == nil {
			n.faults.add(fmt.Errorf("%s: %w", name, err))
		}
	}()
	n.onClose(name, func() error {
		// Streams end with the node's context; requests get a moment.
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		err := s.Shutdown(ctx)
		if err != nil {
			err = s.Close()
		}
		<-done
		return err
	})
}
