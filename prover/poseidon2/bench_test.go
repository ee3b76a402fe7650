package poseidon2

import (
	"fmt"
	"testing"

	"rpp-node/prover/field"
)

func BenchmarkPermute(b *testing.B) {
	for _, p := range perms {
		b.Run(fmt.Sprintf("%s-%d", p.f.Name(), p.width), func(b *testing.B) {
			state := make([]field.Elem, p.width)
			for b.Loop() {
				p.Permute(state)
			}
		})
		b.Run(fmt.Sprintf("one/%s-%d", p.f.Name(), p.width), func(b *testing.B) {
			state := make([]field.Elem, p.width)
			for b.Loop() {
				p.PermuteOne(state)
			}
		})
	}
}
