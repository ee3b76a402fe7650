package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
	"rpp-node/cluster/worker"
)

// startCmd runs a voter.
type startCmd struct {
	runFlags
	Devices *int `help:"Device processes of this voter; none by default." placeholder:"N"`
}

func (c *startCmd) Help() string {
	return "Runs until SIGTERM or SIGINT, which let what runs on its devices finish; a second one ends it at once.\n\n" +
		"Examples:\n" +
		"  rpp-node start --data a\n" +
		"  rpp-node start --data b --name b --listen 127.0.0.1:7410 --join \"$(rpp-node cluster token create voter --data a)\""
}

func (c *startCmd) Run(e *env) error { return c.run(e, identity.Voter, c.Devices) }

// workerCmd runs a worker.
type workerCmd struct {
	runFlags
	Devices *int `help:"Device processes; one by default." placeholder:"N"`
}

func (c *workerCmd) Help() string {
	return "Runs until SIGTERM or SIGINT, which let what runs on its devices finish; a second one ends it at once. SIGUSR1\n" +
		"says that the machine will be taken away soon (a spot instance): what cannot be proved in time is handed back.\n\n" +
		"Examples:\n" +
		"  rpp-node worker --data w --name w --listen 127.0.0.1:7430 --join \"$(rpp-node cluster token create worker --data a)\"\n" +
		"  rpp-node worker --data w --devices 2 --threads 8 --memory 16GiB"
}

func (c *workerCmd) Run(e *env) error { return c.run(e, identity.Worker, c.Devices) }

// runFlags say how a node is run.
type runFlags struct {
	nodeFlags
	Join    string        `help:"Token to join with, if the data directory belongs to no cluster yet." env:"RPP_JOIN" placeholder:"TOKEN"`
	Threads *int          `help:"Worker threads of each device; all cores divided among them by default." placeholder:"N"`
	Memory  byteSize      `help:"Most memory of each device, such as 4GiB; three quarters of the machine's divided among them by default."`
	Drain   time.Duration `name:"drain-timeout" help:"How long to wait for devices to finish when told to stop." default:"1m"`
	Signal  string        `name:"reclaim-signal" help:"Signal that announces that the machine will be taken away." enum:"USR1,USR2,HUP" default:"USR1"`
	Notice  time.Duration `name:"reclaim-notice" help:"How long after that signal the machine stays." default:"2m"`
	JSON    bool          `help:"Print addresses as JSON."`
}

func (f *runFlags) run(e *env, role identity.Role, devices *int) error {
	k, err := f.load()
	if err != nil {
		return err
	}
	if devices != nil {
		k.Devices.Count = *devices
	}
	if f.Threads != nil {
		k.Devices.Threads = *f.Threads
	}
	if f.Memory != 0 {
		k.Devices.Memory = config.Bytes(f.Memory)
	}
	if err := k.Check(); err != nil {
		return err
	}
	if err := f.belong(role, k); err != nil {
		return err
	}
	return runNode(e, k, f)
}

// belong makes sure that the data directory is that of a node of the role, joining if it is
// nobody's yet.
func (f *runFlags) belong(role identity.Role, k config.Config) error {
	m, err := node.ReadMembership(identity.OS, k.Node.Data)
	switch {
	case errors.Is(err, node.ErrNotMember) && f.Join != "":
		t, err := identity.ParseToken(f.Join)
		if err != nil {
			return err
		}
		if t.Role != role {
			return usageError{fmt.Errorf("--join: the token is for a %s, this command runs a %s", t.Role, role)}
		}
		ctx, stop := interruptible()
		defer stop()
		_, err = f.joinNode(ctx, t, k)
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", k.Node.Data, err)
	case m.Role != role.String():
		return usageError{fmt.Errorf("%s holds a %s of cluster %s, this command runs a %s", k.Node.Data, m.Role, m.Cluster, role)}
	}
	return nil
}

// nodeAddresses is what a node that runs prints.
type nodeAddresses struct {
	Node    string `json:"node"`
	Role    string `json:"role"`
	Cluster string `json:"cluster"`
	ID      string `json:"id"`
	API     string `json:"api"`
	Gossip  string `json:"gossip"`
	HTTP    string `json:"http"`
	PID     int    `json:"pid"`
}

// runNode runs a node until a signal or a fault ends it.
func runNode(e *env, k config.Config, f *runFlags) error {
	signals := listenForSignals(f.Signal)
	defer signals.stop()
	n, err := openNode(e, k)
	if err != nil {
		return err
	}
	m := n.Membership()
	a := nodeAddresses{
		Node: n.Name(), Role: m.Role, Cluster: m.Cluster, ID: n.ID().String(), API: n.APIAddress(), Gossip: n.GossipAddress(), HTTP: n.HTTPAddress(), PID: os.Getpid(),
	}
	if f.JSON {
		err = writeJSON(e.out, &a)
	} else {
		_, err = fmt.Fprintf(e.out, "%s (%s of cluster %s) runs: API %s, gossip %s, status http://%s/status/node\n", a.Node, a.Role, a.Cluster, a.API, a.Gossip, a.HTTP)
	}
	if err == nil {
		err = signals.await(e, n, f)
	}
	return errors.Join(err, n.Close())
}

// openNode starts a node.
func openNode(e *env, k config.Config) (*node.Node, error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100) // a node holds little that is live, and makes no proofs itself
	}
	m, err := node.ReadMembership(identity.OS, k.Node.Data)
	if err != nil {
		return nil, err
	}
	log := nodeLog(e, k.Log).With("node", m.Name)
	s := shares(k.Devices, m.Role == identity.Worker.String())
	n, err := node.Open(context.Background(), node.Config{
		Config: k, Version: version, Build: build(), Log: log, Now: time.Now, Rand: rand.Reader, Disk: identity.OS,
		Listen: func(address string) (net.Listener, error) { return net.Listen("tcp", address) }, Dial: transport.TCP,
		Device: func(ctx context.Context, i int) (worker.Device, error) {
			return openDevice(ctx, fmt.Sprintf("%s/%d", m.Name, i), e.device, s, log)
		},
		Reference: func(ctx context.Context) (worker.Device, error) { return openReference(ctx, log) },
		Devices:   s.count,
	})
	if err != nil {
		return nil, startUpError{err}
	}
	return n, nil
}

// nodeLog is a node's structured log.
func nodeLog(e *env, l config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo // Check has seen it
	}
	if e.logLevel == "debug" {
		level = slog.LevelDebug
	}
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(e.err, o))
	}
	return slog.New(slog.NewTextHandler(e.err, o))
}
