package bench

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// FibonacciWidth is the columns of Fibonacci: two neighbours of the sequence.
const FibonacciWidth = 2

// Fibonacci is upstream's FibonacciAir (uni-stark/tests/fib_air.rs): a row is two
// neighbours (left, right), the next row moves on by one. Public values are the
// first pair and the last right: a, b, x.
func Fibonacci(f *field.Field) air.Table {
	b := air.NewBuilder(f, "fibonacci", FibonacciWidth, 3)
	left, right := b.Main(0), b.Main(1)
	b.When(b.First(), func() {
		b.AssertEqual(left, b.Public(0))
		b.AssertEqual(right, b.Public(1))
	})
	b.When(b.Transition(), func() {
		b.AssertEqual(right, b.Next(0))
		b.AssertEqual(left.Add(right), b.Next(1))
	})
	b.When(b.Last(), func() {
		b.AssertEqual(right, b.Public(2))
	})
	return b.Table()
}

// FibonacciTrace runs the sequence from (a, b) over 2^logRows rows; it returns the
// trace and the public values.
func FibonacciTrace(f *field.Field, a, b field.Elem, logRows int) (matrix.Matrix, []field.Elem) {
	m := matrix.New(1<<logRows, FibonacciWidth)
	return m, fillFibonacci(f, m, a, b)
}

// fillFibonacci writes the trace into m and returns the public values.
func fillFibonacci(f *field.Field, m matrix.Matrix, a, b field.Elem) []field.Elem {
	left, right := a, b
	for r := range m.Height() {
		row := m.Row(r)
		row[0], row[1] = left, right
		left, right = right, f.Add(left, right)
	}
	return []field.Elem{a, b, left} // left is by now the last row's right
}
