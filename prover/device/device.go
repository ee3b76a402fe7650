package device

import (
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
)

// Poly holds polynomials of one degree bound: for each column its coefficients, lowest
// first, 2^Log of them.
type Poly struct {
	Log  int
	Cols [][]field.Elem
}

// NewPoly allocates zero polynomials.
func NewPoly(log, columns int) Poly {
	p := Poly{Log: log, Cols: make([][]field.Elem, columns)}
	store := make([]field.Elem, columns<<log)
	for i := range p.Cols {
		p.Cols[i] = store[i<<log : (i+1)<<log]
	}
	return p
}

// Device runs kernels.
type Device interface {
	// Name says which kernels run, for reports.
	Name() string
	// Workers is the number of kernels that run at once.
	Workers() int
	// For calls body over disjoint ranges that cover [0, n), perhaps concurrently.
	For(n int, body func(from, to int))
	// Interpolate returns the polynomials whose values on the subgroup are the columns of
	// m, rows in natural order.
	Interpolate(f *field.Field, m matrix.Matrix) Poly
	// InterpolateReversed replaces values in bit-reversed order, which p.Cols hold, by
	// coefficients.
	InterpolateReversed(f *field.Field, p Poly)
	// Evaluate returns the values on shift·H, |H| = 2^log, rows in bit-reversed order.
	Evaluate(f *field.Field, p Poly, shift field.Elem, log int) matrix.Matrix
	// Tree builds a Merkle tree or a part of one, as tree.Build does.
	Tree(s merkle.Suite, base []merkle.Digest, mats []matrix.Matrix, stop int) *tree.Tree
}
