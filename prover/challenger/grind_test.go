package challenger

import (
	"encoding/binary"
	"fmt"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/merkle"
)

// TestFirstWitness compares every source's search with the plain one, from every state of
// the buffers, over ranges of every length.
func TestFirstWitness(t *testing.T) {
	defer kernels.Use(kernels.Active())
	for _, set := range kernels.Supported() {
		kernels.Use(set)
		for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
			for _, k := range []merkle.Kind{merkle.Poseidon2, merkle.Poseidon2W16, merkle.Keccak, merkle.KeccakBytes} {
				s := newSource(k, f)
				for absorbed := range 72 { // two blocks of Keccak-256 and more
					compareSearch(t, s, f, fmt.Sprintf("%s, %s over %s after %d elements", set, k, f.Name(), absorbed), uint64(absorbed))
					s.observe(f.FromUint(uint64(absorbed)))
				}
				s.sample()
				compareSearch(t, s, f, fmt.Sprintf("%s, %s over %s after a sample", set, k, f.Name()), 1)
			}
		}
	}
}

// FuzzFirstWitness compares the searches from states and over ranges of the fuzzer's.
func FuzzFirstWitness(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(3), uint64(77), uint8(2))
	f.Add(make([]byte, 4*34), uint8(0), uint64(39), uint8(1))
	f.Fuzz(func(t *testing.T, input []byte, samples uint8, seed uint64, kind uint8) {
		defer kernels.Use(kernels.Active())
		k := []merkle.Kind{merkle.Poseidon2, merkle.Poseidon2W16, merkle.Keccak, merkle.KeccakBytes}[kind%4]
		for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
			s := newSource(k, f)
			for range samples % 20 {
				s.sample()
			}
			for in := input; len(in) >= 4; in = in[4:] {
				s.observe(f.FromUint(uint64(binary.LittleEndian.Uint32(in))))
			}
			for _, set := range kernels.Supported() {
				kernels.Use(set)
				compareSearch(t, s, f, fmt.Sprintf("%s, %s over %s", set, k, f.Name()), seed)
			}
		}
	})
}

func compareSearch(t *testing.T, s source, f *field.Field, what string, seed uint64) {
	t.Helper()
	before := s.clone()
	for _, from := range []uint64{seed % 20, uint64(f.Modulus()) - 40} {
		to := from + seed%40
		for _, n := range []int{1, 4, 7} {
			w, ok := s.firstWitness(from, to, n)
			want, wantOK := tryEach(s, f, from, to, n)
			if w != want || ok != wantOK {
				t.Fatalf("%s: %d, %v in [%d, %d), want %d, %v", what, w, ok, from, to, want, wantOK)
			}
		}
	}
	if before.sample() != s.clone().sample() {
		t.Fatalf("%s: the search changed the source", what)
	}
}

// tryEach is firstWitness for any source, one integer after another.
func tryEach(s source, f *field.Field, from, to uint64, n int) (uint64, bool) {
	try := s.clone()
	for w := from; w < to; w++ {
		try.copyFrom(s)
		try.observe(f.FromUint(w))
		if try.sampleBits(n) == 0 {
			return w, true
		}
	}
	return 0, false
}

// BenchmarkFirstWitness searches where no witness is.
func BenchmarkFirstWitness(b *testing.B) {
	defer kernels.Use(kernels.Active())
	for _, k := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
		for _, set := range kernels.Supported() {
			b.Run(fmt.Sprintf("%s/%s", k, set), func(b *testing.B) {
				kernels.Use(set)
				s := newSource(k, field.KoalaBear)
				s.observeDigest(&merkle.Digest{1})
				for b.Loop() {
					if _, ok := s.firstWitness(0, grindChunk, 30); ok {
						b.Fatal("a witness of 30 bits")
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*grindChunk), "ns/witness")
			})
		}
	}
}
