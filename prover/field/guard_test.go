package field

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/internal/guard"
)

// eachSide runs a test with every set of kernels, for operands that begin and for operands
// that end where memory does.
func eachSide(t *testing.T, test func(t *testing.T, s guard.Side)) {
	eachSet(t, func(t *testing.T) {
		for _, s := range guard.Sides {
			t.Run(s.String(), func(t *testing.T) { test(t, s) })
		}
	})
}

// same compares what an operation makes of guarded operands with what it makes of others.
func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s of length %d: %v, want %v", what, len(want), got, want)
	}
}

func TestVectorBounds(t *testing.T) {
	eachSide(t, func(t *testing.T, side guard.Side) {
		f := KoalaBear
		all := operands(f, 2*maxVector+1)
		for n := 1; n <= maxVector; n++ {
			u, v, s := all[:n], all[maxVector:][:n], all[2*maxVector]
			a, b := guard.Copy(t, side, u), guard.Copy(t, side, v)
			dst, want := guard.Copy(t, side, u), make([]Elem, n)
			for what, op := range map[string]func(dst, a, b []Elem){
				"AddVec":        f.AddVec,
				"SubVec":        f.SubVec,
				"MulVec":        f.MulVec,
				"ScaleVec":      func(dst, a, _ []Elem) { f.ScaleVec(dst, a, s) },
				"AddScalarVec":  func(dst, a, _ []Elem) { f.AddScalarVec(dst, a, s) },
				"RSubScalarVec": func(dst, a, _ []Elem) { f.RSubScalarVec(dst, s, a) },
				"MulAddVec":     func(dst, a, b []Elem) { copy(dst, b); f.MulAddVec(dst, a, s, make([]Elem, n)) },
				"Dot":           func(dst, a, b []Elem) { clear(dst); dst[0] = f.Dot(a, b) },
			} {
				op(dst, a, b)
				op(want, u, v)
				same(t, what, dst, want)
			}
		}
	})
}

func TestExtBounds(t *testing.T) {
	eachSide(t, func(t *testing.T, side guard.Side) {
		random := fillers(rand.New(rand.NewPCG(5, 2)))["random"]
		for _, x := range []*Ext{KoalaBear4, KoalaBear5} {
			for _, n := range extLengths {
				u, v, word, e := fillExt(x, n, random), fillExt(x, n, random), fillExt(x, 2*n, random), fillElems(x.Base, n, random)
				scalar := fillExt(x, 1, random)[0]
				a, b, w, s := guard.Copy(t, side, u), guard.Copy(t, side, v), guard.Copy(t, side, word), guard.Copy(t, side, e)
				dst, want := guard.Copy(t, side, u), make([]E, n)
				for what, op := range map[string]func(dst, a, b, word []E, s []Elem){
					"MulVec":             func(dst, a, b, _ []E, _ []Elem) { x.MulVec(dst, a, b) },
					"MulAddVec":          func(dst, a, b, _ []E, _ []Elem) { copy(dst, b); x.MulAddVec(dst, a, b) },
					"MulBaseVec":         func(dst, a, _, _ []E, s []Elem) { x.MulBaseVec(dst, a, s) },
					"AffineVec":          func(dst, a, b, _ []E, _ []Elem) { x.AffineVec(dst, scalar, scalar, a) },
					"ScaleAddVec":        func(dst, a, b, _ []E, _ []Elem) { copy(dst, b); x.ScaleAddVec(dst, scalar, a) },
					"FoldVec":            func(dst, _, _, w []E, s []Elem) { x.FoldVec(dst, w, scalar, s) },
					"InverseDifferences": func(dst, _, _, _ []E, s []Elem) { x.InverseDifferences(dst, scalar, s) },
				} {
					op(dst, a, b, w, s)
					op(want, u, v, word, e)
					same(t, what, dst, want)
				}
			}
		}
	})
}

// TestRowBounds: matrices whose last row ends where memory does.
func TestRowBounds(t *testing.T) {
	eachSide(t, func(t *testing.T, side guard.Side) {
		rng := rand.New(rand.NewPCG(5, 3))
		random := fillers(rng)["random"]
		for _, x := range []*Ext{KoalaBear4, KoalaBear5} {
			for _, width := range []int{1, 3, 7, 9, 15, 17, 31, 33, 47, 65, 129} {
				base := fillExt(x, 1, random)[0]
				p := x.NewPowers(base, width)
				for n := 1; n < 20; n += 2 {
					stride := width + rng.IntN(3)
					rows := fillElems(x.Base, (n-1)*stride+width, random)
					weights := [][]E{fillExt(x, n, random)}
					fenced := guard.Copy(t, side, rows)
					s := x.NewRowSum(width, 1)
					s.Add(fenced, stride, [][]E{guard.Copy(t, side, weights[0])})
					same(t, "RowSum", s.Sum(0), sumRows(x, rows, width, stride, weights[0]))
					dst, want := guard.Copy(t, side, make([]E, n)), make([]E, n)
					p.RowDots(dst, fenced, width, stride)
					p.RowDots(want, rows, width, stride)
					same(t, "RowDots", dst, want)
				}
			}
		}
	})
}
