package ntt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/consensys/gnark-crypto/field/babybear"
	bbfft "github.com/consensys/gnark-crypto/field/babybear/fft"
	"github.com/consensys/gnark-crypto/field/koalabear"
	kbfft "github.com/consensys/gnark-crypto/field/koalabear/fft"

	"rpp-node/prover/field"
)

var fields = []*field.Field{field.KoalaBear, field.BabyBear}

func random(rng *rand.Rand, f *field.Field, n int) []field.Elem {
	v := make([]field.Elem, n)
	for i := range v {
		v[i] = f.FromUint(rng.Uint64())
	}
	return v
}

func horner(f *field.Field, coeffs []field.Elem, at field.Elem) (acc field.Elem) {
	for _, c := range slices.Backward(coeffs) {
		acc = f.Add(f.Mul(acc, at), c)
	}
	return acc
}

// as lends v to gnark-crypto: both hold one Montgomery word an element.
func as[T any](v []field.Elem) []T { return unsafe.Slice((*T)(unsafe.Pointer(&v[0])), len(v)) }

// gnark is its forward transform by decimation in frequency, which takes natural order to
// bit-reversed order as ours does.
func gnark(f *field.Field, v []field.Elem, inverse bool) {
	switch {
	case f == field.KoalaBear && inverse:
		kbfft.NewDomain(uint64(len(v))).FFTInverse(as[koalabear.Element](v), kbfft.DIT)
	case f == field.KoalaBear:
		kbfft.NewDomain(uint64(len(v))).FFT(as[koalabear.Element](v), kbfft.DIF)
	case inverse:
		bbfft.NewDomain(uint64(len(v))).FFTInverse(as[babybear.Element](v), bbfft.DIT)
	default:
		bbfft.NewDomain(uint64(len(v))).FFT(as[babybear.Element](v), bbfft.DIF)
	}
}

// TestAgainstGnark compares both transforms of sizes on both sides of the kernels'
// thresholds.
func TestAgainstGnark(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for _, f := range fields {
		for log := range 14 {
			v := random(rng, f, 1<<log)
			got, want := slices.Clone(v), slices.Clone(v)
			Forward(f, got)
			gnark(f, want, false)
			if !slices.Equal(got, want) {
				t.Errorf("%s 2^%d: forward differs from gnark-crypto's", f.Name(), log)
			}
			Inverse(f, got)
			if !slices.Equal(got, v) {
				t.Errorf("%s 2^%d: inverse does not undo forward", f.Name(), log)
			}
			got, want = slices.Clone(v), slices.Clone(v)
			Inverse(f, got)
			gnark(f, want, true)
			if !slices.Equal(got, want) {
				t.Errorf("%s 2^%d: inverse differs from gnark-crypto's", f.Name(), log)
			}
		}
	}
}

// TestForward holds the transform against evaluation one point at a time.
func TestForward(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 2))
	for _, f := range fields {
		for log := range 8 {
			coeffs := random(rng, f, 1<<log)
			got := slices.Clone(coeffs)
			Forward(f, got)
			for i, x := range f.Powers(f.One(), f.Root(log), 1<<log) {
				if v := got[field.ReverseBits(i, log)]; v != horner(f, coeffs, x) {
					t.Fatalf("%s 2^%d: value at w^%d", f.Name(), log, i)
				}
			}
		}
	}
}

// TestCoset evaluates polynomials shorter and longer than the coset, which folding must
// not tell apart from evaluation.
func TestCoset(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 3))
	for _, f := range fields {
		for log := range 7 {
			for logCoeffs := range 9 {
				shift := f.Mul(f.Generator(), f.FromUint(1+rng.Uint64N(100)))
				coeffs := random(rng, f, 1<<logCoeffs)
				dst := random(rng, f, 1<<log)
				NewCoset(f, shift, log).Evaluate(dst, coeffs)
				for i, w := range f.Powers(f.One(), f.Root(log), 1<<log) {
					if got := dst[field.ReverseBits(i, log)]; got != horner(f, coeffs, f.Mul(shift, w)) {
						t.Fatalf("%s: 2^%d coefficients on a coset of 2^%d: value %d", f.Name(), logCoeffs, log, i)
					}
				}
			}
		}
	}
}

// TestShardIsCoset: a contiguous range of the bit-reversed extension is one coset, so
// that a shard is evaluated alone (see the package's orders).
func TestShardIsCoset(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 4))
	f := field.KoalaBear
	const logRows, log = 5, 7
	coeffs := random(rng, f, 1<<logRows)
	whole := make([]field.Elem, 1<<log)
	NewCoset(f, f.Generator(), log).Evaluate(whole, coeffs)
	for s := range log + 1 {
		n := 1 << (log - s)
		part := make([]field.Elem, n)
		for j := range 1 << s {
			shift := f.Mul(f.Generator(), f.Exp(f.Root(log), uint64(field.ReverseBits(j, s))))
			NewCoset(f, shift, log-s).Evaluate(part, coeffs)
			if !slices.Equal(part, whole[j*n:(j+1)*n]) {
				t.Fatalf("shard %d of 2^%d", j, s)
			}
		}
	}
}

func TestReverse(t *testing.T) {
	for n := range 12 {
		for i := range 1 << n {
			want := 0
			for b := range n {
				want |= i >> b & 1 << (n - 1 - b)
			}
			if got := field.ReverseBits(i, n); got != want {
				t.Fatalf("field.ReverseBits(%d, %d) = %d, want %d", i, n, got, want)
			}
		}
	}
}

func BenchmarkForward(b *testing.B) {
	f := field.KoalaBear
	for _, log := range []int{10, 16, 20} {
		v := random(rand.New(rand.NewPCG(7, 5)), f, 1<<log)
		b.Run(fmt.Sprintf("2^%d", log), func(b *testing.B) {
			b.SetBytes(4 << log)
			for b.Loop() {
				Forward(f, v)
			}
		})
		b.Run(fmt.Sprintf("2^%d/gnark-crypto", log), func(b *testing.B) {
			d := kbfft.NewDomain(1 << log)
			b.SetBytes(4 << log)
			for b.Loop() {
				d.FFT(as[koalabear.Element](v), kbfft.DIF)
			}
		})
	}
}
