// Package spec holds what a proof is asked for: family and variant, profile and tree,
// chain, key, public values, and the digest of the witness to prove it from. A spec has
// one encoding (docs/formats/spec.md); its BLAKE3-256 digest is the job's identifier, so
// equal requests are one job.
//
// Everybody who handles jobs uses it: who submits, who proves, who judges a proof against
// what was asked. Values are plain data. No goroutines.
package spec
