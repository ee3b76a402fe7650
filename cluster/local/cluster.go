package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
	"rpp-node/cluster/worker"
)

// Options say what cluster to run.
type Options struct {
	Dir     string // everything is kept below it
	Cluster string // id
	Voters  int
	Workers int
	// Adapt changes a node's configuration before it starts; nil leaves it.
	Adapt   func(name string, c *config.Config)
	Version string
	Build   string
	Log     func(name string) *slog.Logger
	// Device makes a worker's device of that index.
	Device    func(ctx context.Context, node string, index int) (worker.Device, error)
	Reference func(ctx context.Context) (worker.Device, error)
	Progress  func(what string)
	// Now is the clock of all nodes and of who calls them; nil is the machine's.
	Now func() time.Time
}

// Cluster is a running cluster.
type Cluster struct {
	opt   Options
	mu    sync.Mutex
	nodes map[string]*node.Node // guarded by mu; those that run
	names []string              // of all, voters first
}

// passphrase seals the root of a cluster that nobody is to recover.
var passphrase = []byte("a cluster in one process")

// Start founds a cluster, has every node join, and returns when all voters vote and all
// workers are connected.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Cluster{opt: o, nodes: map[string]*node.Node{}}
	for i := range o.Voters {
		c.names = append(c.names, fmt.Sprintf("voter-%d", i+1))
	}
	for i := range o.Workers {
		c.names = append(c.names, fmt.Sprintf("worker-%d", i+1))
	}
	if err := c.start(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	first := c.names[0]
	c.opt.Progress("founding the cluster with " + first)
	k := c.config(first)
	if err := c.keepPorts(first, &k); err != nil {
		return err
	}
	_, err := node.Found(node.Founding{
		Config: k, Cluster: c.opt.Cluster, Passphrase: passphrase, Disk: identity.OS, Now: c.opt.Now, Rand: rand.Reader,
	})
	if err != nil {
		return err
	}
	if err := c.Restart(ctx, first); err != nil {
		return err
	}
	if err := c.await(ctx, "a leader", func(s *rppv1.StatusResponse) bool { return s.Leader != "" && len(s.Members) > 0 }); err != nil {
		return err
	}
	for _, name := range c.names[1:] {
		c.opt.Progress(name + " joins")
		if err := c.join(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := c.Restart(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return c.await(ctx, "every voter's vote and every worker's session", func(s *rppv1.StatusResponse) bool {
		voting, working := 0, 0
		for _, m := range s.Members {
			if m.RaftState == "leader" || m.RaftState == "follower" {
				voting++
			}
			if m.Role == identity.Worker.String() && len(m.Devices) > 0 {
				working++
			}
		}
		return voting == c.opt.Voters && working == c.opt.Workers
	})
}

// config is a node's configuration: ports that are free, and what Adapt says.
func (c *Cluster) config(name string) config.Config {
	k := config.Default()
	k.Node.Name, k.Node.Data = name, filepath.Join(c.opt.Dir, name)
	k.Listen = config.Listen{API: "127.0.0.1:0", Gossip: "127.0.0.1:0", HTTP: "127.0.0.1:0"}
	k.Store.Ballast, k.Store.Cache = 1<<20, 8<<20
	if c.opt.Adapt != nil {
		c.opt.Adapt(name, &k)
	}
	return k
}

// await waits until a status is as wanted.
func (c *Cluster) await(ctx context.Context, what string, ok func(*rppv1.StatusResponse) bool) error {
	for {
		if n := c.Leader(); n != nil {
			if s, err := n.ClusterStatus(ctx); err == nil && ok(s) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Leader is the node that leads, nil during an election.
func (c *Cluster) Leader() *node.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range c.names {
		if n := c.nodes[name]; n != nil && n.Leading() {
			return n
		}
	}
	return nil
}

// Node is a node that runs, nil if it does not.
func (c *Cluster) Node(name string) *node.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[name]
}

// Names lists all nodes, voters first, whether they run or not.
func (c *Cluster) Names() []string { return c.names }

// Addresses lists where the APIs of the voters that run are.
func (c *Cluster) Addresses() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, name := range c.names[:c.opt.Voters] {
		if n := c.nodes[name]; n != nil {
			list = append(list, n.APIAddress())
		}
	}
	return list
}

// Close ends every node, all at the same time: none has to wait for another to notice.
func (c *Cluster) Close() error {
	all := make([]error, len(c.names))
	var ending sync.WaitGroup
	for i, name := range c.names {
		ending.Go(func() { all[i] = c.Kill(name) })
	}
	ending.Wait()
	return errors.Join(all...)
}

// Kill ends a node without a farewell, Stop as an operator would.
func (c *Cluster) Kill(name string) error { return c.end(name, (*node.Node).Kill) }
func (c *Cluster) Stop(name string) error { return c.end(name, (*node.Node).Close) }

func (c *Cluster) end(name string, how func(*node.Node) error) error {
	c.mu.Lock()
	n := c.nodes[name]
	delete(c.nodes, name)
	c.mu.Unlock()
	if n == nil {
		return nil
	}
	return how(n)
}

// Restart starts a node from its directory.
func (c *Cluster) Restart(ctx context.Context, name string) error {
	k := c.config(name)
	if err := c.keepPorts(name, &k); err != nil {
		return err
	}
	devices := 0
	if k.Devices.Count > 0 {
		devices = k.Devices.Count
	} else if k.Devices.Count < 0 && name[0] == 'w' {
		devices = 1
	}
	n, err := node.Open(ctx, node.Config{
		Config: k, Version: c.opt.Version, Build: c.opt.Build, Log: c.opt.Log(name), Now: c.opt.Now, Rand: rand.Reader,
		Disk: identity.OS, Listen: listen, Dial: transport.TCP, Devices: devices, Reference: c.opt.Reference,
		Device: func(ctx context.Context, i int) (worker.Device, error) { return c.opt.Device(ctx, name, i) },
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.nodes[name] = n
	c.mu.Unlock()
	return nil
}

// join has a node join with a fresh token.
func (c *Cluster) join(ctx context.Context, name string) error {
	role := identity.Voter
	if name[0] == 'w' {
		role = identity.Worker
	}
	k := c.config(name)
	if err := c.keepPorts(name, &k); err != nil {
		return err
	}
	t, err := c.token(ctx, role, "")
	if err != nil {
		return err
	}
	_, err = node.Join(ctx, node.Joining{
		Token: t, Data: k.Node.Data, Name: name, APIAddress: k.Listen.API, GossipAddress: k.Listen.Gossip,
		Version: c.opt.Version, Disk: identity.OS, Now: c.opt.Now, Rand: rand.Reader, Dial: transport.TCP,
	})
	return err
}

// Operator calls the cluster as its first operator.
func (c *Cluster) Operator() (*node.Caller, error) {
	return c.caller(node.OperatorDir(filepath.Join(c.opt.Dir, c.names[0])))
}

func (c *Cluster) caller(dir string) (*node.Caller, error) {
	return node.Call(node.Calling{
		Dir: dir, Addresses: c.Addresses(), Patient: true, Disk: identity.OS, Now: c.opt.Now, Rand: rand.Reader, Dial: transport.TCP,
	})
}

// Validator has a validator of a tenant join, and calls the cluster as it.
func (c *Cluster) Validator(ctx context.Context, tenant string) (*node.Caller, error) {
	dir := filepath.Join(c.opt.Dir, "validator-"+tenant)
	t, err := c.token(ctx, identity.Validator, tenant)
	if err != nil {
		return nil, err
	}
	_, err = node.Join(ctx, node.Joining{
		Token: t, Data: dir, Version: c.opt.Version, Disk: identity.OS, Now: c.opt.Now, Rand: rand.Reader, Dial: transport.TCP,
	})
	if err != nil {
		return nil, err
	}
	return c.caller(dir)
}

// token makes a join token as the operator.
func (c *Cluster) token(ctx context.Context, role identity.Role, tenant string) (identity.Token, error) {
	o, err := c.Operator()
	if err != nil {
		return identity.Token{}, err
	}
	defer o.Close()
	resp, err := o.Cluster.CreateToken(ctx, connect.NewRequest(&rppv1.CreateTokenRequest{Role: role.String(), Tenant: tenant}))
	if err != nil {
		return identity.Token{}, api.FromError(err)
	}
	return identity.ParseToken(resp.Msg.Token)
}
