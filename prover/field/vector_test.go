package field

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/kernels"
)

// maxVector reaches past the widest kernel (16 lanes) four times, with every remainder.
const maxVector = 70

// TestVectorOps compares with single operations at every length, with dst apart from
// the operands and as either of them.
func TestVectorOps(t *testing.T) { eachSet(t, testVectorOps) }

func testVectorOps(t *testing.T) {
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
				{"AddScalarVec", func(dst, a, _ []Elem) { f.AddScalarVec(dst, a, scalar) }, func(a, _ Elem) Elem { return f.Add(a, scalar) }},
				{"RSubScalarVec", func(dst, a, _ []Elem) { f.RSubScalarVec(dst, scalar, a) }, func(a, _ Elem) Elem { return f.Sub(scalar, a) }},
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
			acc, tmp := slices.Clone(all[:n+1]), make([]Elem, n)
			f.MulAddVec(acc[:n], b, scalar, tmp)
			for i := range b {
				if want := f.Add(a[i], f.Mul(b[i], scalar)); acc[i] != want {
					t.Errorf("%s: MulAddVec of length %d, element %d = %d, want %d", f.Name(), n, i, acc[i], want)
				}
			}
			if acc[n] != all[n] {
				t.Errorf("%s: MulAddVec of length %d wrote past the end", f.Name(), n)
			}
		}
	}
}

// TestDotExtremes keeps every partial sum of the kernels at its largest.
func TestDotExtremes(t *testing.T) { eachSet(t, testDotExtremes) }

func testDotExtremes(t *testing.T) {
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

// TestVectorStretches: vectors longer than one call of a kernel.
func TestVectorStretches(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		const n = 1<<16 + 5
		for _, f := range allFields {
			a, b := operands(f, n), operands(f, n+1)[1:]
			product, scaled := make([]Elem, n), make([]Elem, n)
			f.MulVec(product, a, b)
			f.ScaleVec(scaled, a, b[n-1])
			var dot Elem
			for i := range a {
				if product[i] != f.Mul(a[i], b[i]) || scaled[i] != f.Mul(a[i], b[n-1]) {
					t.Fatalf("%s: element %d: %d, %d", f.Name(), i, product[i], scaled[i])
				}
				dot = f.Add(dot, product[i])
			}
			if got := f.Dot(a, b); got != dot {
				t.Errorf("%s: Dot = %d, want %d", f.Name(), got, dot)
			}
		}
	})
}

// FuzzVectors compares every set of kernels with single operations.
func FuzzVectors(f *testing.F) {
	f.Add(uint64(1), uint16(17), uint32(0))
	f.Add(uint64(2), uint16(200), uint32(0x7f000000))
	f.Fuzz(func(t *testing.T, seed uint64, length uint16, word uint32) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for _, set := range kernels.Supported() {
			old := kernels.Use(set)
			for _, f := range allFields {
				n, s := int(length%1000), Elem(word%f.p)
				fill := fuzzFiller(rng, word%2 == 0)
				a, b, dst := fillElems(f, n, fill), fillElems(f, n, fill), make([]Elem, n)
				same := func(name string, one func(a, b Elem) Elem) {
					for i := range a {
						if want := one(a[i], b[i]); dst[i] != want {
							t.Fatalf("%s %s: %s of %d and %d: %d, want %d", set, f.Name(), name, a[i], b[i], dst[i], want)
						}
					}
				}
				f.AddVec(dst, a, b)
				same("AddVec", f.Add)
				f.SubVec(dst, a, b)
				same("SubVec", f.Sub)
				f.MulVec(dst, a, b)
				same("MulVec", f.Mul)
				f.ScaleVec(dst, a, s)
				same("ScaleVec", func(a, _ Elem) Elem { return f.Mul(a, s) })
				f.AddScalarVec(dst, a, s)
				same("AddScalarVec", func(a, _ Elem) Elem { return f.Add(a, s) })
				f.RSubScalarVec(dst, s, a)
				same("RSubScalarVec", func(a, _ Elem) Elem { return f.Sub(s, a) })
				copy(dst, b)
				f.MulAddVec(dst, a, s, make([]Elem, n))
				same("MulAddVec", func(a, b Elem) Elem { return f.Add(b, f.Mul(a, s)) })
				var dot Elem
				for i := range a {
					dot = f.Add(dot, f.Mul(a[i], b[i]))
				}
				if got := f.Dot(a, b); got != dot {
					t.Fatalf("%s %s: Dot of %d and %d: %d, want %d", set, f.Name(), a, b, got, dot)
				}
			}
			kernels.Use(old)
		}
	})
}

func BenchmarkVector(b *testing.B) {
	f := KoalaBear
	for _, n := range []int{13, 128, 4096, 1 << 20} {
		x, y, z := operands(f, n), operands(f, n), make([]Elem, n)
		for _, op := range []struct {
			name string
			run  func()
		}{
			{"Add", func() { f.AddVec(z, x, y) }},
			{"Mul", func() { f.MulVec(z, x, y) }},
			{"Scale", func() { f.ScaleVec(z, x, 12345) }},
			{"MulAdd", func() { f.MulAddVec(z, x, 12345, y) }},
			{"Dot", func() { f.Dot(x, y) }},
		} {
			for _, set := range kernels.Supported() {
				b.Run(fmt.Sprintf("%s/%d/%s", op.name, n, set), func(b *testing.B) {
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
