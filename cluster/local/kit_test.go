package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/config"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/device"
)

// world is a cluster under test, with its clients.
type world struct {
	*Cluster
	rules rules
	log   journal
	op    *node.Caller

	mu      sync.Mutex
	callers map[string]*node.Caller // guarded by mu; validators by tenant
	nonce   atomic.Uint64           // of samples: each world proves its own
}

// rules say how devices misbehave. The zero value has them behave.
type rules struct {
	mu   sync.Mutex
	rule func(device string, t *worker.Task, r *worker.Result) error // guarded by mu
}

func (r *rules) set(rule func(device string, t *worker.Task, made *worker.Result) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rule = rule
}

// ruled is a device that misbehaves by rules.
type ruled struct {
	worker.Device
	rules *rules
	name  string
}

func (d ruled) Run(ctx context.Context, t *worker.Task, begin func(string)) (*worker.Result, error) {
	r, err := d.Device.Run(ctx, t, begin)
	d.rules.mu.Lock()
	rule := d.rules.rule
	d.rules.mu.Unlock()
	if err != nil || rule == nil {
		return r, err
	}
	if err := rule(d.name, t, r); err != nil {
		return nil, err
	}
	return r, nil
}

// crash is what a device reports whose process ended.
func crash() error {
	return &device.Error{Outcome: device.Crashed, Code: fault.CodeInternal, Reason: "a test had it crash"}
}

// journal keeps what all nodes log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
	also io.Writer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.also != nil {
		j.also.Write(b)
	}
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// count says how often nodes have logged a text.
func (j *journal) count(text string) int { return strings.Count(j.String(), text) }

// newWorld starts a cluster whose devices obey rules.
func newWorld(ctx context.Context, dir string, voters, workers int, change ...func(*Options)) (*world, error) {
	w := &world{callers: map[string]*node.Caller{}}
	w.nonce.Store(uint64(time.Now().UnixNano()) % 1e9 * 1000)
	if os.Getenv("RPP_TEST_LOG") != "" {
		w.log.also = os.Stderr
	}
	o := Options{
		Dir: dir, Cluster: "test", Voters: voters, Workers: workers, Version: "test", Build: "test",
		Log: func(name string) *slog.Logger {
			return slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})).With("node", name)
		},
		Device: func(ctx context.Context, node string, i int) (worker.Device, error) {
			d, err := testDevice(ctx, fmt.Sprintf("%s/%d", node, i))
			return ruled{d, &w.rules, fmt.Sprintf("%s/%d", node, i)}, err
		},
		Reference: func(ctx context.Context) (worker.Device, error) {
			return testDevice(ctx, "reference", "RPP_KERNELS=portable")
		},
	}
	o.Adapt = func(_ string, c *config.Config) {
		// The machine is shared: an election a second is soon enough.
		c.Advanced.Election = config.Duration(time.Second)
		c.Advanced.Lease, c.Advanced.Heartbeat = config.Duration(2*time.Second), config.Duration(200*time.Millisecond)
	}
	for _, f := range change {
		f(&o)
	}
	c, err := Start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, lastLines(w.log.String(), 40))
	}
	w.Cluster = c
	w.op, err = c.Operator()
	return w, err
}

func lastLines(s string, n int) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func (w *world) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.callers {
		c.Close()
	}
	if w.op != nil {
		w.op.Close()
	}
	w.Close()
}

// start makes a world of a test's own.
func start(t *testing.T, voters, workers int, change ...func(*Options)) (context.Context, *world) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	t.Cleanup(cancel)
	w, err := newWorld(ctx, t.TempDir(), voters, workers, change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(lastLines(w.log.String(), 60))
		}
		w.end()
	})
	return ctx, w
}

// common is the cluster that tests share which leave it as they found it.
var common struct {
	once sync.Once
	w    *world
	dir  string
	err  error
}

