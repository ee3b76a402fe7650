// Package bench is the benchmark circuits: fibonacci, poseidon2 and keccak-f, the same
// tables as Plonky3's, constraint by constraint, so that both provers do the same work
// and check each other's proofs. They prove nothing that a chain needs.
//
// Called by prover/circuit, whose list of benchmarks begins with Circuits; Benchmark is
// the form of the others too. Permutation, the columns and constraints of one Poseidon2
// permutation, is also the core of the families' hash tables.
//
// A table is an upstream table where, at every point, its constraints have the same
// values, in the same order, with the same degrees: then the folded quotient and the
// number of its chunks are the same. How a value is computed is free; the expressions
// here share what they can.
//
// Traces come from kernels, if prover/kernels has chosen a set that has them: sixteen or
// eight Poseidon2 permutations at a time, column by column, and the bits and limbs of
// Keccak's lanes. internal/gen writes the assembly; every set makes the same trace.
//
// Trace generators that take a number of workers start at most that many goroutines,
// each writing rows of its own, and wait for all of them before they return. The trace
// does not depend on the number.
package bench
