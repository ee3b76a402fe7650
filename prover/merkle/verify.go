package merkle

import (
	"errors"
	"fmt"
	"slices"

	"rpp-node/prover/field"
)

// The ways in which a multiproof can be wrong.
var (
	ErrCapLength        = errors.New("merkle: the cap has the wrong number of digests")
	ErrRowShape         = errors.New("merkle: an opened row has the wrong width")
	ErrInconsistentRows = errors.New("merkle: one row opened with different values")
	ErrSiblingCount     = errors.New("merkle: the multiproof has the wrong number of siblings")
	ErrCapMismatch      = errors.New("merkle: the opened rows do not hash to the cap")
)

// Verify checks that rows[q][m], for query q and matrix m, are the rows that the cap
// commits to at leaf indices[q]: matrix m is opened at indices[q] shifted down to its
// height. Indices may repeat; equal row indices must come with equal rows, so that every
// row is authenticated though each node is hashed once.
func Verify(s Suite, shape *Shape, capHeight int, cap []Digest, indices []int, rows [][][]field.Elem, siblings []Digest) error {
	logMax := shape.LogMax()
	logCap := LogCap(capHeight, logMax)
	if len(cap) != 1<<logCap {
		return fmt.Errorf("%w: %d, want %d", ErrCapLength, len(cap), 1<<logCap)
	}
	if len(rows) != len(indices) {
		return fmt.Errorf("%w: %d queries, want %d", ErrRowShape, len(rows), len(indices))
	}
	for q := range rows {
		if len(rows[q]) != len(shape.Widths) {
			return fmt.Errorf("%w: query %d opens %d matrices, want %d", ErrRowShape, q, len(rows[q]), len(shape.Widths))
		}
		for m, w := range shape.Widths {
			if len(rows[q][m]) != w {
				return fmt.Errorf("%w: query %d matrix %d: %d values, want %d", ErrRowShape, q, m, len(rows[q][m]), w)
			}
		}
	}
	v := walk{s: s, shape: shape, indices: indices, rows: rows, siblings: siblings}
	if err := v.leaves(logMax); err != nil {
		return err
	}
	for level := logMax - 1; level >= logCap; level-- {
		if err := v.up(level); err != nil {
			return err
		}
	}
	if len(v.siblings) != 0 {
		return fmt.Errorf("%w: %d left over", ErrSiblingCount, len(v.siblings))
	}
	for _, n := range v.nodes {
		if cap[n.index] != n.digest {
			return ErrCapMismatch
		}
	}
	return nil
}

// node is one that paths run through: those of the queries order[from:to].
type node struct {
	index    int
	digest   Digest
	from, to int
}

type walk struct {
	s        Suite
	shape    *Shape
	indices  []int
	rows     [][][]field.Elem
	siblings []Digest
	order    []int // queries, by index: those below one node follow each other
	nodes    []node
	pairs    []Digest // children of the level's nodes
	digests  []Digest
}

// rowDigests hashes, for each node, the rows of height 2^log that its queries open, after
// checking that they all open the same. All nodes are hashed together, which is several
// times faster than one by one.
func (w *walk) rowDigests(log int) ([]Digest, error) {
	var mats []Rows
	for m, h := range w.shape.LogHeights {
		if h != log {
			continue
		}
		r := Rows{Width: w.shape.Widths[m], Values: make([]field.Elem, 0, len(w.nodes)*w.shape.Widths[m])}
		for i := range w.nodes {
			queries := w.order[w.nodes[i].from:w.nodes[i].to]
			first := w.rows[queries[0]][m]
			for _, q := range queries[1:] {
				if !slices.Equal(w.rows[q][m], first) {
					return nil, fmt.Errorf("%w: matrix %d, queries %d and %d", ErrInconsistentRows, m, queries[0], q)
				}
			}
			r.Values = append(r.Values, first...)
		}
		mats = append(mats, r)
	}
	w.digests = slices.Grow(w.digests[:0], len(w.nodes))[:len(w.nodes)]
	w.s.HashRows(w.digests, mats...)
	return w.digests, nil
}

func (w *walk) leaves(logMax int) error {
	w.order = make([]int, len(w.indices))
	for q := range w.order {
		w.order[q] = q
	}
	slices.SortStableFunc(w.order, func(a, b int) int { return w.indices[a] - w.indices[b] })
	w.nodes = make([]node, 0, len(w.order))
	for i, q := range w.order {
		if n := len(w.nodes); n > 0 && w.nodes[n-1].index == w.indices[q] {
			w.nodes[n-1].to = i + 1
			continue
		}
		w.nodes = append(w.nodes, node{index: w.indices[q], from: i, to: i + 1})
	}
	digests, err := w.rowDigests(logMax)
	if err != nil {
		return err
	}
	for i := range w.nodes {
		w.nodes[i].digest = digests[i]
	}
	return nil
}

// up replaces the nodes by their parents, which number 2^level in the whole tree.
func (w *walk) up(level int) error {
	parents := w.nodes[:0:len(w.nodes)]
	w.pairs = w.pairs[:0]
	for i := 0; i < len(w.nodes); i++ {
		n := w.nodes[i]
		parent := node{index: n.index >> 1, from: n.from, to: n.to}
		switch {
		case n.index&1 == 0 && i+1 < len(w.nodes) && w.nodes[i+1].index == n.index+1:
			i++
			w.pairs = append(w.pairs, n.digest, w.nodes[i].digest)
			parent.to = w.nodes[i].to
		case len(w.siblings) == 0:
			return fmt.Errorf("%w: too few", ErrSiblingCount)
		default:
			sib := w.siblings[0]
			w.siblings = w.siblings[1:]
			if n.index&1 == 0 {
				w.pairs = append(w.pairs, n.digest, sib)
			} else {
				w.pairs = append(w.pairs, sib, n.digest)
			}
		}
		parents = append(parents, parent)
	}
	w.nodes = parents
	w.compress()
	if !slices.Contains(w.shape.LogHeights, level) {
		return nil
	}
	rows, err := w.rowDigests(level)
	if err != nil {
		return err
	}
	w.pairs = w.pairs[:0]
	for i := range w.nodes {
		w.pairs = append(w.pairs, w.nodes[i].digest, rows[i])
	}
	w.compress()
	return nil
}

// compress sets the nodes' digests to those of the pairs.
func (w *walk) compress() {
	w.digests = slices.Grow(w.digests[:0], len(w.nodes))[:len(w.nodes)]
	w.s.CompressPairs(w.digests, w.pairs)
	for i := range w.nodes {
		w.nodes[i].digest = w.digests[i]
	}
}
