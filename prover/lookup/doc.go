// Package lookup is the layout of LogUp arguments: which interactions of a table share a
// permutation column, how buses are numbered over a batch, what degrees result, and the
// bound that keeps multiplicities from wrapping around (batch-stark and lookup upstream;
// docs/formats/circuit.md).
//
// A column's constraint is U·f = V over all its tuples, with U the product of the
// denominators and V = Σ count·Π others; a running sum and one terminal a table tie the
// columns together, and the terminals of a batch add up to zero.
//
// Read by the verifier (Eval), the prover and key derivation. No goroutines.
package lookup
