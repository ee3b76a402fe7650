package bench

import (
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Poseidon2PerRow is the number of permutations in a row of upstream's benchmark
// (examples/examples/prove_prime_field_31.rs).
const Poseidon2PerRow = 8

// Poseidon2 is upstream's Poseidon2Air (perRow 1) or VectorizedPoseidon2Air: a row is
// perRow independent permutations side by side, and nothing links two rows. No public
// values.
func Poseidon2(f *field.Field, width, perRow int) air.Table {
	p := NewPermutation(f, width)
	name := "poseidon2"
	if perRow > 1 {
		name = fmt.Sprintf("poseidon2v%d", perRow)
	}
	b := air.NewBuilder(f, name, perRow*p.Width(), 0)
	for k := range perRow {
		p.Constrain(b, k*p.Width())
	}
	return b.Table()
}

// Poseidon2Trace lays out the permutations of inputs, each width elements long, perRow in
// a row. Their number must be perRow times a power of two: the table has no padding.
func Poseidon2Trace(f *field.Field, width, perRow int, inputs []field.Elem, workers int) matrix.Matrix {
	p := NewPermutation(f, width)
	rows := len(inputs) / (width * perRow)
	if rows == 0 || rows&(rows-1) != 0 || rows*width*perRow != len(inputs) {
		panic(fmt.Sprintf("bench: %d input elements, want a power of two of rows of %d·%d", len(inputs), perRow, width))
	}
	m := matrix.New(rows, perRow*p.Width())
	forRanges(rows, workers, func(from, to int) {
		part := m.Rows(from, to)
		for k := range perRow {
			for r := from; r < to; r++ {
				i := (r*perRow + k) * width
				copy(m.Row(r)[k*p.Width():], inputs[i:i+width])
			}
			p.Fill(part, k*p.Width())
		}
	})
	return m
}

// Poseidon2Inputs are the inputs of the sample traces: element k of permutation i is
// width·i + k.
func Poseidon2Inputs(f *field.Field, width, permutations int) []field.Elem {
	in := make([]field.Elem, width*permutations)
	for i := range in {
		in[i] = f.FromUint(uint64(i))
	}
	return in
}
