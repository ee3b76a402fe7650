// Package keccak is the permutation Keccak-f[1600] (Bertoni, Daemen, Peeters and Van
// Assche, The Keccak reference 3.0; FIPS 202, section 3) and the two hashes that
// Plonky3 builds on it: Keccak-256 over bytes with the original padding, and the sponge
// without padding over 64-bit lanes.
//
// Called by the Keccak hash configurations of the transcript and the Merkle
// commitments, and by the Keccak circuit, which reads the round constants and rotation
// offsets. No goroutines, no state; nothing allocates.
package keccak
