package fri

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

func randomWord(x *field.Ext, rng *rand.Rand, n int) []field.E {
	out := make([]field.E, n)
	for i := range out {
		for k := range x.D {
			out[i][k] = x.Base.FromUint(rng.Uint64())
		}
	}
	return out
}

// TestFoldRows compares with rows folded alone: every arity, with rows that begin and end
// anywhere, also past the rows that are folded together.
func TestFoldRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, set := range kernels.Supported() {
		t.Run(set.String(), func(t *testing.T) {
			defer kernels.Use(kernels.Use(set))
			for _, x := range []*field.Ext{field.KoalaBear4, field.KoalaBear5, field.BabyBear4} {
				for a := 1; a <= MaxArity; a++ {
					checkFoldRows(t, x, rng, a+11, a, rng.IntN(900), 1+rng.IntN(1100>>a))
					checkFoldRows(t, x, rng, a+3, a, 0, 8)
					checkFoldRows(t, x, rng, a, a, 0, 1)
					checkFoldRows(t, x, rng, a+4, a, 3, 0)
				}
			}
		})
	}
}

// checkFoldRows folds rows from on, and as many anywhere.
func checkFoldRows(t *testing.T, x *field.Ext, rng *rand.Rand, logHeight, logArity, from, rows int) {
	t.Helper()
	d := NewFolder(x, logHeight, logArity, randomWord(x, rng, 1)[0])
	word := randomWord(x, rng, rows<<logArity)
	before, dst := slices.Clone(word), make([]field.E, rows+1)
	d.FoldRows(dst[:rows], word, from)
	if !slices.Equal(word, before) || dst[rows] != (field.E{}) {
		t.Fatalf("%s degree %d, arity 2^%d: wrote elsewhere", x.Base.Name(), x.D, logArity)
	}
	at, scattered := rng.Perm(1<<(logHeight-logArity)), make([]field.E, rows+1)
	at = slices.Repeat(at, rows/len(at)+1)[:rows]
	d.FoldRowsAt(scattered[:rows], word, at)
	if !slices.Equal(word, before) || scattered[rows] != (field.E{}) {
		t.Fatalf("%s degree %d, arity 2^%d: wrote elsewhere", x.Base.Name(), x.D, logArity)
	}
	for i := range rows {
		if want := d.Fold(at[i], slices.Clone(word[i<<logArity:(i+1)<<logArity])); scattered[i] != want {
			t.Fatalf("%s degree %d, height 2^%d, arity 2^%d, row %d: %d, want %d", x.Base.Name(), x.D, logHeight, logArity, at[i], scattered[i], want)
		}
		if want := d.Fold(from+i, word[i<<logArity:(i+1)<<logArity]); dst[i] != want {
			t.Fatalf("%s degree %d, height 2^%d, arity 2^%d, row %d: %d, want %d", x.Base.Name(), x.D, logHeight, logArity, from+i, dst[i], want)
		}
	}
}

// FuzzFoldRows does the same for random parts of codewords.
func FuzzFoldRows(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(16), uint8(40))
	f.Fuzz(func(t *testing.T, seed uint64, arity, from, rows uint8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for _, set := range kernels.Supported() {
			old := kernels.Use(set)
			for _, x := range []*field.Ext{field.KoalaBear4, field.KoalaBear5, field.BabyBear4} {
				a := 1 + int(arity)%4
				checkFoldRows(t, x, rng, a+9, a, int(from), int(rows))
			}
			kernels.Use(old)
		}
	})
}

func BenchmarkFoldRows(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 9))
	for _, x := range []*field.Ext{field.KoalaBear4, field.KoalaBear5} {
		for _, a := range []int{1, 2, 3, 4} {
			const log = 16
			word, dst := randomWord(x, rng, 1<<log), make([]field.E, 1<<(log-a))
			d := NewFolder(x, log, a, word[1])
			for _, set := range kernels.Supported() {
				b.Run(fmt.Sprintf("degree=%d/arity=%d/%s", x.D, 1<<a, set), func(b *testing.B) {
					defer kernels.Use(kernels.Use(set))
					for b.Loop() {
						d.FoldRows(dst, word, 0)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N<<log), "ns/value")
				})
			}
		}
	}
}
