package tree

import (
	"math/bits"
	"unsafe"

	"rpp-node/prover/matrix"
	"rpp-node/prover/memory"
	"rpp-node/prover/merkle"
)

// For calls body over disjoint ranges that cover [0, n), perhaps concurrently, and
// returns when all are done.
type For func(n int, body func(from, to int))

// Sequential is the For of one core.
func Sequential(n int, body func(from, to int)) {
	if n > 0 {
		body(0, n)
	}
}

// Tree is a range of levels of a Merkle tree over a range of rows, from its widest level
// up. The matrices of a large tree must stay unchanged as long as it is asked for nodes.
type Tree struct {
	suite  merkle.Suite
	base   []merkle.Digest
	mats   []matrix.Matrix
	width  int               // of the widest level
	layers [][]merkle.Digest // those kept, widest first: without the first `dropped`
	buffer []uint32          // what they lie in
}

// The widest levels of a large tree are three quarters of its nodes, of which a proof
// needs a few hundred: they are hashed again when asked for.
const droppedLevels = 2

// keepAll is the width up to which all levels are kept. Tests lower it.
var keepAll = 1 << 14

// Build makes the tree over mats (each with a power of two of rows, in commitment order)
// up to the level of width stop. With base, the digests of a level made elsewhere, the
// tree grows from there: matrices as high as base is wide are hashed into it, taller
// ones do not occur.
func Build(s merkle.Suite, loop For, base []merkle.Digest, mats []matrix.Matrix, stop int) *Tree {
	t := &Tree{suite: s, base: base, mats: mats, width: len(base)}
	for _, m := range mats {
		t.width = max(t.width, m.Height())
	}
	dropped := 0
	if t.width > keepAll {
		dropped = min(droppedLevels, bits.Len(uint(t.width/stop))-1)
	}
	width := t.width >> dropped
	take := t.reserve(width, stop)
	layer := take(width)
	loop(width, func(from, to int) { t.fromRows(layer[from:to], dropped, from) })
	t.layers = append(t.layers, layer)
	for width > stop {
		width /= 2
		below := layer
		layer = take(width)
		if width <= narrow {
			t.up(layer, below, width, 0)
		} else {
			loop(width, func(from, to int) { t.up(layer[from:to], below[2*from:2*to], width, from) })
		}
		t.layers = append(t.layers, layer)
	}
	if dropped == 0 {
		t.base, t.mats = nil, nil // nothing will be hashed again
	}
	return t
}

// narrow levels cost less than waking a second core.
const narrow = 64

// reserve takes a buffer for all levels from width down to stop and returns a function
// that hands them out.
func (t *Tree) reserve(width, stop int) (take func(n int) []merkle.Digest) {
	total := 0
	for w := width; w >= stop; w /= 2 {
		total += w
	}
	const words = len(merkle.Digest{})
	t.buffer = memory.Get(total * words)
	rest := unsafe.Slice((*merkle.Digest)(unsafe.Pointer(unsafe.SliceData(t.buffer))), total)
	return func(n int) []merkle.Digest {
		layer := rest[:n:n]
		rest = rest[n:]
		return layer
	}
}

// atOnce nodes are made together, so that the levels below them stay in the first level of
// cache.
const atOnce = 64

// fromRows sets dst to the nodes from `from` on of the level that has 2^below times fewer
// nodes than the widest.
func (t *Tree) fromRows(dst []merkle.Digest, below, from int) {
	if below == 0 {
		t.widest(dst, from)
		return
	}
	n := min(len(dst), atOnce)
	lower, upper := make([]merkle.Digest, n<<below), make([]merkle.Digest, n<<below/2)
	for len(dst) > 0 {
		n := min(len(dst), atOnce)
		t.subtrees(dst[:n], below, from, lower[:n<<below], upper)
		dst, from = dst[n:], from+n
	}
}

// widest sets dst to the nodes from `from` on of the widest level.
func (t *Tree) widest(dst []merkle.Digest, from int) {
	if at := t.at(t.width, from, len(dst)); len(at) > 0 && t.base == nil {
		t.suite.HashRows(dst, at...)
		return
	}
	copy(dst, t.base[from:])
	t.inject(dst, t.width, from)
}

// subtrees is fromRows with room for the levels below.
func (t *Tree) subtrees(dst []merkle.Digest, below, from int, nodes, next []merkle.Digest) {
	t.widest(nodes, from<<below)
	for k := 1; k <= below; k++ {
		up := next[:len(nodes)/2]
		if k == below {
			up = dst
		}
		t.up(up, nodes, t.width>>k, from<<below>>k)
		nodes, next = up, nodes[:cap(nodes)]
	}
}

// up sets dst to parents of nodes, from parent `from` of the level of the given width.
func (t *Tree) up(dst, nodes []merkle.Digest, width, from int) {
	t.suite.CompressPairs(dst, nodes)
	t.inject(dst, width, from)
}

// inject hashes the rows of the matrices that are as high as a level is wide into its
// nodes, from `from` on.
func (t *Tree) inject(nodes []merkle.Digest, width, from int) {
	if len(t.at(width, 0, 0)) == 0 {
		return
	}
	var leaves [narrow]merkle.Digest
	var pairs [2 * narrow]merkle.Digest
	for len(nodes) > 0 {
		n := min(narrow, len(nodes))
		t.suite.HashRows(leaves[:n], t.at(width, from, n)...)
		for i := range n {
			pairs[2*i], pairs[2*i+1] = nodes[i], leaves[i]
		}
		t.suite.CompressPairs(nodes[:n], pairs[:2*n])
		nodes, from = nodes[n:], from+n
	}
}

// at returns n rows of every matrix of the given height.
func (t *Tree) at(height, from, n int) (rows []merkle.Rows) {
	for _, m := range t.mats {
		if m.Height() == height {
			rows = append(rows, merkle.Rows{Width: m.Width, Values: m.Rows(from, from+n).Values})
		}
	}
	return rows
}

// Release gives the levels' buffer back. Nothing that aliases them (Top) may be used
// again.
func (t *Tree) Release() {
	memory.Put(t.buffer)
	*t = Tree{}
}

// Width is the number of nodes of the widest level.
func (t *Tree) Width() int { return t.width }

// Top is the narrowest level: the cap, a root, or what a shard sends up.
func (t *Tree) Top() []merkle.Digest { return t.layers[len(t.layers)-1] }
