package bench

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
	"rpp-node/prover/matrix"
)

// maxTraceElems bounds the memory of a sample trace.
const maxTraceElems = 1<<31 - 1 // 8 GiB

// ErrUnknown is wrapped by ByName for a name that no benchmark has.
var ErrUnknown = errors.New("unknown benchmark circuit")

// ErrSize is wrapped by Sample for a height outside the benchmark's range.
var ErrSize = errors.New("benchmark height out of range")

// Benchmark is one circuit of one table, with sample traces of every height.
type Benchmark struct {
	Name       string
	LogRowsMin int // the smallest height at which the sample is a whole statement

	table func(f *field.Field) air.Table
	// fill writes every cell of m, and returns the public values.
	fill func(f *field.Field, m matrix.Matrix, workers int) []field.Elem
}

// poseidon2Width is the width of the permutations that the benchmark proves.
const poseidon2Width = 16

// Circuits lists the benchmarks in the order in which they are shown.
func Circuits() []Benchmark {
	return []Benchmark{
		{
			Name:  "fibonacci",
			table: Fibonacci,
			fill: func(f *field.Field, m matrix.Matrix, _ int) []field.Elem {
				return fillFibonacci(f, m, 0, f.One())
			},
		},
		{
			Name: "poseidon2",
			table: func(f *field.Field) air.Table {
				return Poseidon2(f, poseidon2Width, Poseidon2PerRow)
			},
			fill: func(f *field.Field, m matrix.Matrix, workers int) []field.Elem {
				NewPermutation(f, poseidon2Width).fillTable(m, workers, poseidon2Input(f, poseidon2Width))
				return nil
			},
		},
		{
			Name:       "keccak-f",
			LogRowsMin: bits.Len(keccak.Rounds), // one whole permutation
			table:      KeccakF,
			fill: func(f *field.Field, m matrix.Matrix, workers int) []field.Elem {
				fillKeccakTable(f, m, KeccakInputs(m.Height()/keccak.Rounds), workers)
				return nil
			},
		},
	}
}

// ByName returns the benchmark of that name.
func ByName(name string) (Benchmark, error) {
	var names []string
	for _, b := range Circuits() {
		if b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return Benchmark{}, fmt.Errorf("%w %q: have %s", ErrUnknown, name, strings.Join(names, ", "))
}

// Build makes the circuit over f. It takes milliseconds.
func (b Benchmark) Build(f *field.Field) air.Circuit {
	return air.Circuit{Name: b.Name, Field: f, Tables: []air.Table{b.table(f)}}
}

// LogRowsMax is the largest height whose trace has less than 2^31 elements (8 GiB).
func (b Benchmark) LogRowsMax(f *field.Field) int {
	width := b.table(f).Width
	return min(air.MaxLogHeight, bits.Len(uint(maxTraceElems/width))-1)
}

// CheckRows says whether the benchmark has a trace of 2^logRows rows.
func (b Benchmark) CheckRows(f *field.Field, logRows int) error {
	if largest := b.LogRowsMax(f); logRows < b.LogRowsMin || logRows > largest {
		return fmt.Errorf("%w: %s with 2^%d rows: choose 2^%d to 2^%d", ErrSize, b.Name, logRows, b.LogRowsMin, largest)
	}
	return nil
}

// Sample makes the benchmark's trace of 2^logRows rows, the same on every call, and its
// public values, with up to that many workers (see the package comment). The work is
// that of upstream's example of the same height; its inputs are our own.
func (b Benchmark) Sample(f *field.Field, logRows, workers int) ([]matrix.Matrix, [][]field.Elem, error) {
	if err := b.CheckRows(f, logRows); err != nil {
		return nil, nil, err
	}
	m := matrix.New(1<<logRows, b.table(f).Width)
	publics := b.Fill(f, m, workers)
	return []matrix.Matrix{m}, [][]field.Elem{publics}, nil
}

// Fill is Sample into the caller's matrix, which has the table's width and a height that
// Sample would take. Every cell is written, whatever it held.
func (b Benchmark) Fill(f *field.Field, m matrix.Matrix, workers int) []field.Elem {
	return b.fill(f, m, workers)
}
