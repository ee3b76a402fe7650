package tree

import (
	"math/bits"

	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
)

// Node is a place in a tree: the width of its level, and its index there.
type Node struct{ Width, Index int }

// At returns the digest of one node.
func (t *Tree) At(width, i int) merkle.Digest { return t.Digests([]Node{{width, i}})[0] }

// Digests returns the digests of nodes. Those of levels that were not kept are hashed
// again, a level's together.
func (t *Tree) Digests(nodes []Node) []merkle.Digest {
	out := make([]merkle.Digest, len(nodes))
	kept := len(t.layers[0])
	missing := map[int][]int{} // places in nodes, by width
	for k, n := range nodes {
		if n.Width > kept {
			missing[n.Width] = append(missing[n.Width], k)
			continue
		}
		out[k] = t.layers[logOf(kept)-logOf(n.Width)][n.Index]
	}
	for width, places := range missing {
		below := logOf(t.width) - logOf(width)
		for len(places) > 0 { // as many as keep the hash's lanes busy
			n := min(len(places), 16)
			var at [16]int
			var digests [16]merkle.Digest
			for i, k := range places[:n] {
				at[i] = nodes[k].Index
			}
			t.rowsUnder(at[:n], below).fromRows(digests[:n], below, 0)
			for i, k := range places[:n] {
				out[k] = digests[i]
			}
			places = places[n:]
		}
	}
	return out
}

func logOf(width int) int { return bits.Len(uint(width)) - 1 }

// rowsUnder is a tree over only the rows below some nodes: those of the i-th begin at its
// i-th share.
func (t *Tree) rowsUnder(at []int, below int) *Tree {
	part := &Tree{suite: t.suite, width: len(at) << below}
	if t.base != nil {
		for _, i := range at {
			part.base = append(part.base, t.base[i<<below:(i+1)<<below]...)
		}
	}
	for _, m := range t.mats {
		shorter := logOf(t.width) - logOf(m.Height())
		if shorter > below {
			continue // joins the tree above
		}
		n := 1 << (below - shorter)
		rows := matrix.New(n*len(at), m.Width)
		for k, i := range at {
			copy(rows.Values[k*n*m.Width:(k+1)*n*m.Width], m.Rows(i*n, (i+1)*n).Values)
		}
		part.mats = append(part.mats, rows)
	}
	return part
}
