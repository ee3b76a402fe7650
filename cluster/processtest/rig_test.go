//go:build linux

package processtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/processtest/netlab"
)

const (
	voterCount  = 3
	workerCount = 4
	// lease is shorter than the default, so that scenarios fit their time.
	lease = 4 * time.Second
	// diskBytes is the size of each node's disk.
	diskBytes = 512 << 20
	// freeBytes of it must be free for jobs to be admitted.
	freeBytes = 64 << 20
)

// options are what scenarios may choose.
type options struct {
	// small plays a tenth of it.
	small bool
	// adapt changes a node's configuration.
	adapt func(name string, c *config.Config)
}

// rig is a cluster of processes, and a client's machine.
type rig struct {
	t       *testing.T
	options options
	tally   *tally
	lab     *netlab.Lab
	dir     string
	nodes   []*process // voters first
	client  *netlab.Host
	random  *mathrand.Rand // of the plan
	people  map[string]string
	load    *load

	mu       sync.Mutex // guards the rest
	calls    []*node.Caller
	accesses map[string]*node.Caller
}

// newRig founds a cluster on fresh disks, and waits until every voter votes and every
// worker is connected.
func newRig(t *testing.T, seed uint64, tally *tally, o options) *rig {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	bin := program(t)
	r := &rig{t: t, options: o, tally: tally, dir: t.TempDir(), random: mathrand.New(mathrand.NewPCG(seed, 0)), people: map[string]string{}, accesses: map[string]*node.Caller{}}
	var names []string
	for i := range voterCount {
		names = append(names, fmt.Sprintf("voter-%d", i+1))
	}
	for i := range workerCount {
		names = append(names, fmt.Sprintf("worker-%d", i+1))
	}
	var err error
	if r.lab, err = netlab.New(seed, append(slices.Clone(names), "client")...); err != nil {
		t.Skipf("no network namespaces or TAP devices: %v", err)
	}
	t.Cleanup(r.close)
	r.client = r.lab.Host("client")
	for _, name := range names {
		h := r.lab.Host(name)
		p := &process{name: name, program: bin, host: h, dir: filepath.Join(r.dir, name), logFile: filepath.Join(r.dir, name+".log"), pages: newPages(h)}
		if err := mountDisk(p.dir, diskBytes); err != nil {
			t.Skipf("no disk for a node: %v", err)
		}
		r.nodes = append(r.nodes, p)
		if err := r.configure(p); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if err := r.found(); err != nil {
		r.fatal("founding: %v", err)
	}
	t.Logf("a cluster of %d voters and %d workers after %v", voterCount, workerCount, time.Since(began).Round(time.Millisecond))
	return r
}

// mountDisk gives a node a disk of its own, of that size.
func mountDisk(dir string, bytes int64) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes))
}

func (r *rig) close() {
	for _, c := range r.calls {
		c.Close()
	}
	for _, p := range r.nodes {
		if p.alive() {
			p.kill()
		}
	}
	r.lab.Close()
	for _, p := range r.nodes {
		unix.Unmount(p.dir, unix.MNT_DETACH)
	}
	if r.t.Failed() {
		r.keep()
	}
}

// logsEnv names a folder that the logs of failed scenarios are copied to.
const logsEnv = "RPP_PROCESSTEST_LOGS"

func (r *rig) keep() {
	to := os.Getenv(logsEnv)
	if to == "" {
		return
	}
	to = filepath.Join(to, filepath.Base(r.t.Name()))
	os.MkdirAll(to, 0o755)
	for _, p := range r.nodes {
		if b, err := os.ReadFile(p.logFile); err == nil {
			os.WriteFile(filepath.Join(to, p.name+".log"), b, 0o644)
		}
	}
}

// fatal ends the test with the last words of the nodes.
func (r *rig) fatal(format string, args ...any) {
	r.t.Helper()
	for _, p := range r.nodes {
		if p.life() != nil {
			w := p.words()
			r.t.Logf("%s: …%s", p.name, w[max(0, len(w)-600):])
		}
	}
	r.t.Fatalf(format, args...)
}

