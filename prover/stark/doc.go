// Package stark makes proofs: Plonky3's batch-STARK, bit for bit (batch-stark upstream;
// docs/formats/circuit.md). Prove is the one prove function: it conducts
// the stages of a proof (commit, lookup, quotient, open, reduce, fold, grind, query) over
// shards, through an Executor that may be this process or many, and makes what is too
// small to cut, the crown, itself.
//
// The proof's bytes do not depend on the plan, the executor or the number of workers.
// Proving keys (preprocessed columns committed once) are made by NewKey.
//
// Prove runs on the caller's goroutine; kernels and grinding use the device's workers.
package stark