// shared returns the common cluster: three voters, two workers.
func shared(t *testing.T) (context.Context, *world) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	common.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if common.dir, common.err = os.MkdirTemp("", "rpp-local-"); common.err == nil {
			common.w, common.err = newWorld(ctx, common.dir, 3, 2)
		}
	})
	if common.err != nil {
		t.Fatal(common.err)
	}
	t.Cleanup(func() {
		common.w.rules.set(nil)
		if t.Failed() {
			t.Log(lastLines(common.w.log.String(), 60))
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx, common.w
}

func closeShared() {
	if single.p != nil {
		single.p.close()
	}
	if common.w != nil {
		common.w.end()
	}
	if common.dir != "" {
		os.RemoveAll(common.dir)
	}
}

// validator is a tenant's access.
func (w *world) validator(ctx context.Context, t *testing.T, tenant string) *node.Caller {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.callers[tenant]; c != nil {
		return c
	}
	c, err := w.Validator(ctx, tenant)
	if err != nil {
		t.Fatal(err)
	}
	w.callers[tenant] = c
	return c
}

// witness makes a sample that nobody else has.
func (w *world) witness(t *testing.T) []byte {
	t.Helper()
	return witnesses(t, []uint64{w.nonce.Add(1)})[0]
}

func submit(ctx context.Context, c *node.Caller, witness []byte, key string) (*rppv1.SubmitResponse, error) {
	resp, err := c.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: "pruning", Witness: witness, IdempotencyKey: key}))
	if err != nil {
		return nil, api.FromError(err)
	}
	return resp.Msg, nil
}

// watch waits for a job's end.
func watch(ctx context.Context, c *node.Caller, id []byte) (*rppv1.Job, error) {
	return c.Watch(ctx, [32]byte(id), func(*rppv1.Job) error { return nil })
}

// proofOf submits a witness and returns the released proof.
func proofOf(ctx context.Context, c *node.Caller, witness []byte) (*rppv1.Job, []byte, error) {
	resp, err := submit(ctx, c, witness, "")
	if err != nil {
		return nil, nil, err
	}
	return finish(ctx, c, resp.Job.Id)
}

// finish waits for a job's release and fetches its proof.
func finish(ctx context.Context, c *node.Caller, id []byte) (*rppv1.Job, []byte, error) {
	j, err := watch(ctx, c, id)
	if err != nil {
		return nil, nil, err
	}
	if j.State != rppv1.JobState_JOB_STATE_RELEASED {
		return j, nil, fmt.Errorf("job %x is %s: %s %s", j.Id[:6], j.State, j.Code, j.Reason)
	}
	p, err := c.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: id}))
	if err != nil {
		return j, nil, api.FromError(err)
	}
	return j, p.Msg.ProofFile, nil
}

// single is what a process proves that is no cluster.
var single struct {
	once sync.Once
	p    *prover
	err  error
	mu   sync.Mutex // one proof at a time
}

func aloneProof(t *testing.T, witness []byte) []byte {
	t.Helper()
	single.once.Do(func() { single.p, single.err = newProver() })
	if single.err != nil {
		t.Fatal(single.err)
	}
	single.mu.Lock()
	defer single.mu.Unlock()
	_, _, file, err := single.p.prove(witness)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// eventually waits until something is as wanted.
func eventually(ctx context.Context, t *testing.T, what string, span time.Duration, ok func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// leaderName waits for a leader.
func (w *world) leaderName(ctx context.Context, t *testing.T) string {
	t.Helper()
	var name string
	eventually(ctx, t, "a leader", 20*time.Second, func() error {
		n := w.Leader()
		if n == nil {
			return fmt.Errorf("nobody leads")
		}
		name = n.Name()
		return nil
	})
	return name
}

// callAt calls one node as whoever the directory belongs to, without patience.
func (w *world) callAt(t *testing.T, dir string, addresses ...string) *node.Caller {
	t.Helper()
	c, err := node.Call(node.Calling{
		Dir: dir, Addresses: addresses, Disk: identity.OS, Now: time.Now, Rand: rand.New(rand.NewSource(1)), Dial: transport.TCP,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (w *world) operatorDir() string {
	return node.OperatorDir(filepath.Join(w.opt.Dir, w.names[0]))
}

func (w *world) validatorDir(tenant string) string {
	return filepath.Join(w.opt.Dir, "validator-"+tenant)
}

// wantCode fails unless an error has a code.
func wantCode(t *testing.T, what string, err error, codes ...fault.Code) {
	t.Helper()
	for _, c := range codes {
		if fault.Is(err, c) {
			return
		}
	}
	t.Errorf("%s: %v, want %v", what, err, codes)
}
