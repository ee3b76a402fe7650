package keccak

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/internal/guard"
)

// fencedAndCompare hashes rows that begin, or end, where memory does, into such digests.
func fencedAndCompare(t *testing.T, side guard.Side, rows []uint32, leaves, width, stride int) {
	t.Helper()
	dst := guard.Copy(t, side, make([]uint32, leaves*DigestWords))
	LaneSpongeRows(dst, guard.Copy(t, side, rows), width, stride)
	for i := range leaves {
		if got, want := dst[i*DigestWords:][:DigestWords], sponge(rows[i*stride:][:width]); !slices.Equal(got, want) {
			t.Fatalf("%d leaves of %d words at %d: digest %d is %x, want %x", leaves, width, stride, i, got, want)
		}
	}
}

// TestBounds: no kernel touches anything outside of rows, pairs, states and digests.
func TestBounds(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		fill := edges(rng)
		for _, side := range guard.Sides {
			for width := 1; width <= 2*blockWords+3; width++ {
				for _, leaves := range []int{1, 3, 4, 5, 8, 9} {
					stride := width + width%2
					rows := make([]uint32, (leaves-1)*stride+width)
					for i := range rows {
						rows[i] = fill()
					}
					fencedAndCompare(t, side, rows, leaves, width, stride)
				}
			}
			for pairs := 1; pairs <= 2*maxStates+1; pairs++ {
				src := make([]uint32, 2*DigestWords*pairs)
				for i := range src {
					src[i] = fill()
				}
				dst := guard.Copy(t, side, make([]uint32, DigestWords*pairs))
				CompressPairs(dst, guard.Copy(t, side, src))
				for i := range pairs {
					if got, want := dst[DigestWords*i:][:DigestWords], sponge(src[2*DigestWords*i:][:2*DigestWords]); !slices.Equal(got, want) {
						t.Fatalf("digest %d of %d is %x, want %x", i, pairs, got, want)
					}
				}
			}
			state := make([][25][Batch]uint64, 1)
			state[0][3][5] = rng.Uint64()
			want := state[0]
			permuteEach(&want, &want)
			dst := guard.Copy(t, side, make([][25][Batch]uint64, 1))
			if PermuteBatch(&dst[0], &guard.Copy(t, side, state)[0]); dst[0] != want {
				t.Fatal("PermuteBatch differs from Permute")
			}
		}
	})
}
