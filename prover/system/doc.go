// Package system is what prover and verifier agree on before a proof exists: the circuit,
// the extension, the hash, the low-degree test's parameters, the seed of the transcript
// and the preprocessed commitment. From these and the heights of the tables follow the
// shapes of everything in a proof, computed here once and used by both sides, so that no
// shape is ever read from a proof.
//
// Immutable after New. No goroutines.
package system
