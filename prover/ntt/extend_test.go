package ntt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

// each runs its ranges one after the other; parallel, all at once.
func each(n int, body func(from, to int)) {
	for i := range n {
		body(i, i+1)
	}
}

func parallel(n int, body func(from, to int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { body(i, i+1) })
	}
	wg.Wait()
}

// everySet runs a test with each kernel set.
func everySet(t *testing.T, test func(t *testing.T)) {
	for _, s := range kernels.Supported() {
		t.Run(s.String(), func(t *testing.T) {
			defer kernels.Use(kernels.Use(s))
			test(t)
		})
	}
}

// guardWords words before and behind what is tested are not to be written.
const guardWords = 7 * lane

const guardWord = field.Elem(0xdeadbeef)

// guarded copies v between guards, to where a cache line begins.
func guarded(v []field.Elem) (all, inner []field.Elem) {
	all = slices.Repeat([]field.Elem{guardWord}, len(v)+2*guardWords+lane)
	for !(view{all, guardWords, lane}).aligned() {
		all = all[1:]
	}
	inner = all[guardWords : guardWords+len(v) : guardWords+len(v)]
	copy(inner, v)
	return all[:len(v)+2*guardWords], inner
}

func checkGuards(t *testing.T, all []field.Elem) {
	t.Helper()
	for i := range guardWords {
		if all[i] != guardWord || all[len(all)-1-i] != guardWord {
			t.Fatalf("written outside: %x %x", all[i], all[len(all)-1-i])
		}
	}
}

// column extracts one; setColumn is its inverse.
func column(m []field.Elem, width, c int) (v []field.Elem) {
	for at := c; at < len(m); at += width {
		v = append(v, m[at])
	}
	return v
}

func setColumn(m []field.Elem, width, c int, v []field.Elem) {
	for i, x := range v {
		m[i*width+c] = x
	}
}

// interpolateColumn and evaluateColumn are the reference: the functions on columns, which
// are compared with gnark-crypto's and with evaluation point by point.
func interpolateColumn(f *field.Field, values []field.Elem, in Order, from field.Elem) []field.Elem {
	log := Log(len(values))
	v := slices.Clone(values)
	if in == Natural {
		for i := range v {
			v[i] = values[field.ReverseBits(i, log)]
		}
	}
	Inverse(f, v)
	f.MulVec(v, v, f.Powers(f.One(), f.Inv(from), len(v)))
	return v
}

func evaluateColumn(f *field.Field, coeffs []field.Elem, shift field.Elem, log int) []field.Elem {
	v := make([]field.Elem, 1<<log)
	NewCoset(f, shift, log).Evaluate(v, coeffs)
	return v
}

// awkward fills a matrix with random elements, or with the largest and smallest.
func awkward(rng *rand.Rand, f *field.Field, n int) []field.Elem {
	v := random(rng, f, n)
	switch rng.IntN(4) {
	case 0:
		for i := range v {
			v[i] = field.Elem(f.Modulus() - 1)
		}
	case 1:
		for i := range v {
			v[i] = []field.Elem{0, 1, field.Elem(f.Modulus() - 1)}[rng.IntN(3)]
		}
	}
	return v
}

func unit(rng *rand.Rand, f *field.Field) field.Elem {
	return f.FromUint(1 + rng.Uint64N(uint64(f.Modulus())-1))
}

// testMatrix compares all three functions with the column functions on one shape.
func testMatrix(t *testing.T, rng *rand.Rand, f *field.Field, width, log, logBlowup int, in Order, run For) {
	t.Helper()
	n := 1 << log
	from, shift := unit(rng, f), unit(rng, f)
	values := awkward(rng, f, n*width)
	what := fmt.Sprintf("%s 2^%d×%d by 2^%d order %d", f.Name(), log, width, logBlowup, in)

	coeffs := make([]field.Elem, len(values))
	extended := make([]field.Elem, len(values)<<logBlowup)
	for c := range width {
		p := interpolateColumn(f, column(values, width, c), in, from)
		setColumn(coeffs, width, c, p)
		setColumn(extended, width, c, evaluateColumn(f, p, shift, log+logBlowup))
	}

	all, m := guarded(append(slices.Clone(values), slices.Repeat([]field.Elem{guardWord}, n*width<<logBlowup-n*width)...))
	Extend(f, run, m, width, log, logBlowup, in, from, shift)
	checkGuards(t, all)
	if !slices.Equal(m, extended) {
		t.Fatalf("%s: Extend differs", what)
	}

	all, m = guarded(values)
	dstAll, dst := guarded(values)
	Interpolate(f, run, dst, m, width, log, in, from)
	if checkGuards(t, all); !slices.Equal(m, values) {
		t.Fatalf("%s: Interpolate writes to its input", what)
	}
	if checkGuards(t, dstAll); !slices.Equal(dst, coeffs) {
		t.Fatalf("%s: Interpolate differs", what)
	}
	Interpolate(f, run, m, m, width, log, in, from)
	if checkGuards(t, all); !slices.Equal(m, coeffs) {
		t.Fatalf("%s: Interpolate in place differs", what)
	}

	all, m = guarded(make([]field.Elem, len(extended)))
	Evaluate(f, run, m, coeffs, width, log, shift, log+logBlowup)
	if checkGuards(t, all); !slices.Equal(m, extended) {
		t.Fatalf("%s: Evaluate differs", what)
	}
	if less := log - logBlowup; less >= 0 {
		all, m = guarded(make([]field.Elem, width<<less))
		Evaluate(f, run, m, coeffs, width, log, shift, less)
		checkGuards(t, all)
		for c := range width {
			if !slices.Equal(column(m, width, c), evaluateColumn(f, column(coeffs, width, c), shift, less)) {
				t.Fatalf("%s: Evaluate on fewer points differs", what)
			}
		}
	}
}

// streamAll has every matrix written past the caches where its rows allow it.
func streamAll(t *testing.T) {
	old := streamWords
	streamWords = 0
	t.Cleanup(func() { streamWords = old })
}

// TestStreams is TestMatrices where rows are whole cache lines.
func TestStreams(t *testing.T) {
	streamAll(t)
	everySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 13))
		for log := range 11 {
			testMatrix(t, rng, fields[log%2], lane*(1+rng.IntN(5)), log, rng.IntN(3), Order(log%2), each)
		}
	})
}

// TestMatrices compares the transforms of matrices with those of columns.
func TestMatrices(t *testing.T) {
	everySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 10))
		for _, f := range fields {
			for log := range 13 {
				widths := []int{1, 4, 5, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 70}
				if log > 7 {
					widths = []int{1 + rng.IntN(16), 17 + rng.IntN(15), 32, 33 + rng.IntN(37)}
				}
				for i, width := range widths {
					logBlowup := rng.IntN(4)
					for _, in := range []Order{Natural, Reversed} {
						testMatrix(t, rng, f, width, log, logBlowup, in, []For{each, parallel}[i%2])
					}
				}
			}
		}
	})
}

// TestEveryWidth goes through the widths around every multiple of the panels'.
func TestEveryWidth(t *testing.T) {
	everySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 11))
		for width := 1; width <= 70; width++ {
			for logBlowup := range 4 {
				testMatrix(t, rng, fields[width%2], width, 1+width%6, logBlowup, Order(logBlowup%2), each)
			}
		}
	})
}
