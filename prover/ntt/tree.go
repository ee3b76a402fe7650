package ntt

import (
	"sync"

	"rpp-node/prover/field"
)

// A twiddle multiplies by w < p, an ordinary integer, not a Montgomery word: the product
// of a Montgomery word with it is one again.
type twiddle struct {
	quotient uint32 // floor(2^32·w/p)
	w        uint32
}

// newTwiddle takes a Montgomery word m. As m is 2^32·w mod p, 2^32·w = quotient·p + m,
// so that the quotient is -m/p mod 2^32.
func newTwiddle(f *field.Field, m field.Elem) twiddle {
	w := f.Uint(m)
	return twiddle{uint32((uint64(w)<<32 - uint64(m)) / uint64(f.Modulus())), w}
}

// mul returns a word below 2p that is x·w mod p, for any x.
func (t twiddle) mul(x, prime uint32) uint32 {
	return x*t.w - uint32(uint64(x)*uint64(t.quotient)>>32)*prime
}

// A tree holds the constants of a transform on a coset: evaluating a polynomial there is
// reducing it modulo X^N - h^N, then modulo the two factors X^(N/2) ± h^(N/2) of that, and
// so on to the N factors X - x. The nodes are numbered as in a heap: node 1 is the whole,
// the children of n are 2n for X^m - c and 2n + 1 for X^m + c, where c is the constant of
// node n. Level l has the nodes 2^l to 2^(l+1) - 1, in the order in which Plonky3 commits
// to their values: at level l, node 2^l + k has
//
//	c = h^(N/2^(l+1)) · w^rev_l(k), w of order 2^(l+1).
//
// A subtree belongs to a coset of a smaller subgroup, and so the extension by B uses the
// subtrees below the nodes B to 2B - 1. A tree for the inverse transform holds 1/c.
type tree struct {
	key   treeKey
	once  sync.Once
	nodes []twiddle // node 0 does not exist
	last  uint64    // when it was asked for; guarded by the cache
}

type treeKey struct {
	f       *field.Field
	log     int
	shift   field.Elem
	inverse bool
}

func (t *tree) build() {
	f, log, shift, root := t.key.f, t.key.log, t.key.shift, t.key.f.Root
	if t.key.inverse {
		shift, root = f.Inv(shift), f.RootInv
	}
	t.nodes = make([]twiddle, 1<<log)
	// roots[k] = w^rev_l(k), w of order 2^(l+1), for every l with k < 2^l
	roots := make([]field.Elem, 1<<max(log-1, 0))
	roots[0] = f.One()
	for j := range log - 1 {
		for k := range 1 << j {
			roots[1<<j+k] = f.Mul(roots[k], root(j+2))
		}
	}
	for l := log - 1; l >= 0; l-- {
		for k := range 1 << l {
			t.nodes[1<<l+k] = newTwiddle(f, f.Mul(shift, roots[k]))
		}
		shift = f.Square(shift)
	}
}

// cacheBytes bounds the trees that are kept for later transforms.
const cacheBytes = 64 << 20

// trees keeps the trees of the last transforms.
var trees = struct {
	sync.Mutex
	kept  map[treeKey]*tree
	bytes int
	clock uint64
}{kept: map[treeKey]*tree{}}

// treeOf returns the nodes for a key, made on first use.
func treeOf(k treeKey) []twiddle {
	trees.Lock()
	t := trees.kept[k]
	if t == nil {
		t = &tree{key: k}
		trees.kept[k] = t
		trees.bytes += k.bytes()
	}
	trees.clock++
	t.last = trees.clock
	for trees.bytes > cacheBytes && len(trees.kept) > 1 {
		oldest := t
		for _, o := range trees.kept {
			if o.last < oldest.last {
				oldest = o
			}
		}
		delete(trees.kept, oldest.key)
		trees.bytes -= oldest.key.bytes()
	}
	trees.Unlock()
	t.once.Do(t.build)
	return t.nodes
}

func (k treeKey) bytes() int { return 8 << k.log }

// ConstantBytes is the memory that the Go heap keeps after transforms of 2^log points on
// one coset; forward and inverse ones count apart. MaxConstantBytes bounds their sum.
func ConstantBytes(log int) int64 { return int64(treeKey{log: log}.bytes()) }

// MaxConstantBytes is the most that is kept after any number of transforms.
const MaxConstantBytes = cacheBytes

// scaledAt is where the second half of a table of lastNodes begins.
const scaledAt = 1 << maxRadix

// lastNodes is the table of the last pass of an inverse transform, which is at the root:
// its nodes, then at scaledAt the scale 1/2^log, and behind it the same nodes times the
// scale. Every coefficient meets the scale once: where its first product of the pass is,
// or, if it has none, by itself.
func lastNodes(f *field.Field, log int, nodes []twiddle) []twiddle {
	t := make([]twiddle, 2*scaledAt)
	scale := f.Inv(f.FromUint(1 << log))
	t[scaledAt] = newTwiddle(f, scale)
	for n := 1; n < min(scaledAt, len(nodes)); n++ {
		t[n] = nodes[n]
		t[scaledAt+n] = newTwiddle(f, f.Mul(f.FromUint(uint64(nodes[n].w)), scale))
	}
	return t
}
