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

// Tree is a range of levels of a Merkle tree over a range of rows. Layers[0] is the
// widest; each next one is half as wide; the last has the width asked for.
type Tree struct {
	Layers [][]merkle.Digest
	buffer []uint32 // what the layers lie in
}

// Release gives the layers' buffer back. Neither they nor what aliases them (Top) may be
// used again.
func (t *Tree) Release() {
	memory.Put(t.buffer)
	t.Layers, t.buffer = nil, nil
}

// Build makes the tree over mats (each with a power of two of rows, in commitment order)
// up to the layer of width stop. With base, the digests of a layer made elsewhere, the
// tree grows from there: matrices as high as base is wide are hashed into it, taller
// ones do not occur.
func Build(s merkle.Suite, loop For, base []merkle.Digest, mats []matrix.Matrix, stop int) *Tree {
	width := len(base)
	for _, m := range mats {
		width = max(width, m.Height())
	}
	t := &Tree{}
	take := t.reserve(width, stop)
	layer := base
	if at := ofHeight(mats, width); len(at) > 0 {
		layer = take(width)
		hashRows(s, loop, layer, base, at)
	}
	t.Layers = append(t.Layers, layer)
	for width > stop {
		width /= 2
		below := layer
		layer = take(width)
		if width <= narrow {
			s.CompressPairs(layer, below)
		} else {
			loop(width, func(from, to int) { s.CompressPairs(layer[from:to], below[2*from:2*to]) })
		}
		if at := ofHeight(mats, width); len(at) > 0 {
			hashRows(s, loop, layer, layer, at)
		}
		t.Layers = append(t.Layers, layer)
	}
	return t
}

// reserve takes a buffer for all layers from width down to stop and returns a function
// that hands the layers out.
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

// narrow layers cost less than waking a second core.
const narrow = 64

func ofHeight(mats []matrix.Matrix, height int) (at []matrix.Matrix) {
	for _, m := range mats {
		if m.Height() == height {
			at = append(at, m)
		}
	}
	return at
}

// hashRows hashes the rows of matrices as high as dst is long: into leaves if nodes is
// nil, else into the nodes of a layer, which may be dst.
func hashRows(s merkle.Suite, loop For, dst, nodes []merkle.Digest, mats []matrix.Matrix) {
	loop(len(dst), func(from, to int) {
		var leaves [narrow]merkle.Digest
		var pairs [2 * narrow]merkle.Digest
		rows := make([]merkle.Rows, len(mats))
		of := func(from, to int) []merkle.Rows {
			for k, m := range mats {
				rows[k] = merkle.Rows{Width: m.Width, Values: m.Rows(from, to).Values}
			}
			return rows
		}
		if nodes == nil {
			s.HashRows(dst[from:to], of(from, to)...)
			return
		}
		for at := from; at < to; at += narrow {
			end := min(at+narrow, to)
			s.HashRows(leaves[:end-at], of(at, end)...)
			for i := at; i < end; i++ {
				pairs[2*(i-at)], pairs[2*(i-at)+1] = nodes[i], leaves[i-at]
			}
			s.CompressPairs(dst[at:end], pairs[:2*(end-at)])
		}
	})
}

// Top is the narrowest layer: the cap, a root, or what a shard sends up.
func (t *Tree) Top() []merkle.Digest { return t.Layers[len(t.Layers)-1] }

// At returns the digest of node i of the layer of the given width.
func (t *Tree) At(width, i int) merkle.Digest {
	return t.Layers[bits.Len(uint(len(t.Layers[0])))-bits.Len(uint(width))][i]
}
