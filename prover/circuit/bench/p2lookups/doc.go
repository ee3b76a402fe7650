// Package p2lookups is the benchmark of what the circuit families spend most on: the
// shared table of permutations, and tables that look their hashes up in it. At 2^15 rows
// it is the size of a consensus proof.
//
// Called by prover/circuit, which lists it with the other benchmarks. Fill follows the
// rules of package bench for workers.
package p2lookups
