package shard

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

// blockRows is the number of rows that the compiled programs see at once: enough to pay
// for a vector call, few enough for the registers of a large circuit to stay in cache.
const blockRows = 128

// columns allocates n column vectors of blockRows.
func columns(n int) [][]field.Elem {
	store := make([]field.Elem, n*blockRows)
	cols := make([][]field.Elem, n)
	for i := range cols {
		cols[i] = store[i*blockRows : (i+1)*blockRows]
	}
	return cols
}

// fill transposes n rows, given by a function, into column vectors cut to n.
func fill(cols [][]field.Elem, n int, row func(i int) []field.Elem) {
	if len(cols) == 0 {
		return
	}
	for c := range cols {
		cols[c] = cols[c][:n]
	}
	for i := range n {
		for c, v := range row(i) {
			cols[c][i] = v
		}
	}
}

func newBlock(t *air.Table) *air.Block {
	b := &air.Block{Main: columns(t.Width), Prep: columns(t.PrepWidth)}
	if t.MainNext {
		b.MainNext = columns(t.Width)
	}
	if t.PrepNext {
		b.PrepNext = columns(t.PrepWidth)
	}
	s := columns(3)
	b.First, b.Last, b.Transit = s[0], s[1], s[2]
	return b
}

// extVec is a vector of extension elements, one slice for each coefficient.
type extVec [field.MaxDegree][]field.Elem

func newExtVec(d int) (v extVec) {
	cols := columns(d)
	copy(v[:], cols)
	return v
}

func (v *extVec) at(i, d int) (e field.E) {
	for k := range d {
		e[k] = v[k][i]
	}
	return e
}
