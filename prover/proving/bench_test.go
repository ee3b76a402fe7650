package proving

import (
	"math"
	"testing"
	"time"

	"rpp-node/prover/circuit/pruning"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
)

// BenchmarkVerify is a voter's work for the largest pruning proof of profile production,
// the key's system being at hand.
func BenchmarkVerify(b *testing.B) {
	for _, hash := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
		b.Run(hash.String(), func(b *testing.B) {
			v, err := pruning.VariantByName("block-512")
			if err != nil {
				b.Fatal(err)
			}
			w, err := v.Sample(500, 1)
			if err != nil {
				b.Fatal(err)
			}
			p, err := Prepare(pruning.Family, w.AppendBinary(nil))
			if err != nil {
				b.Fatal(err)
			}
			profile, err := soundness.ProfileByName("production")
			if err != nil {
				b.Fatal(err)
			}
			var keys Keys
			if keys.VK, err = derive.Verifying(p.Variant, profile, hash, cpu); err != nil {
				b.Fatal(err)
			}
			if keys.PK, err = derive.Proving(keys.VK, p.Variant.Circuit(), chain, cpu); err != nil {
				b.Fatal(err)
			}
			m, err := p.Prove(&keys, chain, options())
			keys.Release()
			if err != nil {
				b.Fatal(err)
			}
			j, err := Begin(keys.VK, chain, m.File.LogHeights, 0)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			best := time.Duration(math.MaxInt64)
			for b.Loop() {
				start := b.Elapsed()
				if err := j.Verify(m.File.Publics, m.File.Proof); err != nil {
					b.Fatal(err)
				}
				best = min(best, b.Elapsed()-start)
			}
			b.ReportMetric(float64(best), "best-ns/op") // of one, which other processes disturb least
		})
	}
}
