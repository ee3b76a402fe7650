package bench

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/internal/guard"
	"rpp-node/prover/kernels"
	"rpp-node/prover/matrix"
)

// TestBounds: no kernel touches anything outside of a matrix that begins, or ends, where
// memory does.
func TestBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, s := range kernels.Supported() {
		for _, side := range guard.Sides {
			withSet(s, func() {
				for _, f := range bothFields {
					p := NewPermutation(f, 16)
					for rows := 1; rows <= 19; rows += 2 {
						in := edgeElems(f, rng, rows*p.Width())
						m := matrix.Matrix{Width: p.Width(), Values: guard.Copy(t, side, in)}
						want := matrix.Matrix{Width: p.Width(), Values: slices.Clone(in)}
						p.Fill(m, 0)
						withSet(kernels.Portable, func() { p.Fill(want, 0) })
						if d := firstDifference(f, m, want); d != "" {
							t.Fatalf("%s, %s: %s of %d rows", s, f.Name(), d, rows)
						}
						lanes := make([]uint64, rows)
						for i := range lanes {
							lanes[i] = rng.Uint64()
						}
						for what, c := range map[string]struct {
							columns   int
							put, each func(f *field.Field, dst []field.Elem, lanes []uint64)
						}{"bits": {laneBits, putBits, eachBit}, "limbs": {laneLimbs, putLimbs, eachLimb}} {
							want := make([]field.Elem, rows*c.columns)
							dst := guard.Copy(t, side, want)
							c.put(f, dst, guard.Copy(t, side, lanes))
							if c.each(f, want, lanes); !slices.Equal(dst, want) {
								t.Fatalf("%s, %s: the %s of %x differ", s, f.Name(), what, lanes)
							}
						}
					}
				}
			})
		}
	}
}
