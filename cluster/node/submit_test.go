package node

import (
	"context"
	"testing"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/keys"
	"rpp-node/prover/circuit"
)

// TestRepeatedSubmitFindsItsJob: without asking whether there is room for another.
func TestRepeatedSubmitFindsItsJob(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an election")
	}
	n := newFounder(t).open(t)
	leading(t, n)
	result, err := n.proposeAs(t.Context(), "test", &fsm.SubmitJob{
		Tenant: "acme", IdempotencyKey: "one",
		Statement: fsm.Statement{Spec: []byte("a spec"), VariantID: fsm.VariantID{Family: "f", Variant: "v", Profile: "p", Hash: "h"}, WitnessBytes: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := result.Job.ID
	find := func(tenant, key string) bool {
		j, err := n.submitted(t.Context(), id, tenant, key)
		if err != nil {
			t.Fatal(err)
		}
		return j != nil && j.ID == id
	}
	for _, c := range []struct {
		tenant, key string
		want        bool
	}{{"acme", "one", true}, {"acme", "two", false}, {"other", "one", false}} {
		if got := find(c.tenant, c.key); got != c.want {
			t.Errorf("key %s of %s: found %v, want %v", c.key, c.tenant, got, c.want)
		}
	}
	if _, err := n.proposeAs(t.Context(), "test", &fsm.CancelJob{Tenant: "acme", Job: id}); err != nil {
		t.Fatal(err)
	}
	if find("acme", "one") {
		t.Error("a job that was cancelled is not what a submit asks for")
	}
}

// TestRotationDoesNotHoldUpSubmits: until the next key is there, the former one is used.
func TestRotationDoesNotHoldUpSubmits(t *testing.T) {
	if testing.Short() {
		t.Skip("derives a key")
	}
	f := newFounder(t)
	n := f.open(t)
	leading(t, n)
	id := keys.Wanted(&circuit.Families()[0])[0]
	first, err := n.ensureKey(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	rotate := &fsm.RotateKeys{Family: id.Family, Epoch: first.Epoch + 1, GraceUntilMS: f.now().Add(time.Hour).UnixMilli()}
	if _, err := n.proposeAs(t.Context(), "test", rotate); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // there is no time to derive another
	k, err := n.keyToSubmit(gone, id)
	if err != nil || k.Epoch != first.Epoch {
		t.Errorf("in the grace: epoch %d, %v; want %d", k.Epoch, err, first.Epoch)
	}
	f.ahead.Store(int64(2 * time.Hour))
	if _, err := n.proposeAs(t.Context(), "test", &fsm.Expire{}); err != nil {
		t.Fatal(err)
	}
	if k, err = n.keyToSubmit(t.Context(), id); err != nil || k.Epoch != first.Epoch+1 {
		t.Errorf("after it: epoch %d, %v; want %d", k.Epoch, err, first.Epoch+1)
	}
}
