package stark_test

import (
	"bytes"
	"fmt"
	"testing"

	"rpp-node/prover/circuit"
	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// sameForAnyCut proves one witness whole on one core, then over 2^s shards, s = 0…4, with
// the smallest crown and the default one, on one and on two cores, and demands equal
// bytes. Every cut proof must really have run its shards.
func sameForAnyCut(t *testing.T, k *stark.Key, w *stark.Witness) {
	t.Helper()
	heights := make([]int, len(w.Traces))
	tallest := 0
	for i, tr := range w.Traces {
		heights[i] = ntt.Log(tr.Height())
		tallest = max(tallest, heights[i]+k.Sys.FRI.LogBlowup)
	}
	encode := func(o stark.Options) []byte {
		p, err := stark.Prove(k, w, o)
		if err != nil {
			t.Fatal(err)
		}
		return codec.Format{Ext: k.Sys.Ext, Hash: k.Sys.Hash}.Encode(nil, p)
	}
	want := encode(stark.Options{Device: device.NewCPU(1), Plan: shard.DefaultPlan()})
	if err := verifier.VerifyBytes(k.Sys, &verifier.Statement{LogHeights: heights, Publics: w.Publics}, want, codec.MaxProofBytes); err != nil {
		t.Fatal(err)
	}
	for s := range 5 {
		for _, plan := range []shard.Plan{{LogShards: s}, {LogShards: s, LogCrown: 12, LogGather: 13}} {
			name := fmt.Sprintf("s=%d crown=%d gather=%d", s, plan.LogCrown, plan.LogGather)
			var ran map[shard.Kind]int
			got := encode(stark.Options{Device: device.NewCPU(1 + s%2), Plan: plan, Ran: func(m map[shard.Kind]int) { ran = m }})
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: proof differs at byte %d of %d", name, diff(got, want), len(want))
			}
			if tallest <= plan.CrownLog(k.Sys.FRI.CapHeight) {
				t.Fatalf("%s: nothing was cut", name)
			}
			for _, kind := range []shard.Kind{shard.Commit, shard.Evaluate, shard.Open, shard.Reduce, shard.Query} {
				if ran[kind] < 1<<s {
					t.Fatalf("%s: %d %s tasks ran, want at least %d", name, ran[kind], kind, 1<<s)
				}
			}
			if plan.LogCrown == 0 && (ran[shard.Fold] == 0 || ran[shard.CommitFold] == 0) {
				t.Fatalf("%s: no shard folded", name)
			}
		}
	}
}

func TestShardsLargePoseidon2(t *testing.T) {
	if testing.Short() {
		t.Skip("2^14 rows, eleven proofs")
	}
	b, err := circuit.BenchmarkByName("poseidon2")
	if err != nil {
		t.Fatal(err)
	}
	p, err := soundness.ProfileByName("bench")
	if err != nil {
		t.Fatal(err)
	}
	c := b.Build(field.KoalaBear)
	s, err := system.New(&c, field.KoalaBear4, merkle.Keccak, key.Params(p), nil)
	if err != nil {
		t.Fatal(err)
	}
	traces, publics, err := b.Sample(field.KoalaBear, 14, 2)
	if err != nil {
		t.Fatal(err)
	}
	sameForAnyCut(t, stark.NewKey(s, device.NewCPU(2)), &stark.Witness{Traces: traces, Publics: publics})
}

func TestShardsPruning(t *testing.T) {
	if testing.Short() {
		t.Skip("eleven proofs of 512 transactions with 20 bits of grinding")
	}
	f, err := circuit.ByName("pruning")
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.Sample(f.DefaultSize, 7)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.Variant(w.Variant())
	if err != nil {
		t.Fatal(err)
	}
	p, err := soundness.ProfileByName("production")
	if err != nil {
		t.Fatal(err)
	}
	dev := device.NewCPU(2)
	vk, err := derive.Verifying(v, p, merkle.Poseidon2, dev)
	if err != nil {
		t.Fatal(err)
	}
	k, err := derive.Proving(vk, v.Circuit(), 3, dev)
	if err != nil {
		t.Fatal(err)
	}
	traces, publics, err := w.Traces()
	if err != nil {
		t.Fatal(err)
	}
	sameForAnyCut(t, k, &stark.Witness{Traces: traces, Publics: publics})
}
