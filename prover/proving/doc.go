// Package proving turns a spec, a witness and a key into a proof file, and judges a proof
// file against a spec.
//
// Prepare reads a witness and says what it is of. Make proves what a spec asks for: it
// refuses the wrong witness, one that breaks a constraint (InvalidWitness), public values
// other than the spec's, and what would not fit in memory. Judge is the other side: a
// proof file is accepted only if each of its fields is the spec's and the verifier accepts
// the proof. A proof file decides nothing about how it is judged. Predict says beforehand
// what a spec will cost.
//
// The command line, the device process of a worker and the voters call it. No clock, no
// files: a caller that measures stages is told of them. With Options.MemoryLimit it sets
// the process's heap limit, so one proof is made at a time. Kernels use the device's
// workers; no goroutine outlives a call.
package proving
