// Package keccak is the permutation Keccak-f[1600] (Bertoni, Daemen, Peeters and Van
// Assche, The Keccak reference 3.0; FIPS 202, section 3) and the two hashes that
// Plonky3 builds on it: Keccak-256 over bytes with the original padding, and the sponge
// without padding over 64-bit lanes.
//
// Many hashes at once (LaneSpongeRows, LaneSpongeSegments, CompressPairs, PermuteBatch)
// run on the kernels that prover/kernels has chosen: eight states side by side in
// AVX-512, four in AVX2, or one after another in Go. internal/gen writes the assembly.
// A call of a kernel takes well under 100 µs, because nothing can preempt it.
//
// Called by the Keccak hash configurations of the transcript and the Merkle
// commitments, and by the Keccak circuit, which reads the round constants and rotation
// offsets. No goroutines, no state; nothing allocates.
package keccak
