package field

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/kernels"
)

// extLengths go past two vectors of the widest kernel.
var extLengths = []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 50}

func TestExtVectors(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 4))
		for _, c := range extensions {
			for _, fill := range fillers(rng) {
				for _, n := range extLengths {
					checkExtVectors(t, c.x, n, fill)
				}
			}
			checkExtVectors(t, c.x, extStretch+9, fillers(rng)["random"])
		}
	})
}

// checkExtVectors compares every operation with single ones, into a vector of its own and
// in place. The slices lie between guards.
func checkExtVectors(t *testing.T, x *Ext, n int, fill filler) {
	t.Helper()
	f := x.Base
	guard := E{7, 7, 7, 7, 7}
	fenced := func(v []E) []E { return slices.Concat([]E{guard}, v, []E{guard}) }
	a, b, old, word := fillExt(x, n, fill), fillExt(x, n, fill), fillExt(x, n, fill), fillExt(x, 2*n, fill)
	s, add := fillElems(f, n, fill), fillExt(x, 1, fill)[0]
	factor := fillExt(x, 1, fill)[0]
	for _, op := range []struct {
		name string
		run  func(dst, a, b []E)
		one  func(i int) E
	}{
		{"MulVec", x.MulVec, func(i int) E { return x.Mul(a[i], b[i]) }},
		{"MulAddVec", x.MulAddVec, func(i int) E { return x.Add(old[i], x.Mul(a[i], b[i])) }},
		{"MulBaseVec", func(dst, a, _ []E) { x.MulBaseVec(dst, a, s) }, func(i int) E { return x.MulBase(a[i], s[i]) }},
		{"ScaleVec", func(dst, a, _ []E) { x.ScaleVec(dst, factor, a) }, func(i int) E { return x.Mul(factor, a[i]) }},
		{"AffineVec", func(dst, a, _ []E) { x.AffineVec(dst, add, factor, a) }, func(i int) E { return x.Add(add, x.Mul(factor, a[i])) }},
		{"ScaleAddVec", func(dst, a, _ []E) { x.ScaleAddVec(dst, factor, a) }, func(i int) E { return x.Add(old[i], x.Mul(factor, a[i])) }},
		{"FoldVec", func(dst, _, _ []E) { x.FoldVec(dst, word, factor, s) }, func(i int) E {
			lo, hi := word[2*i], word[2*i+1]
			return x.Add(x.MulBase(x.Add(lo, hi), f.Half()), x.Mul(factor, x.MulBase(x.Sub(lo, hi), s[i])))
		}},
	} {
		want := make([]E, n)
		for i := range want {
			want[i] = op.one(i)
		}
		all := [][]E{fenced(old), fenced(a), fenced(b)}
		dst, u, v := all[0][1:n+1], all[1][1:n+1], all[2][1:n+1]
		op.run(dst, u, v)
		if !slices.Equal(dst, want) || !slices.Equal(u, a) || !slices.Equal(v, b) {
			t.Fatalf("%s degree %d: %s of length %d = %d, want %d", f.Name(), x.D, op.name, n, dst, want)
		}
		for _, w := range all {
			if w[0] != guard || w[n+1] != guard {
				t.Fatalf("%s degree %d: %s of length %d wrote outside", f.Name(), x.D, op.name, n)
			}
		}
		if op.name == "MulAddVec" || op.name == "ScaleAddVec" || op.name == "FoldVec" {
			continue
		}
		if op.run(u, u, v); !slices.Equal(u, want) {
			t.Fatalf("%s degree %d: %s of length %d into a = %d, want %d", f.Name(), x.D, op.name, n, u, want)
		}
		if u = slices.Clone(a); op.name == "MulVec" {
			if op.run(v, u, v); !slices.Equal(v, want) {
				t.Fatalf("%s degree %d: %s of length %d into b = %d, want %d", f.Name(), x.D, op.name, n, v, want)
			}
		}
	}
	// A word folded into its own beginning.
	want := make([]E, n)
	x.FoldVec(want, word, factor, s)
	if x.FoldVec(word[:n], word, factor, s); !slices.Equal(word[:n], want) {
		t.Fatalf("%s degree %d: FoldVec of length %d in place = %d, want %d", f.Name(), x.D, n, word[:n], want)
	}
}

