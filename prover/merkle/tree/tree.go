package tree

import (
	"math/bits"

	"rpp-node/prover/matrix"
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
	layer := base
	if at := ofHeight(mats, width); len(at) > 0 {
		layer = hashRows(s, loop, base, at, width)
	}
	t := &Tree{Layers: [][]merkle.Digest{layer}}
	for width > stop {
		width /= 2
		below := layer
		layer = make([]merkle.Digest, width)
		if width <= narrow {
			s.CompressPairs(layer, below)
		} else {
			loop(width, func(from, to int) { s.CompressPairs(layer[from:to], below[2*from:2*to]) })
		}
		if at := ofHeight(mats, width); len(at) > 0 {
			layer = hashRows(s, loop, layer, at, width)
		}
		t.Layers = append(t.Layers, layer)
	}
	return t
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

// hashRows hashes the rows of matrices, all of the given height: into leaves if layer is
// nil, else into the nodes of layer.
func hashRows(s merkle.Suite, loop For, layer []merkle.Digest, mats []matrix.Matrix, height int) []merkle.Digest {
	out := make([]merkle.Digest, height)
	loop(height, func(from, to int) {
		rows := make([]merkle.Rows, len(mats))
		for k, m := range mats {
			rows[k] = merkle.Rows{Width: m.Width, Values: m.Rows(from, to).Values}
		}
		s.HashRows(out[from:to], rows...)
		if layer == nil {
			return
		}
		var pairs [2 * narrow]merkle.Digest
		for at := from; at < to; at += narrow {
			end := min(at+narrow, to)
			for i := at; i < end; i++ {
				pairs[2*(i-at)], pairs[2*(i-at)+1] = layer[i], out[i]
			}
			s.CompressPairs(out[at:end], pairs[:2*(end-at)])
		}
	})
	return out
}

// Top is the narrowest layer: the cap, a root, or what a shard sends up.
func (t *Tree) Top() []merkle.Digest { return t.Layers[len(t.Layers)-1] }

// At returns the digest of node i of the layer of the given width.
func (t *Tree) At(width, i int) merkle.Digest {
	return t.Layers[bits.Len(uint(len(t.Layers[0])))-bits.Len(uint(width))][i]
}
