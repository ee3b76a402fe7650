package merkle

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

// TestBatch: hashing many rows or pairs at once gives the digests that one at a time
// gives, with every kernel set, for numbers and widths on both sides of the kernels' lanes
// and blocks, and for rows spread over several matrices.
func TestBatch(t *testing.T) {
	defer kernels.Use(kernels.Active())
	rng := rand.New(rand.NewPCG(8, 1))
	for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
		for k := range kindNames {
			s := NewSuite(Kind(k), f)
			for _, n := range []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 33, 70} {
				for _, widths := range [][]int{{0}, {1}, {8}, {15}, {16}, {17}, {33}, {34}, {35}, {70}, {5, 11, 1}, {16, 20}, {40, 0, 33}} {
					var mats []Rows
					for _, w := range widths {
						mats = append(mats, Rows{Width: w, Values: randomElems(rng, f, n*w)})
					}
					nodes := make([]Digest, 2*n)
					for i := range nodes {
						for j, v := range randomElems(rng, f, 8) {
							nodes[i][j] = uint32(v)
						}
					}
					want, wantUp := make([]Digest, n), make([]Digest, n)
					hashRows(s, want, mats)
					compressPairs(s, wantUp, nodes)
					for _, set := range kernels.Supported() {
						kernels.Use(set)
						got, up := make([]Digest, n), make([]Digest, n)
						s.HashRows(got, mats...)
						s.CompressPairs(up, nodes)
						if !slices.Equal(got, want) {
							t.Fatalf("%s %s %s: %d rows of %v: other digests", f.Name(), s.Kind(), set, n, widths)
						}
						if !slices.Equal(up, wantUp) {
							t.Fatalf("%s %s %s: %d pairs: other digests", f.Name(), s.Kind(), set, n)
						}
					}
				}
			}
		}
	}
}

func randomElems(rng *rand.Rand, f *field.Field, n int) []field.Elem {
	v := make([]field.Elem, n)
	for i := range v {
		v[i] = f.FromUint(rng.Uint64())
	}
	return v
}
