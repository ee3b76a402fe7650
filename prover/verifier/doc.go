// Package verifier decides whether a proof is one. It is its own small path: it imports
// nothing of the prover, takes everything structural (tables, widths, heights, parameters,
// public values) from its caller and nothing from the proof, and looks at shapes before
// it hashes anything. Every rejection is an *Error with a stable code; no input makes it
// panic.
//
// It accepts exactly the proofs that upstream's verify_batch accepts for the same system
// and that are also canonical: the honest folding schedule, shortest lengths, unused
// proof-of-work witnesses zero, the heights that the caller expects, no matrix shorter
// than its commitment's cap (docs/protocol.md lists where we are stricter).
//
// Called by the CLI, by voters and by tests. One goroutine, no state.
package verifier
