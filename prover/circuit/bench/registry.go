package bench

import (
	"errors"
	"fmt"
	"math/bits"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
	"rpp-node/prover/matrix"
)

// maxTraceElems bounds the memory of a circuit's sample traces.
const maxTraceElems = 1<<31 - 1 // 8 GiB

// ErrSize is wrapped by CheckRows for a height outside the benchmark's range.
var ErrSize = errors.New("benchmark height out of range")

// ErrField is wrapped by CheckField for a field that the benchmark is not made for.
var ErrField = errors.New("benchmark is not made for the field")

// Benchmark is a circuit that comes in every size, with sample traces. Its size is the
// height of its tallest tables.
type Benchmark struct {
	Name       string
	LogRowsMin int          // the smallest size at which the sample is a whole statement
	Field      *field.Field // the one field that it is made for; nil for any
	Lower      []int        // by table: log2 of how many times it is lower than the tallest

	// Tables makes the tables over f. It takes milliseconds.
	Tables func(f *field.Field) []air.Table
	// Fill writes the sample traces with up to that many workers (see the package
	// comment), and returns the public values, by table. The matrices are the caller's, of
	// the tables' widths and of heights that LogHeights gives. Every cell is written,
	// whatever it held, and the same on every call.
	Fill func(f *field.Field, traces []matrix.Matrix, workers int) [][]field.Elem
}

// poseidon2Width is the width of the permutations that the benchmark proves.
const poseidon2Width = 16

// Circuits lists this package's benchmarks in the order in which they are shown. The work
// of a sample is that of upstream's example of the same height; its inputs are our own.
func Circuits() []Benchmark {
	return []Benchmark{
		{
			Name:   "fibonacci",
			Lower:  []int{0},
			Tables: only(Fibonacci),
			Fill: func(f *field.Field, traces []matrix.Matrix, _ int) [][]field.Elem {
				return [][]field.Elem{fillFibonacci(f, traces[0], 0, f.One())}
			},
		},
		{
			Name:  "poseidon2",
			Lower: []int{0},
			Tables: only(func(f *field.Field) air.Table {
				return Poseidon2(f, poseidon2Width, Poseidon2PerRow)
			}),
			Fill: func(f *field.Field, traces []matrix.Matrix, workers int) [][]field.Elem {
				NewPermutation(f, poseidon2Width).fillTable(traces[0], workers, poseidon2Input(f, poseidon2Width))
				return [][]field.Elem{nil}
			},
		},
		{
			Name:       "keccak-f",
			LogRowsMin: bits.Len(keccak.Rounds), // one whole permutation
			Lower:      []int{0},
			Tables:     only(KeccakF),
			Fill: func(f *field.Field, traces []matrix.Matrix, workers int) [][]field.Elem {
				fillKeccakTable(f, traces[0], KeccakInputs(traces[0].Height()/keccak.Rounds), workers)
				return [][]field.Elem{nil}
			},
		},
	}
}

// only is the list of one table.
func only(table func(f *field.Field) air.Table) func(f *field.Field) []air.Table {
	return func(f *field.Field) []air.Table { return []air.Table{table(f)} }
}

// Build makes the circuit over f.
func (b Benchmark) Build(f *field.Field) air.Circuit {
	return air.Circuit{Name: b.Name, Field: f, Tables: b.Tables(f)}
}

// LogHeights are the tables' heights at the size of 2^logRows rows.
func (b Benchmark) LogHeights(logRows int) []int {
	heights := make([]int, len(b.Lower))
	for i, lower := range b.Lower {
		heights[i] = logRows - lower
	}
	return heights
}

// LogRowsMax is the largest size whose traces have less than 2^31 elements (8 GiB).
func (b Benchmark) LogRowsMax(f *field.Field) int {
	tables := b.Tables(f)
	for logRows := air.MaxLogHeight; ; logRows-- {
		elems := 0
		for i, h := range b.LogHeights(logRows) {
			elems += tables[i].Width << h
		}
		if elems <= maxTraceElems {
			return logRows
		}
	}
}

// CheckField says whether the benchmark can be built over f.
func (b Benchmark) CheckField(f *field.Field) error {
	if b.Field != nil && b.Field != f {
		return fmt.Errorf("%w: %s over %s; use %s", ErrField, b.Name, f.Name(), b.Field.Name())
	}
	return nil
}

// CheckRows says whether the benchmark has traces of 2^logRows rows.
func (b Benchmark) CheckRows(f *field.Field, logRows int) error {
	if largest := b.LogRowsMax(f); logRows < b.LogRowsMin || logRows > largest {
		return fmt.Errorf("%w: %s with 2^%d rows: choose 2^%d to 2^%d", ErrSize, b.Name, logRows, b.LogRowsMin, largest)
	}
	return nil
}

// Sample is Fill into matrices of its own.
func (b Benchmark) Sample(f *field.Field, logRows, workers int) ([]matrix.Matrix, [][]field.Elem, error) {
	if err := errors.Join(b.CheckField(f), b.CheckRows(f, logRows)); err != nil {
		return nil, nil, err
	}
	tables := b.Tables(f)
	traces := make([]matrix.Matrix, len(tables))
	for i, h := range b.LogHeights(logRows) {
		traces[i] = matrix.New(1<<h, tables[i].Width)
	}
	return traces, b.Fill(f, traces, workers), nil
}
