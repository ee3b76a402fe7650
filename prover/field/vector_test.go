package field

import (
	"slices"
	"testing"
)

// maxVector reaches past the widest kernel (16 lanes) four times, with every remainder.
const maxVector = 70

// TestVectorOps compares with single operations at every length, with dst apart from
// the operands and as either of them.
func TestVectorOps(t *testing.T) {
	for _, f := range allFields {
		all := operands(f, 2*maxVector+1)
		scalar := all[2*maxVector]
		for n := range maxVector + 1 {
			a, b := all[:n], all[maxVector:maxVector+n]
			for _, op := range []struct {
				name string
				vec  func(dst, a, b []Elem)
				one  func(a, b Elem) Elem
			}{
				{"AddVec", f.AddVec, f.Add},
				{"SubVec", f.SubVec, f.Sub},
				{"MulVec", f.MulVec, f.Mul},
				{"ScaleVec", func(dst, a, _ []Elem) { f.ScaleVec(dst, a, scalar) }, func(a, _ Elem) Elem { return f.Mul(a, scalar) }},
			} {
				want := make([]Elem, n)
				for i := range want {
					want[i] = op.one(a[i], b[i])
				}
				x, y := slices.Clone(a), slices.Clone(b)
				dst := slices.Repeat([]Elem{1}, n+1)
				op.vec(dst[:n], x, y)
				if !slices.Equal(dst[:n], want) || dst[n] != 1 {
					t.Errorf("%s: %s of length %d = %d, want %d", f.Name(), op.name, n, dst, want)
				}
				if !slices.Equal(x, a) || !slices.Equal(y, b) {
					t.Errorf("%s: %s of length %d changed an operand", f.Name(), op.name, n)
				}
				if op.vec(x, x, y); !slices.Equal(x, want) {
					t.Errorf("%s: %s of length %d into a = %d, want %d", f.Name(), op.name, n, x, want)
				}
				x = slices.Clone(a)
				if op.vec(y, x, y); !slices.Equal(y, want) {
					t.Errorf("%s: %s of length %d into b = %d, want %d", f.Name(), op.name, n, y, want)
				}
				square := slices.Clone(a)
				for i := range want {
					want[i] = op.one(a[i], a[i])
				}
				if op.vec(square, square, square); !slices.Equal(square, want) {
					t.Errorf("%s: %s of length %d of a and a into a = %d, want %d", f.Name(), op.name, n, square, want)
				}
			}
			var want Elem
			for i := range a {
				want = f.Add(want, f.Mul(a[i], b[i]))
			}
			if got := f.Dot(a, b); got != want {
				t.Errorf("%s: Dot of length %d = %d, want %d", f.Name(), n, got, want)
			}
		}
	}
}

// TestDotExtremes keeps every partial sum of the kernels at its largest.
func TestDotExtremes(t *testing.T) {
	for _, f := range allFields {
		for n := range 600 {
			a := slices.Repeat([]Elem{Elem(f.Modulus() - 1)}, n)
			want := f.Mul(f.FromUint(uint64(n)), f.Square(Elem(f.Modulus()-1)))
			if got := f.Dot(a, a); got != want {
				t.Fatalf("%s: Dot of length %d = %d, want %d", f.Name(), n, got, want)
			}
		}
	}
}
