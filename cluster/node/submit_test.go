package node

import (
	"testing"

	"rpp-node/cluster/fsm"
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
