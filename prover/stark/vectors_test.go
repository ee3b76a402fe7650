package stark_test

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

type batchVector struct {
	name string
	key  *stark.Key
	in   *interop.Instance
	bin  []byte
}

func openCircuit(tb testing.TB, name string) (*system.System, error) {
	return interop.DecodeCircuit(vectors.Bytes(tb, name), func(file string) ([]byte, error) {
		return vectors.Bytes(tb, path.Join(path.Dir(name), file)), nil
	})
}

// batchVectors loads every provable vector of batch2.
func batchVectors(tb testing.TB) []batchVector {
	var index []struct{ Name, Instance string }
	vectors.JSON(tb, "batch2/index.json", &index)
	var out []batchVector
	for _, v := range index {
		s, err := openCircuit(tb, "batch2/"+v.Name+".circuit.json")
		if errors.Is(err, system.ErrQuotientDegree) && v.Name == "qgtb_p2_d4_small" {
			continue
		}
		if err != nil {
			tb.Fatalf("%s: %v", v.Name, err)
		}
		in, err := interop.DecodeInstance(vectors.Bytes(tb, "batch2/"+v.Instance), s)
		if err != nil {
			tb.Fatalf("%s: %v", v.Name, err)
		}
		out = append(out, batchVector{v.Name, stark.NewKey(s, device.NewCPU(1)), in, vectors.Bytes(tb, "batch2/"+v.Name+".bin")})
	}
	if len(out) != len(index)-1 {
		tb.Fatalf("%d of %d vectors loaded", len(out), len(index))
	}
	return out
}

func prove(tb testing.TB, v *batchVector, o stark.Options) []byte {
	tb.Helper()
	p, err := stark.Prove(v.key, &stark.Witness{Traces: v.in.Traces, Publics: v.in.Publics}, o)
	if err != nil {
		tb.Fatal(err)
	}
	s := v.key.Sys
	return codec.Format{Ext: s.Ext, Hash: s.Hash}.Encode(nil, p)
}

// TestUpstreamBytes proves every batch2 vector and compares bytes with upstream's proof,
// which the verifier must accept.
func TestUpstreamBytes(t *testing.T) {
	for _, v := range batchVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			st := &verifier.Statement{LogHeights: v.in.LogHeights, Publics: v.in.Publics}
			if err := verifier.VerifyBytes(v.key.Sys, st, v.bin, codec.MaxProofBytes); err != nil {
				t.Fatalf("upstream's proof: %v", err)
			}
			if testing.Short() && v.key.Sys.FRI.QueryPoWBits > 16 {
				t.Skip("20 bits of grinding")
			}
			got := prove(t, &v, stark.Options{Device: device.NewCPU(2), Plan: shard.DefaultPlan()})
			if !bytes.Equal(got, v.bin) {
				t.Fatalf("proof differs from upstream's: %d bytes, want %d; first difference at %d", len(got), len(v.bin), diff(got, v.bin))
			}
		})
	}
}

func diff(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestShards proves vectors over 2^s shards, with the crown at its smallest legal width
// and at the default one, by one and by three participants: the bytes must not change,
// and with the smallest crown the shards must really have run.
func TestShards(t *testing.T) {
	for _, v := range batchVectors(t) {
		if v.key.Sys.FRI.QueryPoWBits > 16 {
			continue
		}
		if testing.Short() && v.name != "mixed_p2_d5_odd" && v.name != "range_kk_d4_small" {
			continue
		}
		tallest := v.key.Sys.FRI.LogBlowup
		for _, h := range v.in.LogHeights {
			tallest = max(tallest, h+v.key.Sys.FRI.LogBlowup)
		}
		for s := range 5 {
			for _, plan := range []shard.Plan{{LogShards: s}, {LogShards: s, LogCrown: 12, LogGather: 13}} {
				for _, parts := range []int{1, 3} {
					t.Run(fmt.Sprintf("%s/s=%d/crown=%d/parts=%d", v.name, s, plan.LogCrown, parts), func(t *testing.T) {
						var ran map[shard.Kind]int
						got := prove(t, &v, stark.Options{
							Device: device.NewCPU(1 + parts/2), Plan: plan, Participants: parts,
							Ran: func(m map[shard.Kind]int) { ran = m },
						})
						if !bytes.Equal(got, v.bin) {
							t.Fatalf("proof differs at byte %d of %d", diff(got, v.bin), len(v.bin))
						}
						if cut := tallest > plan.CrownLog(v.key.Sys.FRI.CapHeight); cut != (ran[shard.Commit] >= 1<<s) {
							t.Fatalf("cut=%v, but %d commit tasks ran", cut, ran[shard.Commit])
						} else if cut {
							for k := shard.Commit; k <= shard.Query; k++ {
								if ran[k] == 0 && k != shard.Fold && k != shard.CommitFold {
									t.Errorf("no %s task ran", k)
								}
							}
						}
					})
				}
			}
		}
	}
}
