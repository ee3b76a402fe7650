// Package unistark holds tests only: Plonky3's single-table STARK (uni-stark upstream;
// docs/protocol.md §3.8, §3.9, §3.12) and its polynomial commitment
// scheme, put together from this engine's parts, so that the vectors that upstream made
// with them pin those parts. The product proves with batch-STARKs (prover/stark), which
// differ in transcript and container.
//
// The prover here is written for reading, one matrix after the other and each formula as
// it stands in the protocol; only commitments, transforms and transcripts are the
// engine's. Nothing imports this package. No goroutines of its own.
package unistark
