// Package pruning is the circuit family that proves a pruning: of the transactions of a
// block, or of a range of consecutive blocks, some were kept and the others removed, and
// the removed ones are exactly those whose ids a public digest declares.
// docs/circuits/pruning.md says what a proof states and why nothing else can be proven;
// docs/formats/witness-pruning.md is the format of witnesses.
//
// A Variant is a size of the circuit, with a key of its own. Circuit makes its tables,
// Traces its traces from a Witness, Statement the public values by plain hashing, without
// a trace; Publics is their typed form. Sample makes witnesses that look like a chain's.
//
// Called by the registry of families (keys, prover, commands) and by tests. Everything is
// a function of its arguments: equal witnesses give equal traces. Decoded witnesses have
// passed Check. No goroutines.
package pruning
