package p2lookups

import (
	"errors"
	"fmt"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// prove makes a proof of the traces under a profile, and verifies it from its bytes.
func prove(t *testing.T, profile string, hash merkle.Kind, logRows int, edit func(traces []matrix.Matrix)) error {
	t.Helper()
	p, err := soundness.ProfileByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	c, traces, publics := sample(t, logRows, 2)
	edit(traces)
	x := field.ExtOf(f, p.Degree)
	s, err := system.New(c, x, hash, key.Params(p), nil)
	if err != nil {
		t.Fatal(err)
	}
	dev := device.NewCPU(2)
	proof, err := stark.Prove(stark.NewKey(s, dev), &stark.Witness{Traces: traces, Publics: publics}, stark.Options{Device: dev, Plan: shard.DefaultPlan()})
	if err != nil {
		t.Fatal(err)
	}
	st := &verifier.Statement{LogHeights: Benchmark().LogHeights(logRows), Publics: publics}
	return verifier.VerifyBytes(s, st, codec.Format{Ext: x, Hash: hash}.Encode(nil, proof), codec.MaxProofBytes)
}

func TestProof(t *testing.T) {
	for _, profile := range []string{"bench", "fast", "production"} {
		for _, hash := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
			t.Run(fmt.Sprintf("%s/%s", profile, hash), func(t *testing.T) {
				if testing.Short() && profile == "production" {
					t.Skip("20 bits of grinding")
				}
				if err := prove(t, profile, hash, logRowsMin+1, func([]matrix.Matrix) {}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A caller that claims another answer than the permutation has makes a proof that the
// verifier rejects, because the totals do not cancel.
func TestProofOfWrongAnswer(t *testing.T) {
	for _, table := range []int{tableNodes, tableBlocks} {
		err := prove(t, "bench", merkle.Keccak, logRowsMin, func(traces []matrix.Matrix) {
			row := traces[table].Row(3)
			last := &row[len(row)-1]
			*last = f.Add(*last, f.One())
		})
		if !errors.Is(err, verifier.ErrBalance) {
			t.Errorf("table %d: %v", table, err)
		}
	}
}
