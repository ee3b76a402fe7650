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
	p.fillTable(m, workers, func(i int, dst []field.Elem) { copy(dst, inputs[i*width:]) })
	return m
}

// fillTable writes a trace of Poseidon2 into m; input writes the input of permutation i.
func (p *Permutation) fillTable(m matrix.Matrix, workers int, input func(i int, dst []field.Elem)) {
	m.Width = p.Width() // permutations side by side are rows of a narrower matrix
	ForRanges(m.Height(), workers, func(from, to int) { p.fillFrom(m, from, to, input) })
}

// Poseidon2Inputs are the inputs of the sample traces: element k of permutation i is
// width·i + k.
func Poseidon2Inputs(f *field.Field, width, permutations int) []field.Elem {
	in := make([]field.Elem, width*permutations)
	input := poseidon2Input(f, width)
	for i := range permutations {
		input(i, in[i*width:][:width])
	}
	return in
}

// poseidon2Input returns a function that writes the input of permutation i.
func poseidon2Input(f *field.Field, width int) func(i int, dst []field.Elem) {
	offsets := make([]field.Elem, width)
	for k := range offsets {
		offsets[k] = f.FromUint(uint64(k))
	}
	return func(i int, dst []field.Elem) {
		first := f.FromUint(uint64(i * width))
		for k, v := range offsets {
			dst[k] = f.Add(first, v)
		}
	}
}
