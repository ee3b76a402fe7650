package shard

import (
	"rpp-node/prover/field"
)

// blockRows is the number of rows that the compiled programs see at once: enough to pay
// for a vector call, few enough for the registers of a large circuit to stay in cache.
const blockRows = 128

// extVec is a vector of extension elements, one slice for each coefficient.
type extVec [field.MaxDegree][]field.Elem

func newExtVec(d int) (v extVec) {
	for k := range d {
		v[k] = make([]field.Elem, blockRows)
	}
	return v
}

func (v *extVec) at(i, d int) (e field.E) {
	for k := range d {
		e[k] = v[k][i]
	}
	return e
}
