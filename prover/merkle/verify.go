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

// Checker checks multiproofs. It keeps its memory from one to the next and belongs to one
// goroutine; the zero value is ready.
type Checker struct {
	order   []int // queries, by index: those below one node follow each other
	index   []int // of the level's nodes that paths run through
	first   []int // node i lies on the paths of the queries order[first[i]:first[i+1]]
	digests []Digest
	opened  []Digest // of the rows that join at a level
	pairs   []Digest
	values  []field.Elem
}

// Verify checks that rows[q][m], for query q and matrix m, are the rows that the cap
// commits to at leaf indices[q]: matrix m is opened at indices[q] shifted down to its
// height. Indices may repeat; equal row indices must come with equal rows, so that every
// row is authenticated though each node is hashed once.
func (c *Checker) Verify(s Suite, shape *Shape, capHeight int, cap []Digest, indices []int, rows [][][]field.Elem, siblings []Digest) error {
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
	w := walk{Checker: c, s: s, shape: shape, rows: rows, siblings: siblings}
	if err := w.leaves(indices, logMax); err != nil {
		return err
	}
	for level := logMax - 1; level >= logCap; level-- {
		if err := w.up(level); err != nil {
			return err
		}
	}
	if left := len(siblings) - w.used; left != 0 {
		return fmt.Errorf("%w: %d left over", ErrSiblingCount, left)
	}
	for i, n := range w.index {
		if cap[n] != w.digests[i] {
			return ErrCapMismatch
		}
	}
	return nil
}

// walk is the way from the leaves of one multiproof to the cap.
type walk struct {
	*Checker
	s        Suite
	shape    *Shape
	rows     [][][]field.Elem
	siblings []Digest
	used     int // siblings
}

// sized returns a slice of n items, in the memory of s if there is enough. Items may hold
// anything.
func sized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// hashBlock rows are brought together and hashed at a time: several times as fast as one
// by one, and in the first levels of cache.
const hashBlock = 32

// hashRows sets dst[i] to the digest of the rows of height 2^log that the queries through
// node i open, after checking that they all open the same.
func (w *walk) hashRows(dst []Digest, log int) error {
	width := 0
	for m, h := range w.shape.LogHeights {
		if h == log {
			width += w.shape.Widths[m]
		}
	}
	w.values = slices.Grow(w.values[:0], min(len(dst), hashBlock)*width)
	done := 0
	for i := range dst {
		if i-done == hashBlock {
			w.s.HashRows(dst[done:i], Rows{Width: width, Values: w.values})
			w.values, done = w.values[:0], i
		}
		queries := w.order[w.first[i]:w.first[i+1]]
		for m, h := range w.shape.LogHeights {
			if h != log {
				continue
			}
			row := w.rows[queries[0]][m]
			for _, q := range queries[1:] {
				if !slices.Equal(w.rows[q][m], row) {
					return fmt.Errorf("%w: matrix %d, queries %d and %d", ErrInconsistentRows, m, queries[0], q)
				}
			}
			w.values = append(w.values, row...)
		}
	}
	w.s.HashRows(dst[done:], Rows{Width: width, Values: w.values})
	return nil
}

func (w *walk) leaves(indices []int, logMax int) error {
	w.order = sized(w.order, len(indices))
	for q := range w.order {
		w.order[q] = q
	}
	slices.SortStableFunc(w.order, func(a, b int) int { return indices[a] - indices[b] })
	w.index, w.first = w.index[:0], w.first[:0]
	for i, q := range w.order {
		if n := len(w.index); n == 0 || w.index[n-1] != indices[q] {
			w.index, w.first = append(w.index, indices[q]), append(w.first, i)
		}
	}
	w.first = append(w.first, len(w.order))
	w.digests = sized(w.digests, len(w.index))
	return w.hashRows(w.digests, logMax)
}

// up replaces the nodes by their parents, which number 2^level in the whole tree.
func (w *walk) up(level int) error {
	count := len(w.index)
	w.pairs = sized(w.pairs, 2*count)
	parents := 0
	for i := 0; i < count; i++ {
		n, first := w.index[i], w.first[i]
		pair := w.pairs[2*parents:][:2]
		switch {
		case n&1 == 0 && i+1 < count && w.index[i+1] == n+1:
			pair[0], pair[1] = w.digests[i], w.digests[i+1]
			i++
		case w.used == len(w.siblings):
			return fmt.Errorf("%w: too few", ErrSiblingCount)
		default:
			pair[n&1], pair[n&1^1] = w.digests[i], w.siblings[w.used]
			w.used++
		}
		w.index[parents], w.first[parents] = n>>1, first
		parents++
	}
	w.index, w.digests = w.index[:parents], w.digests[:parents]
	w.first[parents] = len(w.order)
	w.first = w.first[:parents+1]
	w.s.CompressPairs(w.digests, w.pairs[:2*parents])
	if !slices.Contains(w.shape.LogHeights, level) {
		return nil
	}
	w.opened = sized(w.opened, parents)
	if err := w.hashRows(w.opened, level); err != nil {
		return err
	}
	for i := range parents {
		w.pairs[2*i], w.pairs[2*i+1] = w.digests[i], w.opened[i]
	}
	w.s.CompressPairs(w.digests, w.pairs[:2*parents])
	return nil
}
