// Package key holds verifying keys: everything that decides whether a proof of a family
// counts, in one canonical encoding whose BLAKE3-256 digest is the key's fingerprint. A
// STARK key is no trusted set-up: anyone can derive it from the circuit and compare.
//
// This package is what the verifying side needs: the key as a value, its encoding, its
// fingerprint, the transcript's seed, the check that a circuit is the one the key
// describes, and the bits that a key attains. Keys are made by key/derive.
//
// Values are immutable once made. No goroutines.
package key
