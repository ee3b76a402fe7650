package field

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/kernels"
)

// eachSet runs a test with every set of kernels that this processor has.
func eachSet(t *testing.T, test func(t *testing.T)) {
	for _, set := range kernels.Supported() {
		t.Run(set.String(), func(t *testing.T) {
			defer kernels.Use(kernels.Use(set))
			test(t)
		})
	}
}

// A filler makes test data: all zero, all p-1, or random.
type filler func(f *Field) Elem

func fillers(rng *rand.Rand) map[string]filler {
	return map[string]filler{
		"zero":   func(*Field) Elem { return 0 },
		"one":    func(f *Field) Elem { return f.One() },
		"last":   func(f *Field) Elem { return Elem(f.p - 1) },
		"half":   func(f *Field) Elem { return Elem(f.p / 2) },
		"above":  func(f *Field) Elem { return Elem(f.p/2 + 1) },
		"random": func(f *Field) Elem { return Elem(rng.Uint32N(f.p)) },
	}
}

// fuzzFiller is random, or picks among the words that are likeliest to be wrong.
func fuzzFiller(rng *rand.Rand, extreme bool) filler {
	if !extreme {
		return fillers(rng)["random"]
	}
	return func(f *Field) Elem { return Elem([]uint32{0, 1, f.p / 2, f.p/2 + 1, f.p - 1}[rng.IntN(5)]) }
}

func fillElems(f *Field, n int, fill filler) []Elem {
	out := make([]Elem, n)
	for i := range out {
		out[i] = fill(f)
	}
	return out
}

func fillExt(x *Ext, n int, fill filler) []E {
	out := make([]E, n)
	for i := range out {
		for e := range x.D {
			out[i][e] = fill(x.Base)
		}
	}
	return out
}

// sumRows is what a RowSum computes for one point.
func sumRows(x *Ext, rows []Elem, width, stride int, weights []E) []E {
	out := make([]E, width)
	for r, w := range weights {
		for c := range out {
			out[c] = x.Add(out[c], x.MulBase(w, rows[r*stride+c]))
		}
	}
	return out
}

func TestRowSum(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(2, 3))
		for _, c := range extensions {
			for name, fill := range fillers(rng) {
				for _, width := range []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100, 530} {
					for _, n := range []int{0, 1, 7, 8, 9, 16, 63, 64, 65, 75} {
						checkRowSum(t, c.x, rng, fill, name, width, n, width+rng.IntN(3), 1+rng.IntN(3))
					}
				}
			}
		}
	})
}

func checkRowSum(t *testing.T, x *Ext, rng *rand.Rand, fill filler, name string, width, n, stride, points int) {
	t.Helper()
	rows := fillElems(x.Base, max(0, n-1)*stride+width, fill)
	s, other := x.NewRowSum(width, points), x.NewRowSum(width, points)
	weights, first, second := make([][]E, points), make([][]E, points), make([][]E, points)
	cut := rng.IntN(n + 1)
	for k := range weights {
		weights[k] = fillExt(x, n, fill)
		first[k], second[k] = weights[k][:cut], weights[k][cut:]
	}
	s.Add(rows, stride, first)
	if n > cut {
		other.Add(rows[cut*stride:], stride, second)
	}
	s.Merge(other)
	for k := range weights {
		if got, want := s.Sum(k), sumRows(x, rows, width, stride, weights[k]); !slices.Equal(got, want) {
			t.Fatalf("%s degree %d, %s, %d rows of %d, cut at %d, point %d: %d, want %d", x.Base.Name(), x.D, name, n, width, cut, k, got, want)
		}
	}
}

func TestRowDots(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(2, 3))
		for _, c := range extensions {
			for name, fill := range fillers(rng) {
				base := fillExt(c.x, 1, fill)[0]
				p, powers := c.x.NewPowers(base, 300), c.x.Powers(base, 300)
				for _, width := range []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 300} {
					for n := range 10 {
						checkRowDots(t, c.x, p, powers, fill, name, width, n, width+rng.IntN(3))
					}
				}
			}
		}
	})
}

func checkRowDots(t *testing.T, x *Ext, p *Powers, powers []E, fill filler, name string, width, n, stride int) {
	t.Helper()
	guard := E{7, 7, 7, 7, 7}
	rows := fillElems(x.Base, max(0, n-1)*stride+width, fill)
	dst := slices.Repeat([]E{guard}, n+1)
	p.RowDots(dst[:n], rows, width, stride)
	for i := range n {
		var want E
		for c := range width {
			want = x.Add(want, x.MulBase(powers[c], rows[i*stride+c]))
		}
		if dst[i] != want {
			t.Fatalf("%s degree %d, %s, row %d of %d, width %d: %d, want %d", x.Base.Name(), x.D, name, i, n, width, dst[i], want)
		}
	}
	if dst[n] != guard {
		t.Fatalf("%d rows: wrote past the end", n)
	}
}

// FuzzRows compares sums and dot products over matrices of random shapes with every set.
func FuzzRows(f *testing.F) {
	f.Add(uint64(1), uint16(20), uint16(9), false)
	f.Add(uint64(2), uint16(300), uint16(70), true)
	f.Fuzz(func(t *testing.T, seed uint64, width, n uint16, extreme bool) {
		rng := rand.New(rand.NewPCG(seed, 0))
		fill := fuzzFiller(rng, extreme)
		w, rows := 1+int(width)%600, int(n)%80
		for _, set := range kernels.Supported() {
			old := kernels.Use(set)
			for _, c := range extensions {
				checkRowSum(t, c.x, rng, fill, "fuzz", w, rows, w+rng.IntN(3), 1+rng.IntN(3))
				base := fillExt(c.x, 1, fill)[0]
				checkRowDots(t, c.x, c.x.NewPowers(base, w), c.x.Powers(base, w), fill, "fuzz", w, rows, w+rng.IntN(3))
			}
			kernels.Use(old)
		}
	})
}

func BenchmarkRows(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, shape := range []struct{ width, rows int }{{1312, 1 << 14}, {2633, 1 << 13}, {1312, 64}, {20, 1 << 14}} {
		rows := make([]Elem, shape.width*shape.rows)
		for i := range rows {
			rows[i] = Elem(rng.Uint32N(KoalaBear.p))
		}
		for _, x := range []*Ext{KoalaBear4, KoalaBear5} {
			weights := [][]E{fillExt(x, shape.rows, fillers(rng)["random"]), fillExt(x, shape.rows, fillers(rng)["random"])}
			dst := make([]E, shape.rows)
			p := x.NewPowers(weights[0][0], shape.width)
			for _, set := range kernels.Supported() {
				name := fmt.Sprintf("degree=%d/width=%d/rows=%d/%s", x.D, shape.width, shape.rows, set)
				report := func(b *testing.B) {
					n := float64(len(rows)) * float64(b.N)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/elem")
					b.ReportMetric(4*n/float64(b.Elapsed().Nanoseconds()), "GB/s")
				}
				for points := 1; points <= 2; points++ {
					b.Run(fmt.Sprintf("Sum/points=%d/%s", points, name), func(b *testing.B) {
						defer kernels.Use(kernels.Use(set))
						s := x.NewRowSum(shape.width, points)
						for b.Loop() {
							s.Add(rows, shape.width, weights[:points])
						}
						report(b)
					})
				}
				b.Run("Dots/"+name, func(b *testing.B) {
					defer kernels.Use(kernels.Use(set))
					for b.Loop() {
						p.RowDots(dst, rows, shape.width, shape.width)
					}
					report(b)
				})
			}
		}
	}
}
