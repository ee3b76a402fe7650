package local

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/device"
)

// cancelJob takes a tenant's subscription back.
func cancelJob(ctx context.Context, c *node.Caller, id []byte) (*rppv1.Job, error) {
	resp, err := c.Jobs.Cancel(ctx, connect.NewRequest(&rppv1.CancelRequest{Id: id}))
	if err != nil {
		return nil, api.FromError(err)
	}
	return resp.Msg.Job, nil
}

// held makes devices keep what they have proved until it is let go.
func (w *world) held(t *testing.T) (letGo func()) {
	gate := make(chan struct{})
	var once sync.Once
	letGo = func() { once.Do(func() { close(gate) }) }
	t.Cleanup(letGo)
	w.rules.set(func(string, *worker.Task, *worker.Result) error { <-gate; return nil })
	return letGo
}

func TestIdempotency(t *testing.T) {
	ctx, w := shared(t)
	acme, other := w.validator(ctx, t, "acme"), w.validator(ctx, t, "other")
	b := w.witness(t)

	first, err := submit(ctx, acme, b, "order-1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := submit(ctx, acme, b, "order-1")
	if err != nil || !again.Existing || !bytes.Equal(again.Job.Id, first.Job.Id) {
		t.Errorf("the same key and witness: %v, %v", again, err)
	}
	_, err = submit(ctx, acme, w.witness(t), "order-1")
	wantCode(t, "the same key, another witness", err, fault.CodeIdemKey)
	if _, err := submit(ctx, other, w.witness(t), "order-1"); err != nil {
		t.Errorf("another tenant's key of the same name: %v", err)
	}
	shared, err := submit(ctx, other, b, "mine")
	if err != nil || !shared.Existing || !bytes.Equal(shared.Job.Id, first.Job.Id) {
		t.Errorf("another tenant's equal spec: %v, %v", shared, err)
	}
	_, mine, err1 := finish(ctx, acme, first.Job.Id)
	_, theirs, err2 := finish(ctx, other, first.Job.Id)
	if err1 != nil || err2 != nil || !bytes.Equal(mine, theirs) {
		t.Fatalf("%v, %v, %d and %d bytes", err1, err2, len(mine), len(theirs))
	}
	if n := w.log.count("msg=proved node=worker-1 target=plonky3 device=worker-1/0 job=" + fmt.Sprintf("%x", first.Job.Id)); n > 1 {
		t.Errorf("worker-1 proved it %d times", n)
	}
	// What is released stays so, whatever is asked of it.
	again, err = submit(ctx, acme, b, "order-1")
	if err != nil || !again.Existing || again.Job.State != rppv1.JobState_JOB_STATE_RELEASED {
		t.Errorf("after its release: %v, %v", again, err)
	}
	_, err = cancelJob(ctx, acme, first.Job.Id)
	wantCode(t, "cancelling what is released", err, fault.CodeFinal)
	got, err := acme.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{IdempotencyKey: "order-1"}))
	if err != nil || !bytes.Equal(got.Msg.Job.Id, first.Job.Id) {
		t.Errorf("by its key: %v, %v", got, err)
	}
}

// The last subscription that is taken back cancels a job; another submit takes it up again.
func TestCancelAndRevive(t *testing.T) {
	ctx, w := shared(t)
	letGo := w.held(t)
	acme, other := w.validator(ctx, t, "acme"), w.validator(ctx, t, "other")
	b := w.witness(t)
	first, err := submit(ctx, acme, b, "")
	if err != nil {
		t.Fatal(err)
	}
	id := first.Job.Id
	if _, err := submit(ctx, other, b, ""); err != nil {
		t.Fatal(err)
	}
	j, err := cancelJob(ctx, acme, id)
	if err != nil || api.Final(j.State) {
		t.Fatalf("one of two subscriptions taken back: %v, %v", j, err)
	}
	if j, err = cancelJob(ctx, other, id); err != nil || j.State != rppv1.JobState_JOB_STATE_CANCELLED {
		t.Fatalf("both taken back: %v, %v", j, err)
	}
	if _, err = cancelJob(ctx, other, id); err != nil && !fault.Is(err, fault.CodeFinal) {
		t.Errorf("taken back twice: %v", err)
	}
	_, err = acme.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: id}))
	wantCode(t, "the proof of a cancelled job", api.FromError(err), fault.CodeNotReleased)
	revived, err := submit(ctx, acme, b, "")
	if err != nil || revived.Job.Revived != 1 || api.Final(revived.Job.State) {
		t.Fatalf("submitted again: %v, %v", revived, err)
	}
	letGo()
	w.rules.set(nil)
	_, file, err := finish(ctx, acme, id)
	if err != nil || !bytes.Equal(file, aloneProof(t, b)) {
		t.Errorf("after its revival: %v, %d bytes", err, len(file))
	}
}

