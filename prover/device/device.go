package device

import (
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
)

// Extension is what to extend: the columns of Values hold polynomials' values on From·H, in
// the given order, those of Rows receive the values of the same polynomials on Shift·K in
// bit-reversed order. H and K are the subgroups of the matrices' heights. Values may be the
// first rows of Rows.
type Extension struct {
	Rows, Values matrix.Matrix
	Order        ntt.Order
	From, Shift  field.Elem
}

// Device runs kernels.
type Device interface {
	// Name says which kernels run, for reports.
	Name() string
	// Workers is the number of kernels that run at once.
	Workers() int
	// For calls body over disjoint ranges that cover [0, n), perhaps concurrently.
	For(n int, body func(from, to int))
	// Extend extends matrices, side by side where one would not keep all workers busy.
	Extend(f *field.Field, list []Extension)
	// Interpolate replaces values on the subgroup, in the given order, by coefficients,
	// lowest first.
	Interpolate(f *field.Field, m matrix.Matrix, in ntt.Order)
	// Evaluate returns the values on shift·H, |H| = 2^log, rows in bit-reversed order, of
	// the polynomials with the given coefficients.
	Evaluate(f *field.Field, coeffs matrix.Matrix, shift field.Elem, log int) matrix.Matrix
	// Tree builds a Merkle tree or a part of one, as tree.Build does.
	Tree(s merkle.Suite, base []merkle.Digest, mats []matrix.Matrix, stop int) *tree.Tree
}