// configure writes a node's configuration.
func (r *rig) configure(p *process) error {
	c := config.Default()
	c.Node.Name, c.Node.Data = p.name, p.data()
	c.Listen = config.Listen{API: p.address(), Gossip: p.host.Address(gossipPort), HTTP: fmt.Sprintf("127.0.0.1:%d", pagesPort)}
	c.Store.Ballast, c.Store.Cache, c.Store.MinFree = 8<<20, 8<<20, freeBytes
	c.Devices.Threads, c.Devices.Memory = 1, 1<<30
	c.Advanced.Lease, c.Advanced.Heartbeat = config.Duration(lease), config.Duration(500*time.Millisecond)
	c.Log.Level = "debug"
	if r.options.adapt != nil {
		r.options.adapt(p.name, &c)
	}
	if err := os.MkdirAll(p.data(), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(p.data(), "config.toml"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(c.Write(f), f.Close())
}

// found founds the cluster.
func (r *rig) found() error {
	first := r.nodes[0]
	if _, err := first.do("init", "--data", first.data(), "--cluster", "lab"); err != nil {
		return err
	}
	if err := first.up(); err != nil {
		return err
	}
	// The operator's identity is kept where no fault reaches it.
	r.people["operator"] = filepath.Join(r.dir, "operator")
	if err := copyTree(r.people["operator"], node.OperatorDir(first.data())); err != nil {
		return err
	}
	for _, p := range r.nodes[1:] {
		role := identity.Worker
		if p.voter() {
			role = identity.Voter
		}
		t, err := r.token(role, "")
		if err != nil {
			return err
		}
		if err := p.start("--join", t); err != nil {
			return err
		}
	}
	for _, p := range r.nodes[1:] {
		if err := p.awaitReady(20 * time.Second); err != nil {
			return err
		}
	}
	return r.awaitWhole(30 * time.Second)
}

// token makes a join token as the operator.
func (r *rig) token(role identity.Role, tenant string) (string, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	var last error
	for ctx.Err() == nil { // making one is not repeated by the client: it might make two
		resp, err := r.operator().Cluster.CreateToken(ctx, connect.NewRequest(&rppv1.CreateTokenRequest{Role: role.String(), Tenant: tenant}))
		if err == nil {
			return resp.Msg.Token, nil
		}
		last = api.FromError(err)
		time.Sleep(100 * time.Millisecond)
	}
	return "", last
}

// addresses are where the voters' APIs are, beginning with one of them.
func (r *rig) addresses(first int) []string {
	var list []string
	for i := range voterCount {
		list = append(list, r.nodes[(first+i)%voterCount].address())
	}
	return list
}

// callAt opens a person's access through these nodes.
func (r *rig) callAt(person string, addresses ...string) *node.Caller {
	c, err := node.Call(node.Calling{
		Dir: r.people[person], Addresses: addresses, Disk: identity.OS, Now: time.Now, Rand: rand.Reader,
		Dial: func(ctx context.Context, address string) (net.Conn, error) { return r.client.Dial(ctx, "tcp", address) },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
	return c
}

// validator has a validator of a tenant join.
func (r *rig) validator(tenant string) {
	text, err := r.token(identity.Validator, tenant)
	if err != nil {
		r.fatal("a token for %s: %v", tenant, err)
	}
	t, err := identity.ParseToken(text)
	if err != nil {
		r.t.Fatal(err)
	}
	dir := filepath.Join(r.dir, "validator-"+tenant)
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	_, err = node.Join(ctx, node.Joining{
		Token: t, Data: dir, Version: "test", Disk: identity.OS, Now: time.Now, Rand: rand.Reader,
		Dial: func(ctx context.Context, address string) (net.Conn, error) { return r.client.Dial(ctx, "tcp", address) },
	})
	if err != nil {
		r.fatal("validator of %s: %v", tenant, err)
	}
	r.people[tenant] = dir
}

// clusterStatus is what the cluster says of itself, by way of any voter.
func (r *rig) clusterStatus() (*rppv1.StatusResponse, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	resp, err := r.operator().Cluster.Status(ctx, connect.NewRequest(&rppv1.StatusRequest{}))
	if err != nil {
		return nil, api.FromError(err)
	}
	return resp.Msg, nil
}

// operator is the operator's access.
func (r *rig) operator() *node.Caller { return r.access("operator") }

// await waits until ok, which is asked often.
func (r *rig) await(what string, limit time.Duration, ok func() bool) error {
	end := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(end) {
			return fmt.Errorf("after %s there is not: %s", limit, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// awaitWhole waits until every voter votes and every worker is connected.
func (r *rig) awaitWhole(limit time.Duration) error {
	var last string
	err := r.await("a whole cluster", limit, func() bool {
		s, err := r.clusterStatus()
		if err != nil {
			last = err.Error()
			return false
		}
		voting, working := 0, 0
		for _, m := range s.Members {
			if m.RaftState == "leader" || m.RaftState == "follower" {
				voting++
			}
			if m.Role == identity.Worker.String() && len(m.Devices) > 0 && m.Liveness == "alive" {
				working++
			}
		}
		last = fmt.Sprintf("%d voters vote, %d workers work; leader %q", voting, working, s.Leader)
		return voting == voterCount && working == workerCount && s.Leader != ""
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, last)
	}
	return nil
}

// node is the process of that name.
func (r *rig) node(name string) *process {
	i := slices.IndexFunc(r.nodes, func(p *process) bool { return p.name == name })
	if i < 0 {
		r.t.Fatalf("no node %q", name)
	}
	return r.nodes[i]
}

func (r *rig) voters() []*process  { return r.nodes[:voterCount] }
func (r *rig) workers() []*process { return r.nodes[voterCount:] }

// leader waits until a voter says that it leads.
func (r *rig) leader() *process {
	var found *process
	err := r.await("a leader", 20*time.Second, func() bool {
		var term uint64
		for _, p := range r.voters() {
			if !p.alive() {
				continue
			}
			if s, err := p.status(); err == nil && s.Node.Raft != nil && s.Node.Raft.State == "leader" && s.Node.Raft.Term >= term {
				found, term = p, s.Node.Raft.Term
			}
		}
		return found != nil
	})
	if err != nil {
		r.fatal("%v", err)
	}
	return found
}

// follower is a voter that does not lead.
func (r *rig) follower() *process {
	l := r.leader()
	for _, i := range r.random.Perm(voterCount) {
		if r.nodes[i] != l {
			return r.nodes[i]
		}
	}
	return nil
}

func (r *rig) worker() *process { return r.workers()[r.random.IntN(workerCount)] }

// rounds is how often to do what a full run does so many times.
func (r *rig) rounds(full int) int {
	if r.options.small {
		return max(1, full/4)
	}
	return full
}

// between draws a time.
func (r *rig) between(from, to time.Duration) time.Duration {
	return from + time.Duration(r.random.Int64N(int64(to-from)))
}

// access is a person's access through any voter, accessAt through one of them; both are
// kept.
func (r *rig) access(person string) *node.Caller { return r.kept(person, r.addresses(0)...) }

func (r *rig) accessAt(person string, v *process) *node.Caller { return r.kept(person, v.address()) }

// accessFrom is a person's access that asks one of the voters first. Clients share what is
// kept, as the jobs of one program would.
func (r *rig) accessFrom(person string, first int) *node.Caller {
	return r.kept(person, r.addresses(first%voterCount)...)
}

func (r *rig) kept(person string, addresses ...string) *node.Caller {
	key := fmt.Sprint(person, addresses)
	r.mu.Lock()
	c := r.accesses[key]
	r.mu.Unlock()
	if c != nil {
		return c
	}
	c = r.callAt(person, addresses...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.accesses[key] == nil {
		r.accesses[key] = c
	}
	return r.accesses[key]
}
