package tree

import (
	"math/bits"

	"rpp-node/prover/field"
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
	layer := hashRows(s, loop, base, mats, width)
	t := &Tree{Layers: [][]merkle.Digest{layer}}
	for width > stop {
		width /= 2
		below := layer
		layer = make([]merkle.Digest, width)
		loop(width, func(from, to int) {
			for i := from; i < to; i++ {
				layer[i] = s.Compress(&below[2*i], &below[2*i+1])
			}
		})
		layer = hashRows(s, loop, layer, mats, width)
		t.Layers = append(t.Layers, layer)
	}
	return t
}

// hashRows hashes the rows of the matrices of the given height: into leaves if layer is
// nil, else into the nodes of layer.
func hashRows(s merkle.Suite, loop For, layer []merkle.Digest, mats []matrix.Matrix, height int) []merkle.Digest {
	var at []matrix.Matrix
	width := 0
	for _, m := range mats {
		if m.Height() == height {
			at = append(at, m)
			width += m.Width
		}
	}
	if len(at) == 0 {
		return layer
	}
	out := make([]merkle.Digest, height)
	loop(height, func(from, to int) {
		buf := make([]field.Elem, 0, width)
		for r := from; r < to; r++ {
			row := at[0].Row(r)
			if len(at) > 1 {
				buf = buf[:0]
				for _, m := range at {
					buf = append(buf, m.Row(r)...)
				}
				row = buf
			}
			d := s.HashRow(row)
			if layer != nil {
				d = s.Compress(&layer[r], &d)
			}
			out[r] = d
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
