package device

import (
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
)

// Device runs kernels.
type Device interface {
	// Name says which kernels run, for reports.
	Name() string
	// Workers is the number of kernels that run at once.
	Workers() int
	// For calls body over disjoint ranges that cover [0, n), perhaps concurrently.
	For(n int, body func(from, to int))
	// Extend replaces the columns' values on from·H, which the first 2^log rows of m hold
	// in the given order, by the values of the same polynomials on shift·K in bit-reversed
	// order, K the subgroup of m's height.
	Extend(f *field.Field, m matrix.Matrix, log int, in ntt.Order, from, shift field.Elem)
	// Interpolate replaces values on the subgroup, in the given order, by coefficients,
	// lowest first.
	Interpolate(f *field.Field, m matrix.Matrix, in ntt.Order)
	// Evaluate returns the values on shift·H, |H| = 2^log, rows in bit-reversed order, of
	// the polynomials with the given coefficients.
	Evaluate(f *field.Field, coeffs matrix.Matrix, shift field.Elem, log int) matrix.Matrix
	// Tree builds a Merkle tree or a part of one, as tree.Build does.
	Tree(s merkle.Suite, base []merkle.Digest, mats []matrix.Matrix, stop int) *tree.Tree
}