// A witness that one device finds invalid is tried on another; when both agree the job
// fails for good, with the code and the reason, until somebody submits it again.
func TestInvalidWitness(t *testing.T) {
	ctx, w := shared(t)
	v := w.validator(ctx, t, "acme")
	b := w.witness(t)
	var mu sync.Mutex
	var asked []string
	w.rules.set(func(name string, _ *worker.Task, _ *worker.Result) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, name)
		return &device.Error{Outcome: device.InvalidWitness, Code: fault.CodeInvalidWitness, Reason: "constraint 17 is broken in row 4"}
	})
	resp, err := submit(ctx, v, b, "")
	if err != nil {
		t.Fatal(err)
	}
	j, err := watch(ctx, v, resp.Job.Id)
	if err != nil {
		t.Fatal(err)
	}
	if j.State != rppv1.JobState_JOB_STATE_FAILED || j.Code != string(fault.CodeInvalidWitness) || !strings.Contains(j.Reason, "constraint 17") || j.Remedy == "" {
		t.Errorf("the job is %s: %s %q, remedy %q", j.State, j.Code, j.Reason, j.Remedy)
	}
	mu.Lock()
	if len(asked) != 2 || asked[0] == asked[1] {
		t.Errorf("tried on %v, want two devices", asked)
	}
	mu.Unlock()
	w.rules.set(nil)
	if _, _, err := proofOf(ctx, v, b); err != nil {
		t.Errorf("submitted again: %v", err)
	}
}

