package ntt

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/internal/guard"
)

// TestBounds: transforms of matrices that begin, or end, where memory does touch nothing
// outside of them. Rows of whole cache lines are also written past the caches.
func TestBounds(t *testing.T) {
	streamAll(t)
	everySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 30))
		f := field.KoalaBear
		for _, side := range guard.Sides {
			for _, width := range []int{1, 5, 15, 16, 17, 31, 32, 33, 63} {
				for _, log := range []int{0, 1, 3, 4, 5, 9} {
					n, shift := width<<log, f.Generator()
					values := random(rng, f, n)
					extended, coeffs := append(slices.Clone(values), make([]field.Elem, n)...), make([]field.Elem, n)
					in, out := guard.Copy(t, side, extended), guard.Copy(t, side, coeffs)
					same := func(what string, got, want []field.Elem) {
						if !slices.Equal(got, want) {
							t.Fatalf("%s of 2^%d rows of %d differs", what, log, width)
						}
					}
					src := guard.Copy(t, side, values)
					Interpolate(f, each, coeffs, values, width, log, Natural, f.One())
					Interpolate(f, each, out, src, width, log, Natural, f.One())
					same("Interpolate", out, coeffs)
					Extend(f, each, extended, width, log, 1, Natural, f.One(), shift)
					Extend(f, each, in, width, log, 1, Natural, f.One(), shift)
					same("Extend", in, extended)
					clear(in)
					Evaluate(f, each, in, out, width, log, shift, log+1)
					same("Evaluate", in, extended)
				}
			}
		}
	})
}
