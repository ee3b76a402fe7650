package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/matrix"
)

var bothFields = []*field.Field{field.KoalaBear, field.BabyBear}

// withSet runs body under a kernel set.
func withSet(s kernels.Set, body func()) {
	defer kernels.Use(kernels.Use(s))
	body()
}

// TestTracesOfEverySet: the vectors' traces, from every set.
func TestTracesOfEverySet(t *testing.T) {
	for _, s := range kernels.Supported() {
		withSet(s, func() {
			t.Run(s.String(), func(t *testing.T) {
				t.Run("upstream", TestTracesAreUpstreams)
				t.Run("proofs", TestTracesOfProofVectors)
				t.Run("outputs", TestPermutationOutput)
				t.Run("keccak", TestKeccakOutputs)
			})
		})
	}
}

// edgeElems are random elements, among which 0, 1, -1 and words that are all ones in the
// upper bits are frequent.
func edgeElems(f *field.Field, rng *rand.Rand, n int) []field.Elem {
	out := make([]field.Elem, n)
	for i := range out {
		switch rng.IntN(6) {
		case 0:
			out[i] = 0
		case 1:
			out[i] = f.One()
		case 2:
			out[i] = field.Elem(f.Modulus() - 1)
		default:
			out[i] = f.FromUint(rng.Uint64())
		}
	}
	return out
}

// canary is no element: whatever still holds it was not written.
const canary = field.Elem(0xffffffff)

// guarded is a matrix of canaries with canaries around it, and a check of the latter.
func guarded(t testing.TB, rows, width int) (matrix.Matrix, func()) {
	const guard = 100
	all := make([]field.Elem, rows*width+2*guard)
	for i := range all {
		all[i] = canary
	}
	end := guard + rows*width
	return matrix.Matrix{Width: width, Values: all[guard:end:end]}, func() {
		for i, v := range all {
			if (i < guard || i >= end) && v != canary {
				t.Fatalf("%s: element %d of %d was overwritten", kernels.Active(), i-guard, end-guard)
			}
		}
	}
}

// fillAndCompare fills rows of a permutation between other columns by kernels and by the
// program.
func fillAndCompare(t testing.TB, p *Permutation, rng *rand.Rand, rows, before, after int) {
	f, w := p.perm.Field(), p.perm.Width()
	in := edgeElems(f, rng, rows*w)
	fill := func(s kernels.Set) (m matrix.Matrix) {
		withSet(s, func() {
			var check func()
			m, check = guarded(t, rows, before+p.Width()+after)
			for r := range rows {
				copy(m.Row(r)[before:], in[r*w:(r+1)*w])
			}
			p.Fill(m, before)
			check()
		})
		return m
	}
	want := fill(kernels.Portable)
	for _, s := range kernels.Supported() {
		if d := firstDifference(f, fill(s), want); d != "" {
			t.Fatalf("%s, %s width %d: %s of %d rows", s, f.Name(), w, d, rows)
		}
	}
}

func TestFillOfEverySet(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range bothFields {
		p := NewPermutation(f, 16)
		for rows := range 36 {
			fillAndCompare(t, p, rng, rows, rng.IntN(3), rng.IntN(3))
		}
		fillAndCompare(t, p, rng, programBlock+17, 0, 0)
		fillAndCompare(t, NewPermutation(f, 24), rng, 17, 1, 1)
	}
}

func FuzzFill(f *testing.F) {
	perms := []*Permutation{NewPermutation(field.KoalaBear, 16), NewPermutation(field.BabyBear, 16)}
	f.Add(uint64(1), uint8(16), uint8(0), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, rows, before, after uint8) {
		for _, p := range perms {
			fillAndCompare(t, p, rand.New(rand.NewPCG(seed, 3)), int(rows)%50, int(before)%20, int(after)%20)
		}
	})
}

// putAndCompare expands lanes to bits and limbs by every set.
func putAndCompare(t testing.TB, lanes []uint64) {
	for _, f := range bothFields {
		for what, c := range map[string]struct {
			columns   int
			put, each func(f *field.Field, dst []field.Elem, lanes []uint64)
		}{
			"bits":  {laneBits, putBits, eachBit},
			"limbs": {laneLimbs, putLimbs, eachLimb},
		} {
			want := make([]field.Elem, c.columns*len(lanes))
			c.each(f, want, lanes)
			for _, s := range kernels.Supported() {
				withSet(s, func() {
					m, check := guarded(t, len(lanes), c.columns)
					c.put(f, m.Values, lanes)
					check()
					if !slices.Equal(m.Values, want) {
						t.Fatalf("%s, %s: the %s of %x differ", s, f.Name(), what, lanes)
					}
				})
			}
		}
	}
}

func TestPut(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 52; n++ {
		lanes := make([]uint64, n)
		for i := range lanes {
			switch rng.IntN(4) {
			case 0:
				lanes[i] = ^uint64(0)
			case 1:
				lanes[i] = 1 << rng.IntN(64)
			default:
				lanes[i] = rng.Uint64()
			}
		}
		putAndCompare(t, lanes)
	}
}

func FuzzPut(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint64(3), uint8(3))
	f.Fuzz(func(t *testing.T, a, b, c uint64, n uint8) {
		putAndCompare(t, []uint64{a, b, c, a ^ b, b ^ c, a ^ c}[:1+n%6])
	})
}

// TestFillWritesEveryCell: a trace does not depend on what the matrix held.
func TestFillWritesEveryCell(t *testing.T) {
	for _, s := range kernels.Supported() {
		withSet(s, func() {
			for _, b := range Circuits() {
				for _, f := range bothFields {
					const logRows = 5
					want, publics, err := b.Sample(f, logRows, 1)
					if err != nil {
						t.Fatal(err)
					}
					m, check := guarded(t, 1<<logRows, want[0].Width)
					got := b.Fill(f, []matrix.Matrix{m}, 2)
					check()
					if d := firstDifference(f, m, want[0]); d != "" || !slices.Equal(got[0], publics[0]) {
						t.Errorf("%s, %s over %s: %s, public values %v", s, b.Name, f.Name(), d, got)
					}
				}
			}
		})
	}
}

// BenchmarkFill measures the traces of 2^12 rows, which lie in the cache, and of 2^15,
// which do not, in memory that is there.
func BenchmarkFill(b *testing.B) {
	for _, c := range Circuits() {
		for _, logRows := range []int{10, 15} {
			m := matrix.New(1<<logRows, c.Tables(field.KoalaBear)[0].Width)
			for _, s := range kernels.Supported() {
				b.Run(fmt.Sprintf("%s/%d/%s", c.Name, logRows, s), func(b *testing.B) {
					withSet(s, func() {
						b.SetBytes(int64(4 * len(m.Values)))
						for b.Loop() {
							c.Fill(field.KoalaBear, []matrix.Matrix{m}, 1)
						}
						b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(m.Values)), "ns/cell")
					})
				})
			}
		}
	}
}