// A spec that crashes devices is quarantined for its tenant, and only for it; three of them
// close the tenant's intake, until an operator lifts what was done.
func TestCrashingSpecs(t *testing.T) {
	ctx, w := shared(t)
	rogue, acme := w.validator(ctx, t, "rogue"), w.validator(ctx, t, "acme")
	impatient := w.callAt(t, w.validatorDir("rogue"), w.Addresses()...)
	bad := map[[32]byte]bool{}
	var mu sync.Mutex
	w.rules.set(func(_ string, k *worker.Task, _ *worker.Result) error {
		mu.Lock()
		defer mu.Unlock()
		if bad[k.Spec.ID()] {
			return crash()
		}
		return nil
	})
	var all [][]byte
	for i := range 3 {
		b := w.witness(t)
		// Its name is known once it was submitted: the devices are held meanwhile.
		mu.Lock()
		resp, err := submit(ctx, rogue, b, "")
		if err != nil {
			mu.Unlock()
			t.Fatalf("spec %d: %v", i, err)
		}
		bad[[32]byte(resp.Job.Id)] = true
		mu.Unlock()
		j, err := watch(ctx, rogue, resp.Job.Id)
		if err != nil {
			t.Fatal(err)
		}
		if j.State != rppv1.JobState_JOB_STATE_QUARANTINED || j.Code != string(fault.CodeQuarantined) || j.Reason == "" {
			t.Errorf("spec %d is %s: %s %q", i, j.State, j.Code, j.Reason)
		}
		all = append(all, b)
		if i == 0 {
			_, err := submit(ctx, impatient, b, "")
			wantCode(t, "the quarantined spec again", err, fault.CodeQuarantined)
		}
	}
	eventually(ctx, t, "the intake closes", 10*time.Second, func() error {
		_, err := submit(ctx, impatient, w.witness(t), "")
		if !fault.Is(err, fault.CodeIntakeClosed) {
			return fmt.Errorf("submit: %v", err)
		}
		if fault.Of(err).RetryAfter <= 0 {
			t.Errorf("a closed intake without a time to retry: %v", err)
		}
		return nil
	})
	mu.Lock()
	clear(bad)
	mu.Unlock()
	// The same witness of another tenant is another matter, and so are other specs of it.
	if _, _, err := proofOf(ctx, acme, all[0]); err != nil {
		t.Errorf("the spec of another tenant: %v", err)
	}
	list, err := w.op.Cluster.ListQuarantine(ctx, connect.NewRequest(&rppv1.ListQuarantineRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, e := range list.Msg.Entries {
		kinds[e.Kind]++
		_, err := w.op.Cluster.LiftQuarantine(ctx, connect.NewRequest(&rppv1.LiftQuarantineRequest{Kind: e.Kind, Subject: e.Subject, Tenant: e.Tenant}))
		if err != nil {
			t.Errorf("lifting %v: %v", e, api.FromError(err))
		}
	}
	if kinds["spec"] != 3 || kinds["tenant"] != 1 || len(kinds) != 2 {
		t.Errorf("quarantined: %v", kinds)
	}
	if _, _, err := proofOf(ctx, rogue, all[1]); err != nil {
		t.Errorf("after it was lifted: %v", err)
	}
}

// A device that returns damaged proofs is found out: the voters reject what it made, the
// job runs again elsewhere, and the device is quarantined. What is released is right.
func TestByzantineDevice(t *testing.T) {
	ctx, w := shared(t)
	v := w.validator(ctx, t, "acme")
	var liars atomic.Pointer[string] // the first who is asked, and nobody else
	var lies atomic.Int64
	w.rules.set(func(name string, _ *worker.Task, r *worker.Result) error {
		if liars.CompareAndSwap(nil, &name); name == *liars.Load() {
			lies.Add(1)
			r.ProofFile = bytes.Clone(r.ProofFile)
			r.ProofFile[len(r.ProofFile)/2] ^= 1
		}
		return nil
	})
	var clients sync.WaitGroup
	for range 6 { // as many as it takes for the liar to get one
		clients.Go(func() {
			b := w.witness(t)
			j, file, err := proofOf(ctx, v, b)
			if err != nil {
				t.Errorf("%v", err)
			} else if !bytes.Equal(file, aloneProof(t, b)) {
				t.Errorf("job %x: a false proof was released", j.Id[:6])
			}
		})
	}
	clients.Wait()
	if lies.Load() == 0 {
		t.Fatal("nobody lied")
	}
	liar := *liars.Load()
	eventually(ctx, t, "the liar is quarantined", 30*time.Second, func() error {
		// A leader that is followed by another takes along what it knows of a job's past:
		// then the next lie counts.
		if _, _, err := proofOf(ctx, v, w.witness(t)); err != nil {
			t.Error(err)
		}
		for _, m := range w.status(ctx, t).Members {
			for _, d := range m.Devices {
				if d.Name == liar && d.Quarantined {
					return nil
				}
			}
		}
		return fmt.Errorf("%s is not, after %d lies", liar, lies.Load())
	})
	list, err := w.op.Cluster.ListQuarantine(ctx, connect.NewRequest(&rppv1.ListQuarantineRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Msg.Entries) != 1 || list.Msg.Entries[0].Kind != "device" || list.Msg.Entries[0].Subject != liar {
		t.Errorf("quarantined: %v", list.Msg.Entries)
	}
	told := lies.Load()
	if _, _, err := proofOf(ctx, v, w.witness(t)); err != nil || lies.Load() != told {
		t.Errorf("the liar was asked again: %d, %v", lies.Load()-told, err)
	}
	w.rules.set(nil)
	if _, err := w.op.Cluster.LiftQuarantine(ctx, connect.NewRequest(&rppv1.LiftQuarantineRequest{Kind: "device", Subject: liar})); err != nil {
		t.Fatal(err)
	}
	earlier := w.log.count("target=plonky3 device=" + liar)
	eventually(ctx, t, "the device works again", 20*time.Second, func() error {
		var clients sync.WaitGroup
		for range 4 { // more than the other one likes to have ahead
			clients.Go(func() {
				if _, _, err := proofOf(ctx, v, w.witness(t)); err != nil {
					t.Error(err)
				}
			})
		}
		clients.Wait()
		if w.log.count("target=plonky3 device="+liar) == earlier {
			return fmt.Errorf("the other one did it all")
		}
		return nil
	})
}
