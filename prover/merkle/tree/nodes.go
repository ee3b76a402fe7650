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
		under := t.newSample(logOf(t.width) - logOf(width))
		for len(places) > 0 {
			n := min(len(places), sampled)
			var at [sampled]int
			var digests [sampled]merkle.Digest
			for i, k := range places[:n] {
				at[i] = nodes[k].Index
			}
			under.take(at[:n])
			under.part.fromRows(digests[:n], under.below, 0)
			for i, k := range places[:n] {
				out[k] = digests[i]
			}
			places = places[n:]
		}
	}
	return out
}

func logOf(width int) int { return bits.Len(uint(width)) - 1 }

// sampled nodes are made together: enough to keep the hash's lanes busy.
const sampled = 16

// sample is a tree over only the rows below some nodes of a level that was not kept: those
// of the i-th node are its i-th share.
type sample struct {
	whole, part *Tree
	below       int // levels between the nodes and the widest
	from        []matrix.Matrix
	share       []int // rows of each matrix below a node
}

func (t *Tree) newSample(below int) *sample {
	s := &sample{whole: t, part: &Tree{suite: t.suite, width: sampled << below}, below: below}
	for _, m := range t.mats {
		shorter := logOf(t.width) - logOf(m.Height())
		if shorter > below {
			continue // joins the tree above
		}
		n := 1 << (below - shorter)
		s.from, s.share = append(s.from, m), append(s.share, n)
		s.part.mats = append(s.part.mats, matrix.New(n*sampled, m.Width))
	}
	if t.base != nil {
		s.part.base = make([]merkle.Digest, sampled<<below)
	}
	return s
}

// take copies the rows below the nodes at the given places, at most `sampled`. The shares
// of the others hold what they held.
func (s *sample) take(at []int) {
	for k, m := range s.from {
		n := s.share[k]
		for i, node := range at {
			copy(s.part.mats[k].Rows(i*n, (i+1)*n).Values, m.Rows(node*n, (node+1)*n).Values)
		}
	}
	if s.whole.base != nil {
		for i, node := range at {
			copy(s.part.base[i<<s.below:], s.whole.base[node<<s.below:(node+1)<<s.below])
		}
	}
}
