package gadget

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Range8LogHeight is the height of Range8.
const Range8LogHeight = 8

// Range8 offers each value below 256, preprocessed, as often as its one column says. The
// column is unconstrained: whatever it says, only the preprocessed values are on offer.
func Range8() air.Table {
	b := air.NewBuilder(Field, "range8", 1, 0)
	values := make([]field.Elem, 1<<Range8LogHeight)
	for i := range values {
		values[i] = Field.FromUint(uint64(i))
	}
	b.SetPreprocessed(1, values)
	b.Provide(busRange8, b.Main(0), b.Prep(0))
	return b.Table()
}

// Bytes records the questions that other tables ask of Range8.
type Bytes struct {
	count [1 << Range8LogHeight]uint64
}

// Ask records one question. One about a value that is no byte has no answer and makes
// the bus unbalanced.
func (r *Bytes) Ask(v field.Elem) {
	if u := Field.Uint(v); u < uint32(len(r.count)) {
		r.count[u]++
	}
}

// Trace is Range8's trace.
func (r *Bytes) Trace() matrix.Matrix {
	m := matrix.New(len(r.count), 1)
	for i, n := range r.count {
		m.Values[i] = Field.FromUint(n)
	}
	return m
}
