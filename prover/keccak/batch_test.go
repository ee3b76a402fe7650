package keccak

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/kernels"
)

// eachSet runs a test with every kernel set that this processor has.
func eachSet(t *testing.T, test func(t *testing.T)) {
	defer kernels.Use(kernels.Active())
	for _, s := range kernels.Supported() {
		kernels.Use(s)
		t.Run(s.String(), test)
	}
}

// sponge is the definition: the lanes of one leaf through Sponge.
func sponge(leaf []uint32) []uint32 {
	lanes := make([]uint64, (len(leaf)+1)/2)
	for i, w := range leaf {
		lanes[i/2] |= uint64(w) << (32 * (i % 2))
	}
	var out [4]uint64
	Sponge(&out, lanes)
	return words(out[:])
}

func words(lanes []uint64) []uint32 {
	var d []uint32
	for _, v := range lanes {
		d = append(d, uint32(v), uint32(v>>32))
	}
	return d
}

// canary surrounds what kernels may touch.
const canary = 0xdeadbeef

// guarded returns a slice of n words with canaries around it, and a check of them.
func guarded(t testing.TB, n int, fill func() uint32) ([]uint32, func(what string)) {
	const guard = 64
	all := make([]uint32, n+2*guard)
	for i := range all {
		all[i] = canary
	}
	in := all[guard : guard+n : guard+n]
	for i := range in {
		in[i] = fill()
	}
	return in, func(what string) {
		for i, v := range all {
			if (i < guard || i >= guard+n) && v != canary {
				t.Fatalf("%s: word %d of %d was overwritten", what, i-guard, n)
			}
		}
	}
}

// edges are 32-bit words among which extreme ones are frequent.
func edges(rng *rand.Rand) func() uint32 {
	return func() uint32 {
		switch rng.IntN(8) {
		case 0:
			return 0
		case 1:
			return ^uint32(0)
		default:
			return rng.Uint32()
		}
	}
}

// hashAndCompare hashes random leaves of these widths and strides beyond them, and
// compares with the definition.
func hashAndCompare(t testing.TB, rng *rand.Rand, leaves int, widths, gaps []int) {
	what := fmt.Sprintf("%s: %d leaves of %v words, gaps of %v", kernels.Active(), leaves, widths, gaps)
	fill := edges(rng)
	var segments []Segment
	for i, w := range widths {
		s := Segment{Width: w, Stride: w + gaps[i]}
		// The last row ends where its width does: nothing beyond may be read.
		s.Words = slices.Clip(make([]uint32, max(0, (leaves-1)*s.Stride+w)))
		for k := range s.Words {
			s.Words[k] = fill()
		}
		segments = append(segments, s)
	}
	dst, check := guarded(t, leaves*DigestWords, fill)
	if len(segments) == 1 {
		LaneSpongeRows(dst, segments[0].Words, segments[0].Width, segments[0].Stride)
	} else {
		LaneSpongeSegments(dst, segments)
	}
	check(what)
	for i := range leaves {
		var leaf []uint32
		for _, s := range segments {
			leaf = append(leaf, s.Words[i*s.Stride:][:s.Width]...)
		}
		if got, want := dst[i*DigestWords:][:DigestWords], sponge(leaf); !slices.Equal(got, want) {
			t.Fatalf("%s: digest %d is %x, want %x", what, i, got, want)
		}
	}
}

func TestLaneSpongeRows(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for leaves := range 2*maxStates + 2 {
			for _, width := range []int{0, 1, 2, 15, 16, 17, 31, 32, 33, 34, 35, 67, 68, 69, 101, 102} {
				hashAndCompare(t, rng, leaves, []int{width}, []int{rng.IntN(3) * 7})
			}
		}
		for width := range 2*blockWords + 2 {
			hashAndCompare(t, rng, maxStates+1, []int{width}, []int{rng.IntN(2)})
		}
		hashAndCompare(t, rng, maxStates, []int{mostWords + 35}, []int{1})
	})
}

func TestLaneSpongeSegments(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		hashAndCompare(t, rng, 3, nil, nil)
		for range 300 {
			var widths, gaps []int
			for range 1 + rng.IntN(4) {
				widths = append(widths, rng.IntN(80))
				gaps = append(gaps, rng.IntN(4))
			}
			hashAndCompare(t, rng, rng.IntN(2*maxStates+2), widths, gaps)
		}
	})
}

