package field

import (
	"math/rand/v2"
	"testing"

	"rpp-node/prover/kernels"
)

// checkDifferences compares both functions with one division for each point.
func checkDifferences(t *testing.T, x *Ext, z E, shift Elem, log int, at []Elem) {
	t.Helper()
	f := x.Base
	const guard = 7
	dst := make([]E, len(at)+1)
	dst[len(at)] = E{guard}
	inverse := make([]E, len(at))
	for i, point := range at {
		if d := x.Sub(z, x.FromBase(point)); d != (E{}) {
			inverse[i] = x.Inv(d)
		}
	}
	x.InverseDifferences(dst[:len(at)], z, at)
	for i, want := range inverse {
		if dst[i] != want {
			t.Fatalf("%s %s degree %d: 1/(%d - %d) = %d, want %d", kernels.Active(), f.Name(), x.D, z, at[i], dst[i], want)
		}
	}
	s := f.Exp(shift, 1<<log)
	scale := x.MulBase(x.SubBase(x.Exp(z, 1<<log), s), f.Inv(f.Mul(f.FromUint(1<<log), s)))
	x.BarycentricWeights(dst[:len(at)], z, shift, log, at)
	for i := range at {
		if want := x.Mul(scale, x.MulBase(inverse[i], at[i])); dst[i] != want {
			t.Fatalf("%s %s degree %d: the weight of %d for %d = %d, want %d", kernels.Active(), f.Name(), x.D, at[i], z, dst[i], want)
		}
	}
	if dst[len(at)] != (E{guard}) {
		t.Fatalf("%s degree %d: %d points: wrote past the end", kernels.Active(), x.D, len(at))
	}
}

// FuzzDifferences compares every set of kernels with divisions.
func FuzzDifferences(f *testing.F) {
	f.Add(uint64(1), uint16(17), uint8(3), false, true)
	f.Add(uint64(2), uint16(200), uint8(20), true, false)
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, log uint8, extreme, among bool) {
		for _, set := range kernels.Supported() {
			old := kernels.Use(set)
			rng := rand.New(rand.NewPCG(seed, 0))
			fill := fuzzFiller(rng, extreme)
			for _, c := range extensions {
				at, z := fillElems(c.x.Base, int(n%1100), fill), fillExt(c.x, 1, fill)[0]
				if among && len(at) > 0 {
					z = c.x.FromBase(at[rng.IntN(len(at))])
				}
				checkDifferences(t, c.x, z, Elem(1+rng.Uint32N(c.x.Base.p-1)), int(log%24), at)
			}
			kernels.Use(old)
		}
	})
}
