package poseidon2

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/internal/guard"
	"rpp-node/prover/kernels"
)

// checkLanes compares PermuteLanes and PermuteOne with Permute.
func checkLanes(t *testing.T, p *Perm, rng *rand.Rand) {
	t.Helper()
	got := someElems(p, rng, p.width*Lanes)
	want := slices.Clone(got)
	state, one := make([]field.Elem, p.width), make([]field.Elem, p.width)
	for j := range Lanes {
		for i := range state {
			state[i] = want[i*Lanes+j]
		}
		copy(one, state)
		p.Permute(state)
		if p.PermuteOne(one); !slices.Equal(one, state) {
			t.Fatalf("%s %s-%d: one: %d, want %d", kernels.Active(), p.f.Name(), p.width, one, state)
		}
		for i, v := range state {
			want[i*Lanes+j] = v
		}
	}
	if p.PermuteLanes(got); !slices.Equal(got, want) {
		t.Fatalf("%s %s-%d: %d, want %d", kernels.Active(), p.f.Name(), p.width, got, want)
	}
}

// checkPairs compares CompressPairs with Permute, in place or to where the page that side
// names begins right after, or ends right before.
func checkPairs(t *testing.T, p *Perm, rng *rand.Rand, n int, side guard.Side, inPlace bool) {
	t.Helper()
	pairs := someElems(p, rng, 2*DigestLen*n)
	src := guard.Copy(t, side, pairs)
	dst := src[:DigestLen*n]
	if !inPlace {
		dst = guard.Copy(t, side, dst)
	}
	p.CompressPairs(dst, src)
	for i := range n {
		state := pairs[2*DigestLen*i:][:2*DigestLen]
		p.Permute(state)
		if got := dst[DigestLen*i:][:DigestLen]; !slices.Equal(got, state[:DigestLen]) {
			t.Fatalf("%s %s: digest %d of %d: %d, want %d", kernels.Active(), p.f.Name(), i, n, got, state[:DigestLen])
		}
	}
}

// checkFenced is checkRows for segments and digests next to which memory ends.
func checkFenced(t *testing.T, p *Perm, rng *rand.Rand, n, rate int, widths []int, side guard.Side) {
	t.Helper()
	var segments, fenced []Segment
	for _, w := range widths {
		s := Segment{Width: w, Stride: w + rng.IntN(3)}
		s.Values = someElems(p, rng, max(0, (n-1)*s.Stride+w))
		segments = append(segments, s)
		s.Values = guard.Copy(t, side, s.Values)
		fenced = append(fenced, s)
	}
	dst := guard.Copy(t, side, make([]field.Elem, n*DigestLen))
	p.SpongeRows(dst, rate, fenced)
	want := make([]field.Elem, DigestLen)
	for i := range n {
		var row []field.Elem
		for _, s := range segments {
			row = append(row, s.row(i)...)
		}
		p.Sponge(want, row, rate)
		if got := dst[i*DigestLen:][:DigestLen]; !slices.Equal(got, want) {
			t.Fatalf("%s %s-%d: row %d of %d of %v, rate %d: %d, want %d", kernels.Active(), p.f.Name(), p.width, i, n, widths, rate, got, want)
		}
	}
}

// TestBounds: no kernel touches anything outside of rows, pairs and digests.
func TestFenced(t *testing.T) {
	everySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(6, 1))
		for _, p := range perms {
			for _, side := range guard.Sides {
				for _, n := range []int{1, 3, Lanes - 1, Lanes, Lanes + 1, 2*Lanes + 3} {
					for _, widths := range [][]int{{1}, {7}, {8}, {9}, {15}, {16}, {17}, {33}, {5, 19}, {16, 1, 23}} {
						checkFenced(t, p, rng, n, p.width-8, widths, side)
					}
					if p.width == 2*DigestLen {
						checkPairs(t, p, rng, n, side, false)
					}
				}
			}
		}
	})
}

// FuzzLanes compares PermuteLanes, CompressPairs and SpongeRows over several segments, whose
// rows lie apart, with one permutation after another.
func FuzzLanes(f *testing.F) {
	f.Add(uint64(1), uint8(Lanes), uint8(8), uint8(17), uint8(31), uint8(0), true)
	f.Add(uint64(2), uint8(2*Lanes+3), uint8(24), uint8(48), uint8(3), uint8(40), false)
	f.Fuzz(func(t *testing.T, seed uint64, n, rate, width0, width1, width2 uint8, inPlace bool) {
		for _, set := range kernels.Supported() {
			old := kernels.Use(set)
			rng := rand.New(rand.NewPCG(seed, 7))
			side := guard.Sides[seed%2]
			for _, p := range perms {
				checkLanes(t, p, rng)
				widths := []int{int(width0) % 70, int(width1) % 70, int(width2) % 70}[:1+seed%3]
				checkFenced(t, p, rng, int(n)%40, 1+int(rate)%p.width, widths, side)
				if p.width == 2*DigestLen {
					checkPairs(t, p, rng, int(n)%40, side, inPlace)
				}
			}
			kernels.Use(old)
		}
	})
}
