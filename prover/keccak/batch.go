package keccak

import (
	"fmt"

	"rpp-node/prover/kernels"
)

// DigestWords is the length of a digest in 32-bit words: four lanes, each as its low and
// its high half.
const DigestWords = 8

// blockWords is a block of the sponge over lanes in 32-bit words.
const blockWords = 2 * SpongeRate

// Segment is the part of the leaves that one matrix holds: of leaf i, the words
// Words[i·Stride : i·Stride + Width].
type Segment struct {
	Words         []uint32
	Width, Stride int
}

// LaneSpongeRows hashes rows of 32-bit words, row i being rows[i·stride : i·stride +
// width], into len(dst)/DigestWords digests. Two words make a lane, low half first; an
// odd last word is a lane with an upper half of zero. The lanes go through Sponge.
func LaneSpongeRows(dst, rows []uint32, width, stride int) {
	segments := [1]Segment{{rows, width, stride}}
	LaneSpongeSegments(dst, segments[:])
}

// LaneSpongeSegments is LaneSpongeRows for leaves that are made of several segments, one
// after the other without a gap: lanes may straddle them.
func LaneSpongeSegments(dst []uint32, segments []Segment) {
	leaves := digests(dst)
	for i, s := range segments {
		if s.Width < 0 || s.Stride < 0 || leaves > 0 && len(s.Words) < (leaves-1)*s.Stride+s.Width {
			panic(fmt.Sprintf("keccak: segment %d has %d words, which are not %d rows of %d at a stride of %d",
				i, len(s.Words), leaves, s.Width, s.Stride))
		}
	}
	st := states{set: kernels.Active()}
	for from := 0; from < leaves; from += st.count() {
		st.clear()
		st.leaves(segments, from, min(st.count(), leaves-from))
		st.digests(dst[DigestWords*from:])
	}
}

// digests is the number of digests in dst.
func digests(dst []uint32) int {
	if len(dst)%DigestWords != 0 {
		panic(fmt.Sprintf("keccak: %d words are no whole number of digests", len(dst)))
	}
	return len(dst) / DigestWords
}

// CompressPairs hashes pairs of digests: dst[8i : 8i+8] is the first four lanes of the
// permutation of src[16i : 16i+16] and zeros. dst and src do not overlap.
func CompressPairs(dst, src []uint32) {
	pairs := digests(dst)
	if len(src) != 2*len(dst) {
		panic(fmt.Sprintf("keccak: %d words are not pairs for %d digests", len(src), pairs))
	}
	st := states{set: kernels.Active()}
	n := st.count()
	const most = 64 // groups a call
	whole := pairs / n * n
	for from := 0; from < whole; from += most * n {
		to := min(from+most*n, whole)
		st.compress(dst[DigestWords*from:DigestWords*to], src[2*DigestWords*from:2*DigestWords*to])
	}
	if whole < pairs {
		var in [2 * DigestWords * maxStates]uint32
		var out [DigestWords * maxStates]uint32
		copy(in[:], src[2*DigestWords*whole:])
		st.compress(out[:DigestWords*n], in[:2*DigestWords*n])
		copy(dst[DigestWords*whole:], out[:])
	}
}

// Batch is the number of states that PermuteBatch takes at once.
const Batch = 8

// PermuteBatch permutes Batch states: element i of every lane is state i's. dst may be
// src.
func PermuteBatch(dst, src *[25][Batch]uint64) { permuteBatch(dst, src) }

// permuteEach is PermuteBatch, one state after another.
func permuteEach(dst, src *[25][Batch]uint64) {
	for i := range Batch {
		var a [25]uint64
		for k := range a {
			a[k] = src[k][i]
		}
		Permute(&a)
		for k := range a {
			dst[k][i] = a[k]
		}
	}
}
