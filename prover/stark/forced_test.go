package stark_test

import (
	"errors"
	"slices"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit/pruning"
	"rpp-node/prover/circuit/pruning/pruningtest"
	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// TestForcedPruning tries to prove what pruning must never prove: the constraint check
// must refuse each case, and so must the verifier, when the prover is made to go on.
func TestForcedPruning(t *testing.T) {
	keys := map[string]*stark.Key{}
	for _, c := range pruningtest.NegativeCases() {
		t.Run(c.Name, func(t *testing.T) {
			k := keys[c.Variant.Name]
			if k == nil {
				k = pruningKey(t, c.Variant)
				keys[c.Variant.Name] = k
			}
			if err := k.Sys.Circuit.Check(c.Traces, c.Publics); !errors.Is(err, air.ErrWitness) {
				t.Errorf("constraint check: %v", err)
			}
			err := force(t, k, c.Traces, c.Publics, c.Publics)
			if !errors.Is(err, verifier.ErrConstraints) && !errors.Is(err, verifier.ErrBalance) {
				t.Errorf("verifier: %v, want the constraints or the balance refused", err)
			}
			// Nor does the proof count as one of what an honest prover would claim.
			if !slices.Equal(c.Base[pruning.PublicTable], c.Publics[pruning.PublicTable]) {
				if err := force(t, k, c.Traces, c.Publics, c.Base); err == nil {
					t.Error("verifier accepts the proof for the honest statement")
				}
			}
		})
	}
	if len(keys) == 0 {
		t.Fatal("no cases")
	}
}

func pruningKey(t *testing.T, v pruning.Variant) *stark.Key {
	t.Helper()
	p := fri.Params{LogBlowup: 1, MaxLogArity: 3, NumQueries: 20}
	s, err := system.New(pruning.Circuit(v), field.KoalaBear5, merkle.Poseidon2, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stark.NewKey(s, device.NewCPU(2))
}

// force proves without checking and returns what the verifier says of the proof under the
// claimed public values.
func force(t *testing.T, k *stark.Key, traces []matrix.Matrix, publics, claimed [][]field.Elem) error {
	t.Helper()
	p, err := stark.Prove(k, &stark.Witness{Traces: traces, Publics: publics}, stark.Options{Device: device.NewCPU(2), Plan: shard.DefaultPlan()})
	if err != nil {
		t.Fatalf("the prover would not go on: %v", err)
	}
	heights := make([]int, len(traces))
	for i, tr := range traces {
		heights[i] = ntt.Log(tr.Height())
	}
	b := codec.Format{Ext: k.Sys.Ext, Hash: k.Sys.Hash}.Encode(nil, p)
	return verifier.VerifyBytes(k.Sys, &verifier.Statement{LogHeights: heights, Publics: claimed}, b, codec.MaxProofBytes)
}

// TestForcedHonest makes sure that the forced way proves what is true: otherwise the
// test above would pass for nothing.
func TestForcedHonest(t *testing.T) {
	v, err := pruning.VariantByName("block-16")
	if err != nil {
		t.Fatal(err)
	}
	w, err := v.Sample(11, 1)
	if err != nil {
		t.Fatal(err)
	}
	traces, publics, err := pruning.Traces(v, w)
	if err != nil {
		t.Fatal(err)
	}
	k := pruningKey(t, v)
	if err := force(t, k, traces, publics, publics); err != nil {
		t.Fatal(err)
	}
	for i := range publics[pruning.PublicTable] {
		lie := slices.Clone(publics)
		lie[pruning.PublicTable] = slices.Clone(publics[pruning.PublicTable])
		lie[pruning.PublicTable][i] = k.Sys.Ext.Base.Add(lie[pruning.PublicTable][i], 1)
		if err := force(t, k, traces, publics, lie); err == nil {
			t.Errorf("public value %d changed: accepted", i)
		}
	}
}