// TestStrideOfZero: the same row under every leaf.
func TestStrideOfZero(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		row := []uint32{1, 2, 3}
		dst := make([]uint32, 9*DigestWords)
		LaneSpongeRows(dst, row, len(row), 0)
		for i := 0; i < len(dst); i += DigestWords {
			if !slices.Equal(dst[i:i+DigestWords], sponge(row)) {
				t.Fatalf("digest %d differs", i/DigestWords)
			}
		}
	})
}

func compressAndCompare(t testing.TB, rng *rand.Rand, pairs int) {
	fill := edges(rng)
	src, _ := guarded(t, 2*DigestWords*pairs, fill)
	dst, check := guarded(t, DigestWords*pairs, fill)
	CompressPairs(dst, src)
	check(fmt.Sprintf("%s: %d pairs", kernels.Active(), pairs))
	for i := range pairs {
		want := sponge(src[2*DigestWords*i:][:2*DigestWords])
		if got := dst[DigestWords*i:][:DigestWords]; !slices.Equal(got, want) {
			t.Fatalf("%s: digest %d of %d is %x, want %x", kernels.Active(), i, pairs, got, want)
		}
	}
}

func TestCompressPairs(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for pairs := range 3*maxStates + 2 {
			compressAndCompare(t, rng, pairs)
		}
		compressAndCompare(t, rng, 64*maxStates+maxStates+3)
	})
}

func permuteAndCompare(t testing.TB, rng *rand.Rand) {
	var src, dst, want [25][Batch]uint64
	for i := range src {
		for k := range src[i] {
			src[i][k] = rng.Uint64() & -rng.Uint64N(2)
		}
	}
	before := src
	permuteEach(&want, &src)
	if PermuteBatch(&dst, &src); dst != want || src != before {
		t.Fatalf("%s: PermuteBatch differs from Permute, or changes its input", kernels.Active())
	}
	if PermuteBatch(&src, &src); src != want {
		t.Fatalf("%s: PermuteBatch in place differs from Permute", kernels.Active())
	}
}

func TestPermuteBatch(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for range 20 {
			permuteAndCompare(t, rng)
		}
	})
}

// tailAndCompare compares with Sum256, batch after batch.
func tailAndCompare(t testing.TB, rng *rand.Rand, prefix []byte) {
	fill := edges(rng)
	var tail Tail256
	tail.Start(prefix)
	for range 2 {
		var words [Batch]uint32
		for k := range words {
			words[k] = fill()
		}
		var sums [4][Batch]uint64
		tail.Sums(&sums, &words)
		for k, w := range words {
			var got []byte
			for i := range sums {
				got = binary.LittleEndian.AppendUint64(got, sums[i][k])
			}
			want := Sum256(binary.LittleEndian.AppendUint32(slices.Clone(prefix), w))
			if !slices.Equal(got, want[:]) {
				t.Fatalf("%s: prefix of %d bytes, word %x: %x, want %x", kernels.Active(), len(prefix), w, got, want)
			}
		}
	}
}

// TestTail256 has prefixes around the block boundaries.
func TestTail256(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		prefix := make([]byte, 2*rateBytes+8)
		for i := range prefix {
			prefix[i] = byte(rng.Uint32())
		}
		for n := 0; n <= len(prefix); n += wordBytes {
			tailAndCompare(t, rng, prefix[:n])
		}
	})
}

// TestRefusals: lengths that would make a kernel leave its slices.
func TestRefusals(t *testing.T) {
	for name, call := range map[string]func(){
		"half a digest":    func() { LaneSpongeRows(make([]uint32, 4), make([]uint32, 4), 4, 4) },
		"a short last row": func() { LaneSpongeRows(make([]uint32, 16), make([]uint32, 11), 6, 6) },
		"a negative width": func() { LaneSpongeRows(make([]uint32, 8), make([]uint32, 11), -1, 6) },
		"a negative stride": func() {
			LaneSpongeRows(make([]uint32, 16), make([]uint32, 11), 2, -1)
		},
		"half a word": func() { new(Tail256).Start(make([]byte, 6)) },
		"half a pair": func() { CompressPairs(make([]uint32, 16), make([]uint32, 24)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is accepted", name)
				}
			}()
			call()
		}()
	}
}

