package codec

import (
	"math/rand/v2"
	"testing"
)

// TestSlab: lists are zero, each stays what it is while others grow, and all memory is
// little more than theirs, whatever their lengths.
func TestSlab(t *testing.T) {
	const count, total = 512, 20_000
	for _, longest := range []int{1, 9, count / slabShare, count/slabShare + 1, 2 * count} {
		rng := rand.New(rand.NewPCG(1, uint64(longest)))
		var s slab[int]
		var lists [][]int
		memory := 0
		for left := total; left > 0; {
			n, free := min(rng.IntN(longest+1), left), len(s.free)
			l := s.take(n, count, left)
			switch {
			case l == nil || len(l) != n:
				t.Fatalf("a list of %d for %d items", len(l), n)
			case len(s.free) == free: // memory of its own
				memory += n
			case len(s.free) != free-n: // a new piece
				memory += len(s.free) + n
			}
			for i, v := range l {
				if v != 0 {
					t.Fatalf("item %d of %d is %d", i, n, v)
				}
				l[i] = len(lists)
			}
			lists, left = append(lists, l), left-n
			_ = append(l, -1)
		}
		for k, l := range lists {
			for _, v := range l {
				if v != k {
					t.Fatalf("list %d has an item of another: %d", k, v)
				}
			}
		}
		if most := total*slabShare/(slabShare-1) + count; memory > most {
			t.Errorf("lists of up to %d: memory for %d items, want at most %d", longest, memory, most)
		}
	}
}