// FuzzExtVectors compares every set of kernels with single operations.
func FuzzExtVectors(f *testing.F) {
	f.Add(uint64(1), uint8(17), false)
	f.Add(uint64(2), uint8(200), true)
	f.Fuzz(func(t *testing.T, seed uint64, n uint8, extreme bool) {
		for _, set := range kernels.Supported() {
			old := kernels.Use(set)
			rng := rand.New(rand.NewPCG(seed, 0))
			fill := fuzzFiller(rng, extreme)
			for _, c := range extensions {
				checkExtVectors(t, c.x, int(n), fill)
			}
			kernels.Use(old)
		}
	})
}

func TestBatchInvVectors(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 5))
		random := fillers(rng)["random"]
		for _, n := range []int{treeMin - 1, treeMin, treeMin + 1, 67, 127, 129, 1000, treeMax, treeMax + 1, treeMax + 70} {
			for _, zeros := range []int{0, 1, 3} {
				for _, f := range allFields {
					a := fillElems(f, n, random)
					for range zeros {
						a[rng.IntN(n)] = 0
					}
					got := slices.Clone(a)
					f.BatchInv(got)
					for i := range a {
						if got[i] != f.Inv(a[i]) {
							t.Fatalf("%s: element %d of %d: 1/%d = %d", f.Name(), i, n, a[i], got[i])
						}
					}
				}
				for _, c := range extensions {
					a := fillExt(c.x, n, random)
					for range zeros {
						a[rng.IntN(n)] = E{}
					}
					got := slices.Clone(a)
					c.x.BatchInv(got)
					for i := range a {
						if p := c.x.Mul(got[i], a[i]); p != c.x.One() && (a[i] != E{} || got[i] != E{}) {
							t.Fatalf("degree %d: element %d of %d: 1/%d = %d", c.x.D, i, n, a[i], got[i])
						}
					}
				}
			}
		}
	})
}

// TestPowersVectors: powers made by doubling are those made one by one.
func TestPowersVectors(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 100} {
			for _, f := range allFields {
				start, base := operands(f, 20)[18], operands(f, 20)[19]
				want := start
				for i, got := range f.Powers(start, base, n) {
					if got != want {
						t.Fatalf("%s: power %d of %d = %d, want %d", f.Name(), i, n, got, want)
					}
					want = f.Mul(want, base)
				}
			}
			for _, c := range extensions {
				base := extOperands(c.x, 20)[19]
				want := c.x.One()
				for i, got := range c.x.Powers(base, n) {
					if got != want {
						t.Fatalf("degree %d: power %d of %d = %d, want %d", c.x.D, i, n, got, want)
					}
					want = c.x.Mul(want, base)
				}
			}
		}
	})
}

func BenchmarkExt(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	random := fillers(rng)["random"]
	const n = 1 << 11
	for _, x := range []*Ext{KoalaBear4, KoalaBear5} {
		u, v, w := fillExt(x, n, random), fillExt(x, n, random), fillExt(x, 2*n, random)
		s, dst := fillElems(x.Base, n, random), make([]E, n)
		for _, op := range []struct {
			name string
			run  func()
		}{
			{"Mul", func() { x.MulVec(dst, u, v) }},
			{"MulAdd", func() { x.MulAddVec(dst, u, v) }},
			{"MulBase", func() { x.MulBaseVec(dst, u, s) }},
			{"Scale", func() { x.ScaleVec(dst, v[0], u) }},
			{"ScaleAdd", func() { x.ScaleAddVec(dst, v[0], u) }},
			{"Fold", func() { x.FoldVec(dst, w, v[0], s) }},
			{"BatchInv", func() { x.BatchInv(dst) }},
			{"InverseDifferences", func() { x.InverseDifferences(dst, v[0], s) }},
			{"Powers", func() { x.Powers(v[0], n) }},
			{"BaseBatchInv", func() { x.Base.BatchInv(s) }},
			{"CosetReversed", func() { x.Base.CosetReversed(s, 3, 20, n) }},
		} {
			for _, set := range kernels.Supported() {
				b.Run(fmt.Sprintf("%s/degree=%d/%s", op.name, x.D, set), func(b *testing.B) {
					defer kernels.Use(kernels.Use(set))
					for b.Loop() {
						op.run()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/elem")
				})
			}
		}
	}
}