func TestBatchAllocations(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		src, dst := make([]uint32, 1000), make([]uint32, 10*DigestWords)
		segments := []Segment{{src, 7, 7}, {src, 40, 41}}
		var batch [25][Batch]uint64
		if n := testing.AllocsPerRun(10, func() {
			LaneSpongeRows(dst, src, 50, 50)
			LaneSpongeSegments(dst, segments)
			CompressPairs(dst, src[:2*len(dst)])
			PermuteBatch(&batch, &batch)
		}); n != 0 {
			t.Errorf("%v allocations, want none", n)
		}
	})
}

// FuzzBatch compares every kernel set with the definition on shapes of the fuzzer's.
func FuzzBatch(f *testing.F) {
	f.Add(uint64(1), uint8(9), uint8(34), uint8(1), uint8(33), uint8(0))
	f.Add(uint64(2), uint8(8), uint8(69), uint8(0), uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, leaves, width0, gap0, width1, gap1 uint8) {
		defer kernels.Use(kernels.Active())
		for _, s := range kernels.Supported() {
			kernels.Use(s)
			rng := rand.New(rand.NewPCG(seed, 1))
			n := int(leaves) % 40
			hashAndCompare(t, rng, n, []int{int(width0)}, []int{int(gap0)})
			hashAndCompare(t, rng, n, []int{int(width0), int(width1)}, []int{int(gap0), int(gap1)})
			compressAndCompare(t, rng, n)
		}
	})
}

// FuzzPermute does the same for PermuteBatch and Tail256.
func FuzzPermute(f *testing.F) {
	f.Add(uint64(1), make([]byte, rateBytes-wordBytes))
	f.Add(uint64(2), make([]byte, 2*rateBytes))
	f.Fuzz(func(t *testing.T, seed uint64, prefix []byte) {
		defer kernels.Use(kernels.Active())
		for _, s := range kernels.Supported() {
			kernels.Use(s)
			rng := rand.New(rand.NewPCG(seed, 2))
			permuteAndCompare(t, rng)
			tailAndCompare(t, rng, prefix[:len(prefix)/wordBytes*wordBytes])
		}
	})
}

func eachSetBench(b *testing.B, bench func(b *testing.B)) {
	defer kernels.Use(kernels.Active())
	for _, s := range kernels.Supported() {
		kernels.Use(s)
		b.Run(s.String(), bench)
	}
}

func BenchmarkPermuteBatch(b *testing.B) {
	eachSetBench(b, func(b *testing.B) {
		var s [25][Batch]uint64
		for b.Loop() {
			PermuteBatch(&s, &s)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*Batch), "ns/permutation")
	})
}

func BenchmarkCompressPairs(b *testing.B) {
	eachSetBench(b, func(b *testing.B) {
		const pairs = 1 << 10
		src, dst := make([]uint32, 2*DigestWords*pairs), make([]uint32, DigestWords*pairs)
		for b.Loop() {
			CompressPairs(dst, src)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*pairs), "ns/permutation")
	})
}

// BenchmarkLaneSpongeRows measures rows that come from memory, of the benchmark circuits'
// widths, and narrow ones, as folding hashes them.
func BenchmarkLaneSpongeRows(b *testing.B) {
	for _, shape := range []struct{ leaves, width int }{{1 << 14, 1312}, {1 << 13, 2633}, {1 << 8, 1312}, {1 << 16, 8}, {1 << 12, 40}} {
		src := make([]uint32, shape.leaves*shape.width)
		for i := range src {
			src[i] = uint32(i)
		}
		dst := make([]uint32, shape.leaves*DigestWords)
		b.Run(fmt.Sprintf("%dx%d", shape.leaves, shape.width), func(b *testing.B) {
			eachSetBench(b, func(b *testing.B) {
				b.SetBytes(int64(4 * len(src)))
				for b.Loop() {
					LaneSpongeRows(dst, src, shape.width, shape.width)
				}
				blocks := shape.leaves * ((shape.width + blockWords - 1) / blockWords)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*blocks), "ns/permutation")
			})
		})
	}
}
