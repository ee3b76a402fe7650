// Package container is the proof file: a versioned envelope of a proof with what it is a
// proof of (family, variant, key fingerprint, profile, chain, heights, public values),
// ended by a digest of it all. The proof inside is upstream's encoding, byte for byte.
//
// docs/formats/container.md has the byte diagram. No goroutines.
package container
