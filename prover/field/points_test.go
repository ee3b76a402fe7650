package field

import (
	"math/rand/v2"
	"testing"
)

func TestCosetReversed(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for _, f := range allFields {
			shift := f.Generator()
			for _, log := range []int{0, 1, 2, 5, 9, 10, 13, 24} {
				for _, part := range [][2]int{{0, 1}, {0, 5}, {0, 600}, {3, 40}, {500, 30}, {511, 1}, {512, 512}, {700, 1500}} {
					from, to := part[0], min(part[0]+part[1], 1<<log)
					if from > to {
						continue
					}
					dst := make([]Elem, to-from+1)
					f.CosetReversed(dst[:to-from], shift, log, from)
					for i, got := range dst[:to-from] {
						want := f.Mul(shift, f.Exp(f.Root(log), uint64(ReverseBits(from+i, log))))
						if got != want {
							t.Fatalf("%s: point %d of 2^%d = %d, want %d", f.Name(), from+i, log, got, want)
						}
					}
					if dst[to-from] != 0 {
						t.Fatalf("%s: wrote past the end", f.Name())
					}
				}
			}
		}
	})
}

// TestInverseDifferences: also where z is one of the points, or lies in the base field.
func TestInverseDifferences(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(6, 6))
		random := fillers(rng)["random"]
		for _, c := range extensions {
			x := c.x
			for _, n := range append(extLengths, differenceBlock+3) {
				at := fillElems(x.Base, n, random)
				zs := []E{fillExt(x, 1, random)[0], x.FromBase(random(x.Base)), {}}
				if n > 0 {
					zs = append(zs, x.FromBase(at[n/2]))
				}
				for _, z := range zs {
					dst := make([]E, n+1)
					x.InverseDifferences(dst[:n], z, at)
					for i := range at {
						if want := x.Inv(x.SubBase(z, at[i])); dst[i] != want {
							t.Fatalf("%s degree %d: 1/(%d - %d) = %d, want %d", x.Base.Name(), x.D, z, at[i], dst[i], want)
						}
					}
					if dst[n] != (E{}) {
						t.Fatal("wrote past the end")
					}
				}
			}
		}
	})
}

// TestBarycentricWeights evaluates polynomials from their values on the first rows of a
// committed matrix, as sums over rows in two parts.
func TestBarycentricWeights(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(6, 7))
		random := fillers(rng)["random"]
		for _, c := range extensions {
			x, f := c.x, c.x.Base
			for _, log := range []int{0, 1, 3, 6} {
				const blowup, width = 2, 3
				n, shift, z := 1<<log, f.Generator(), fillExt(x, 1, random)[0]
				coeffs := fillElems(f, n*width, random) // of X^i in column j at i·width + j
				at := make([]Elem, n)
				f.CosetReversed(at, shift, log+blowup, 0)
				rows := make([]Elem, n*width)
				for r, point := range at {
					for j := range width {
						for i := n - 1; i >= 0; i-- {
							rows[r*width+j] = f.Add(f.Mul(rows[r*width+j], point), coeffs[i*width+j])
						}
					}
				}
				weights, cut := make([]E, n), rng.IntN(n+1)
				x.BarycentricWeights(weights[:cut], z, shift, log, at[:cut])
				x.BarycentricWeights(weights[cut:], z, shift, log, at[cut:])
				s := x.NewRowSum(width, 1)
				s.Add(rows, width, [][]E{weights})
				for j, got := range s.Sum(0) {
					var want E
					for i := n - 1; i >= 0; i-- {
						want = x.AddBase(x.Mul(want, z), coeffs[i*width+j])
					}
					if got != want {
						t.Errorf("%s degree %d, 2^%d rows: column %d at %d = %d, want %d", f.Name(), x.D, log, j, z, got, want)
					}
				}
			}
		}
	})
}
