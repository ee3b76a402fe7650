package stark_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/merkle"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// TestParameterSweep proves the vectors' circuits under many other parameters, for which
// there is no upstream proof: prover and verifier must agree, and cuts must not show.
func TestParameterSweep(t *testing.T) {
	names := map[string]bool{"fib3_p2_d4_small": true, "mixed_p2_d4_small": true, "range_p2_d4_small": true, "local4_p2_d4_small": true, "mixed_p2_d4_odd": true, "pack5": true}
	state := uint32(1)
	pick := func(n int) int { // xorshift, so that a failure repeats
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		return int(state>>8) % n
	}
	rounds := 40
	if testing.Short() {
		rounds = 6
	}
	proved := 0
	for _, v := range batchVectors(t) {
		if !names[v.name] {
			continue
		}
		for range rounds {
			p := fri.Params{
				LogBlowup: 1 + pick(4), LogFinalPolyLen: pick(4), MaxLogArity: 1 + pick(6), NumQueries: 1 + pick(9),
				CommitPoWBits: pick(5), QueryPoWBits: pick(8), CapHeight: pick(8),
			}
			x := []*field.Ext{field.KoalaBear4, field.KoalaBear5}[pick(2)]
			hash := []merkle.Kind{merkle.Poseidon2, merkle.Keccak, merkle.Poseidon2W16, merkle.KeccakBytes}[pick(4)]
			name := fmt.Sprintf("%s D=%d %s %+v", v.name, x.D, hash, p)
			s, err := system.New(v.key.Sys.Circuit, x, hash, p, nil)
			if errors.Is(err, system.ErrQuotientDegree) {
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			k := stark.NewKey(s, device.NewCPU(1))
			w := &stark.Witness{Traces: v.in.Traces, Publics: v.in.Publics}
			proof, err := stark.Prove(k, w, stark.Options{Device: device.NewCPU(1), Plan: shard.DefaultPlan()})
			if s.CheckHeights(v.in.LogHeights) != nil {
				if !errors.Is(err, system.ErrHeights) {
					t.Fatalf("%s: heights not allowed, but %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			format := codec.Format{Ext: x, Hash: hash}
			b := format.Encode(nil, proof)
			if err := verifier.VerifyBytes(s, &verifier.Statement{LogHeights: v.in.LogHeights, Publics: v.in.Publics}, b, codec.MaxInteropBytes); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			plan := shard.Plan{LogShards: pick(5), LogCrown: pick(4), LogGather: pick(6)}
			cut, err := stark.Prove(k, w, stark.Options{Device: device.NewCPU(2), Plan: plan, Participants: 1 + pick(4)})
			if err != nil {
				t.Fatalf("%s %+v: %v", name, plan, err)
			}
			if !bytes.Equal(format.Encode(nil, cut), b) {
				t.Fatalf("%s: %+v changes the proof", name, plan)
			}
			proved++
		}
	}
	if proved < rounds {
		t.Fatalf("only %d proofs were made", proved)
	}
}
