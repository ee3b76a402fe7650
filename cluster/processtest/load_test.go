//go:build linux

package processtest

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
	"rpp-node/prover/circuit"
)

const family = "pruning"

// tenants share the load.
var tenants = []string{"acme", "blue"}

// load is clients that submit one job after the other, each under a key of its own, and
// wait for it. Now and then a client asks twice at once, as one does that has lost
// patience, or asks for what another has asked for before.
type load struct {
	rig     *rig
	history *history
	seed    uint64
	size    int
	ctx     context.Context // ends with the load
	stop    context.CancelFunc
	clients int // so far
	running sync.WaitGroup

	refused  atomic.Int64 // for now: too much to do, or no room
	unheard  atomic.Int64 // calls without an answer
	released atomic.Int64 // jobs that a client has seen released

	mu       sync.Mutex // guards the rest
	promised []promise
	took     []time.Duration // from the promise to the release, as a client sees it
}

// promise is a job that a client was told is accepted.
type promise struct {
	tenant, key string
	witness     uint64 // its seed
	job         string
}

// start has clients begin.
func (r *rig) start(clients int) *load { return r.startSize(clients, 16) }

// startSize has clients begin that submit blocks of so many transactions.
func (r *rig) startSize(clients, size int) *load {
	for _, tenant := range tenants {
		if r.people[tenant] == "" {
			r.validator(tenant)
		}
	}
	l := &load{rig: r, history: newHistory(), seed: r.random.Uint64() >> 8, size: size}
	l.ctx, l.stop = context.WithCancel(r.t.Context())
	r.load = l
	l.more(clients)
	return l
}

// client is the client of a number.
func (l *load) client(i int) *client {
	tenant := tenants[i%len(tenants)]
	return &client{
		load: l, id: i, tenant: tenant, caller: l.rig.accessFrom(tenant, i), other: l.rig.accessFrom(tenant, i+1),
		random: rand.New(rand.NewPCG(l.seed, uint64(i))),
	}
}

// more has further clients begin, and returns a function that ends them.
func (l *load) more(clients int) (end func()) {
	ctx, stop := context.WithCancel(l.ctx)
	var running sync.WaitGroup
	for range clients {
		c := l.client(l.clients)
		l.clients++
		l.running.Add(1)
		running.Add(1)
		go func() {
			defer l.running.Done()
			defer running.Done()
			c.run(ctx)
		}()
	}
	return func() { stop(); running.Wait() }
}

// end has the clients stop submitting; what was promised stays promised.
func (l *load) end() {
	l.stop()
	l.running.Wait()
}

// witness is the witness of a seed, in its binary form.
func witness(size int, seed uint64) []byte {
	f, err := circuit.ByName(family)
	if err != nil {
		panic(err)
	}
	w, err := f.Sample(size, seed)
	if err != nil {
		panic(err)
	}
	return w.Binary()
}

// client is one that submits.
type client struct {
	load          *load
	id            int
	tenant        string
	caller, other *node.Caller
	random        *rand.Rand
}

func (c *client) run(ctx context.Context) {
	for i := uint64(0); ctx.Err() == nil; i++ {
		c.one(ctx, i)
	}
}

// one submits a client's i-th job and waits for it.
func (c *client) one(ctx context.Context, i uint64) {
	seed := c.load.seed + uint64(c.id)<<32 + i
	if i > 2 && c.random.IntN(10) == 0 {
		seed = c.load.seed + uint64(c.id)<<32 + c.random.Uint64N(i) // asked for before
	}
	key, body := fmt.Sprintf("%d-%d", c.id, i), witness(c.load.size, seed)
	if c.random.IntN(8) == 0 {
		c.load.running.Add(1)
		go func() {
			defer c.load.running.Done()
			c.submit(ctx, c.other, key, body)
		}()
	}
	for ctx.Err() == nil {
		job, err := c.submit(ctx, c.caller, key, body)
		if err == nil {
			c.load.promise(promise{c.tenant, key, seed, hex.EncodeToString(job.Id)})
			began := time.Now()
			if c.await(ctx, key) {
				c.load.finished(time.Since(began))
			}
			return
		}
		wait(ctx, max(err.RetryAfter, 50*time.Millisecond))
	}
}

// wait waits, at most until the context ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (l *load) promise(p promise) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.promised = append(l.promised, p)
}

func (l *load) finished(took time.Duration) {
	l.released.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took)
}

// promises are what was promised so far.
func (l *load) promises() []promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]promise(nil), l.promised...)
}

// callTimeout is how long clients wait for an answer.
const callTimeout = 5 * time.Second

// submit submits once, and writes the outcome down.
func (c *client) submit(ctx context.Context, caller *node.Caller, key string, body []byte) (*rppv1.Job, *fault.Error) {
	// Not even the end of the load breaks a call off: its outcome counts.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	began := time.Now()
	resp, err := caller.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: family, Witness: body, IdempotencyKey: key}))
	in := input{c.tenant + "/" + key, true}
	if err == nil {
		c.load.history.add(c.id, in, told(resp.Msg.Job), began)
		return resp.Msg.Job, nil
	}
	e := fault.Of(api.FromError(err))
	if e.Kind == fault.Exhausted || e.Kind == fault.NoSpace {
		c.load.refused.Add(1) // and so it is not accepted
		if e.RetryAfter == 0 {
			c.load.rig.t.Errorf("refused without saying when to come again: %v", e)
		}
		return nil, e
	}
	c.load.unheard.Add(1)
	if e.Kind != fault.Unavailable && ctx.Err() == nil {
		c.load.rig.t.Errorf("key %s: submit: %v", key, e)
	}
	c.load.history.add(c.id, in, output{lost: true}, began)
	return nil, e
}

// get asks once, and writes the answer down; without one it reports false.
func (c *client) get(ctx context.Context, key string) (output, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	began := time.Now()
	resp, err := c.caller.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{IdempotencyKey: key}))
	var out output
	switch {
	case err == nil:
		out = told(resp.Msg.Job)
	case fault.Is(api.FromError(err), fault.CodeNoJob):
		out.absent = true
	default:
		return out, false
	}
	c.load.history.add(c.id, input{c.tenant + "/" + key, false}, out, began)
	return out, true
}

// await waits until the job of a key has ended, and reports whether it was released.
func (c *client) await(ctx context.Context, key string) bool {
	for ctx.Err() == nil {
		if out, ok := c.get(ctx, key); ok && out.state >= rppv1.JobState_JOB_STATE_RELEASED {
			return out.state == rppv1.JobState_JOB_STATE_RELEASED
		}
		wait(ctx, time.Duration(80+c.random.IntN(80))*time.Millisecond)
	}
	return false
}
