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

type node struct {
	index   int
	digest  Digest
	queries []int // those whose path runs through this node
}

type walk struct {
	s        Suite
	shape    *Shape
	indices  []int
	rows     [][][]field.Elem
	siblings []Digest
	nodes    []node
	buf      []field.Elem
}

// rowDigest hashes the rows of height 2^log that the queries of one node open, after
// checking that they all open the same.
func (w *walk) rowDigest(log int, queries []int) (Digest, error) {
	w.buf = w.buf[:0]
	for m, h := range w.shape.LogHeights {
		if h != log {
			continue
		}
		first := w.rows[queries[0]][m]
		for _, q := range queries[1:] {
			if !slices.Equal(w.rows[q][m], first) {
				return Digest{}, fmt.Errorf("%w: matrix %d, queries %d and %d", ErrInconsistentRows, m, queries[0], q)
			}
		}
		w.buf = append(w.buf, first...)
	}
	return w.s.HashRow(w.buf), nil
}

func (w *walk) leaves(logMax int) error {
	order := make([]int, len(w.indices))
	for q := range order {
		order[q] = q
	}
	slices.SortStableFunc(order, func(a, b int) int { return w.indices[a] - w.indices[b] })
	for _, q := range order {
		if n := len(w.nodes); n > 0 && w.nodes[n-1].index == w.indices[q] {
			w.nodes[n-1].queries = append(w.nodes[n-1].queries, q)
			continue
		}
		w.nodes = append(w.nodes, node{index: w.indices[q], queries: []int{q}})
	}
	for i := range w.nodes {
		d, err := w.rowDigest(logMax, w.nodes[i].queries)
		if err != nil {
			return err
		}
		w.nodes[i].digest = d
	}
	return nil
}

// up replaces the nodes by their parents, which number 2^level in the whole tree.
func (w *walk) up(level int) error {
	inject := slices.Contains(w.shape.LogHeights, level)
	out := w.nodes[:0:len(w.nodes)]
	for i := 0; i < len(w.nodes); i++ {
		n := w.nodes[i]
		parent := node{index: n.index >> 1, queries: n.queries}
		switch {
		case n.index&1 == 0 && i+1 < len(w.nodes) && w.nodes[i+1].index == n.index+1:
			i++
			parent.digest = w.s.Compress(&n.digest, &w.nodes[i].digest)
			parent.queries = append(parent.queries, w.nodes[i].queries...)
		case len(w.siblings) == 0:
			return fmt.Errorf("%w: too few", ErrSiblingCount)
		default:
			sib := w.siblings[0]
			w.siblings = w.siblings[1:]
			if n.index&1 == 0 {
				parent.digest = w.s.Compress(&n.digest, &sib)
			} else {
				parent.digest = w.s.Compress(&sib, &n.digest)
			}
		}
		if inject {
			d, err := w.rowDigest(level, parent.queries)
			if err != nil {
				return err
			}
			parent.digest = w.s.Compress(&parent.digest, &d)
		}
		out = append(out, parent)
	}
	w.nodes = out
	return nil
}
