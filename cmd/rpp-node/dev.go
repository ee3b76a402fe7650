package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"rpp-node/cluster/config"
	"rpp-node/cluster/local"
	"rpp-node/cluster/node"
	"rpp-node/cluster/worker"
)

// devCmd runs a cluster in one process.
type devCmd struct {
	Voters  int    `help:"Voters." default:"3"`
	Workers int    `help:"Workers." default:"2"`
	Threads int    `help:"Worker threads of each device; 0 divides all cores among them." default:"0"`
	Data    string `help:"Directory to keep the cluster in; without it a temporary one, removed at the end." placeholder:"DIR"`
	JSON    bool   `help:"Print addresses and identities as JSON."`
}

func (c *devCmd) Help() string {
	return "Everything is as on separate machines (certificates, encrypted gossip, stores, device processes), on free ports\n" +
		"of loopback. Runs until SIGTERM or SIGINT.\n\n" +
		"Examples:\n" +
		"  rpp-node dev\n" +
		"  rpp-node dev --voters 1 --workers 1 --data devcluster"
}

// devResult is what the command prints.
type devResult struct {
	Cluster   string    `json:"cluster"`
	Data      string    `json:"data"`
	Nodes     []devNode `json:"nodes"`
	API       []string  `json:"api"`
	Operator  string    `json:"operator"`
	Validator string    `json:"validator"`
}

type devNode struct {
	Name string `json:"name"`
	API  string `json:"api"`
	HTTP string `json:"http"`
}

// devTenant is whose jobs the validator of 'rpp-node dev' submits.
const devTenant = "dev"

func (c *devCmd) Run(e *env) error {
	if c.Voters < 1 || c.Voters > 9 || c.Workers < 0 || c.Workers > 16 {
		return usageError{fmt.Errorf("--voters: %d, want 1 to 9; --workers: %d, want 0 to 16", c.Voters, c.Workers)}
	}
	dir := c.Data
	if dir == "" {
		temporary, err := os.MkdirTemp("", "rpp-dev-")
		if err != nil {
			return startUpError{err}
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	} else if err := notMember(filepath.Join(dir, "voter-1")); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	o, err := localOptions(e, dir, "dev", c.Voters, c.Workers, c.Threads)
	if err != nil {
		return err
	}
	o.Log = c.log(e)
	cluster, err := local.Start(ctx, o)
	if err != nil {
		return startUpError{err}
	}
	defer cluster.Close()
	v, err := cluster.Validator(ctx, devTenant)
	if err != nil {
		return startUpError{err}
	}
	v.Close()
	r := devResult{
		Cluster: "dev", Data: dir, API: cluster.Addresses(), Operator: node.OperatorDir(filepath.Join(dir, "voter-1")), Validator: filepath.Join(dir, "validator-"+devTenant),
	}
	for _, name := range cluster.Names() {
		n := cluster.Node(name)
		r.Nodes = append(r.Nodes, devNode{name, n.APIAddress(), n.HTTPAddress()})
	}
	if err := c.print(e, &r); err != nil {
		return err
	}
	return awaitEnd(ctx, cluster)
}

// log is the nodes' log: what is wrong, or what --log-level asks for.
func (c *devCmd) log(e *env) func(string) *slog.Logger {
	l := config.Log{Level: "warn", Format: "text"}
	if e.logLevel != "off" {
		l.Level = e.logLevel
	}
	return func(node string) *slog.Logger { return nodeLog(e, l).With("node", node) }
}

func (c *devCmd) print(e *env, r *devResult) error {
	if c.JSON {
		return writeJSON(e.out, r)
	}
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, n := range r.Nodes {
		fmt.Fprintf(w, "%s\tAPI %s\tstatus http://%s/status/cluster\n", n.Name, n.API, n.HTTP)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.out, "the cluster runs; to call it from another terminal:\n"+
		"  export RPP_API=%s\n"+
		"  rpp-node cluster status --as %s\n"+
		"  rpp-node validator proofs submit --as %s --family pruning --witness block.json --wait -o block.proof\n",
		strings.Join(r.API, ","), r.Operator, r.Validator)
	return err
}

// awaitEnd waits for a signal, or for a node that cannot go on.
func awaitEnd(ctx context.Context, c *local.Cluster) error {
	faulted := make(chan error, len(c.Names()))
	for _, name := range c.Names() {
		n := c.Node(name)
		go func() {
			select {
			case <-n.Faulted():
				faulted <- fmt.Errorf("%s cannot go on: %w", n.Name(), n.Fault())
			case <-ctx.Done():
			}
		}()
	}
	select {
	case err := <-faulted:
		return err
	case <-ctx.Done():
		return nil
	}
}

// localOptions are those of a cluster in this process, whose device processes are this
// program.
func localOptions(e *env, dir, name string, voters, workers, threadsEach int) (local.Options, error) {
	dev, err := threads(threadsEach)
	if err != nil {
		return local.Options{}, err
	}
	s := deviceShare{threads: dev.Workers()}
	if threadsEach == 0 {
		s.threads = max(s.threads/max(workers, 1), 1)
	}
	// Nodes that come and go on purpose complain of each other; who wants to hear it says so.
	log := func(node string) *slog.Logger {
		if e.logLevel == "off" {
			return slog.New(slog.DiscardHandler)
		}
		return nodeLog(e, config.Log{Level: e.logLevel, Format: "text"}).With("node", node)
	}
	progress := newNotes(e.err)
	return local.Options{
		Dir: dir, Cluster: name, Voters: voters, Workers: workers, Version: version, Build: build(), Log: log,
		Device: func(ctx context.Context, node string, i int) (worker.Device, error) {
			return openDevice(ctx, fmt.Sprintf("%s/%d", node, i), e.device, s, log(node))
		},
		Reference: func(ctx context.Context) (worker.Device, error) { return openReference(ctx, log("reference")) },
		Progress:  progress.say,
	}, nil
}
