package ntt

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"rpp-node/prover/field"
)

// TestTree: the two children of a node are the square roots of its constant and of the
// constant's negative, the root is h^(N/2), and the leaves are the coset in the order of
// committed rows. The inverse tree holds the inverses.
func TestTree(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 30))
	for _, f := range fields {
		for log := range 9 {
			shift := unit(rng, f)
			nodes := treeOf(treeKey{f, log, shift, false})
			inverse := treeOf(treeKey{f, log, shift, true})
			if len(nodes) != 1<<log {
				t.Fatalf("%d nodes", len(nodes))
			}
			at := func(n int) field.Elem { return f.FromUint(uint64(nodes[n].w)) }
			for n := 1; n < 1<<log; n++ {
				if n == 1 && at(1) != f.Exp(shift, 1<<log/2) {
					t.Fatalf("%s 2^%d: root", f.Name(), log)
				}
				if f.Mul(at(n), f.FromUint(uint64(inverse[n].w))) != f.One() {
					t.Fatalf("%s 2^%d: inverse of node %d", f.Name(), log, n)
				}
				if want := uint32(uint64(nodes[n].w) << 32 / uint64(f.Modulus())); nodes[n].quotient != want {
					t.Fatalf("%s 2^%d: quotient of node %d", f.Name(), log, n)
				}
				if 2*n+1 < 1<<log && (f.Square(at(2*n)) != at(n) || f.Square(at(2*n+1)) != f.Neg(at(n))) {
					t.Fatalf("%s 2^%d: children of node %d", f.Name(), log, n)
				}
			}
			for u := range 1 << log / 2 {
				x := f.Mul(shift, f.Exp(f.Root(log), uint64(field.ReverseBits(2*u, log))))
				if at(1<<log/2+u) != x {
					t.Fatalf("%s 2^%d: leaf %d", f.Name(), log, u)
				}
			}
		}
	}
}

// TestMul: the product is right and below 2p for every word, also above p.
func TestMul(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 31))
	for _, f := range fields {
		p := f.Modulus()
		words := []uint32{0, 1, p - 1, p, 2*p - 1, 2 * p, 1<<32 - 1}
		for range 1000 {
			words = append(words, rng.Uint32())
		}
		for i, x := range words {
			w := []field.Elem{0, f.One(), f.Neg(f.One()), unit(rng, f)}[min(i%7, 3)]
			got := newTwiddle(f, w).mul(x, p)
			if got >= 2*p || uint64(got)%uint64(p) != uint64(x)*uint64(f.Uint(w))%uint64(p) {
				t.Fatalf("%s: %d·%d = %d", f.Name(), x, f.Uint(w), got)
			}
		}
	}
}

// TestCache: however many trees are asked for, by however many goroutines, no more than
// the bound is kept, and what is kept is what was asked for.
func TestCache(t *testing.T) {
	f := field.KoalaBear
	const log = 20
	one := treeKey{f, 5, f.Generator(), false}
	want := slices.Clone(treeOf(one))
	var wg sync.WaitGroup
	for i := range 2 * (cacheBytes >> (log + 3)) {
		wg.Go(func() {
			treeOf(treeKey{f, log, f.FromUint(uint64(i + 2)), false})
			if !slices.Equal(treeOf(one), want) {
				t.Error("a tree changes")
			}
		})
	}
	wg.Wait()
	trees.Lock()
	defer trees.Unlock()
	sum := 0
	for k, kept := range trees.kept {
		if kept.key != k {
			t.Error("a tree is kept under another's key")
		}
		sum += k.bytes()
	}
	if sum != trees.bytes || sum > cacheBytes || sum < cacheBytes/2 {
		t.Errorf("%d bytes kept, %d counted, %d allowed", sum, trees.bytes, cacheBytes)
	}
}

func TestRadices(t *testing.T) {
	for most := 3; most <= 4; most++ {
		for log := range 25 {
			sum, list := 0, radices(log, most)
			for _, r := range list {
				if r > most || r < 1 || r == 1 && log > 1 {
					t.Errorf("2^%d in passes of %v", log, list)
				}
				sum += r
			}
			if sum != log {
				t.Errorf("2^%d in passes of %v", log, list)
			}
		}
	}
}
