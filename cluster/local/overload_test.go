package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/config"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
)

// narrow is a cluster that takes ten unfinished jobs, the last one of them for consensus.
func narrow(o *Options) {
	adapt := o.Adapt
	o.Adapt = func(name string, c *config.Config) {
		adapt(name, c)
		c.Limits.QueueJobs, c.Limits.TenantJobs = 10, 10
	}
}

const narrowJobs = 9

// A cluster that has enough to do says so, with a time to come back, and forgets nobody
// whom it has let in. Asking for what is known takes no place.
func TestOverload(t *testing.T) {
	t.Parallel()
	ctx, w := start(t, 1, 1, narrow)
	v := w.validator(ctx, t, "acme")
	impatient := w.callAt(t, w.validatorDir("acme"), w.Addresses()...)
	letGo := w.held(t)
	var all, ids [][]byte
	for i := range narrowJobs {
		b := w.witness(t)
		resp, err := submit(ctx, impatient, b, "")
		if err != nil {
			t.Fatalf("job %d: %v", i, err)
		}
		all, ids = append(all, b), append(ids, resp.Job.Id)
	}
	for range 3 {
		_, err := submit(ctx, impatient, w.witness(t), "")
		wantCode(t, "one too many", err, fault.CodeQueueFull)
		if connect.CodeOf(fault.Of(err).Err) != connect.CodeResourceExhausted || fault.Of(err).RetryAfter <= 0 {
			t.Errorf("one too many: %v, again after %v", fault.Of(err).Err, fault.Of(err).RetryAfter)
		}
	}
	status, after := w.post(ctx, t, "/rpp.v1.JobService/Submit", map[string]any{"family": "pruning", "witness": w.witness(t)})
	if seconds, err := strconv.Atoi(after); status != http.StatusTooManyRequests || err != nil || seconds < 1 {
		t.Errorf("over HTTP: %d, Retry-After %q", status, after)
	}
	for i, b := range all {
		if resp, err := submit(ctx, impatient, b, ""); err != nil || !resp.Existing || !bytes.Equal(resp.Job.Id, ids[i]) {
			t.Errorf("a known job when the queue is full: %v, %v", resp, err)
		}
	}
	letGo()
	w.rules.set(nil)
	for _, id := range ids {
		if _, _, err := finish(ctx, v, id); err != nil {
			t.Error(err)
		}
	}
	for _, b := range all { // they are released: to ask for them again reserves nothing
		if _, err := submit(ctx, impatient, b, ""); err != nil {
			t.Error(err)
		}
	}
	for range narrowJobs {
		if _, err := submit(ctx, impatient, w.witness(t), ""); err != nil {
			t.Errorf("after the load: %v", err)
		}
	}
}

// post makes a call as JSON, and returns the status and the Retry-After of the answer.
func (w *world) post(ctx context.Context, t *testing.T, path string, message any) (status int, after string) {
	t.Helper()
	c, err := identity.OpenDir(identity.OS, w.validatorDir("acme")+"/identity").Load("test")
	if err != nil {
		t.Fatal(err)
	}
	dialer := transport.NewDialer(transport.DialerConfig{
		Base: transport.TCP, Credentials: c,
		Verifier: identity.NewVerifier(identity.Trust{Cluster: "test", Roots: c.Roots(), Now: time.Now}),
	})
	h := dialer.HTTPClient(nil)
	defer h.CloseIdleConnections()
	body, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+w.Addresses()[0]+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Retry-After")
}

// overloaded has as many clients as fit keep the cluster full, then sixty-four more come,
// who wait as they are told. It returns the 99th percentiles of the accepted ones' times
// before and after, how many were refused, and the most memory that was in use.
func overloaded(ctx context.Context, t *testing.T, w *world) (calm, crowded time.Duration, refused int, heap uint64) {
	t.Helper()
	w.validator(ctx, t, "acme")
	impatient := w.callAt(t, w.validatorDir("acme"), w.Addresses()...)
	run := func(clients, jobs int) []time.Duration {
		next := make(chan []byte, jobs)
		for range jobs {
			next <- w.witness(t)
		}
		close(next)
		var mu sync.Mutex
		var took []time.Duration
		var no atomic.Int64
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				for b := range next {
					d, n, err := persist(ctx, impatient, b)
					no.Add(int64(n))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					took = append(took, d)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if len(took) != jobs {
			t.Errorf("%d of %d jobs were released", len(took), jobs)
		}
		refused = int(no.Load())
		slices.Sort(took)
		return took
	}
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = max(heap, m.HeapInuse)
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	run(narrowJobs, 2*narrowJobs) // warm
	before := run(narrowJobs, 64)
	after := run(narrowJobs+64, 64+2*narrowJobs)
	close(stop)
	watching.Wait()
	at := func(list []time.Duration) time.Duration { return list[len(list)*99/100] }
	return at(before), at(after), refused, heap
}

// persist submits until the cluster takes the job, and waits for its release. The time is
// that of the job, from the call that was answered well.
func persist(ctx context.Context, c *node.Caller, b []byte) (took time.Duration, refused int, err error) {
	for {
		began := time.Now()
		resp, err := submit(ctx, c, b, "")
		if err == nil {
			_, _, err := finish(ctx, c, resp.Job.Id)
			return time.Since(began), refused, err
		}
		f := fault.Of(err)
		if f.Kind != fault.Exhausted || f.RetryAfter <= 0 {
			return 0, refused, fmt.Errorf("refused without a time to retry: %w", err)
		}
		refused++
		select {
		case <-ctx.Done():
			return 0, refused, ctx.Err()
		case <-time.After(f.RetryAfter):
		}
	}
}
