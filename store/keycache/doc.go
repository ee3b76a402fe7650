// Package keycache is a node's index of the proving and verifying keys that it holds: from
// family, variant, profile, hash and kind, or from a fingerprint, to an artifact. Keys are
// derived once in a cluster and pulled from peers; whoever proves, verifies or serves a
// peer looks here first. Package lru below it keeps expanded keys in memory.
//
// What always holds:
//
//   - An entry is written after its artifact is complete and synced, and is found only
//     while the artifact is there.
//   - A key is read as an artifact is: every byte is checked. A damaged one is ErrCorrupt
//     once; from then on it is not found, so that it is pulled or derived again.
//   - What Put and Add acknowledged survives a crash.
//   - Nothing here deletes an artifact: Blobs names those that collection must keep.
//
// Keys are bytes to it; whether a key has the fingerprint that its entry says is for the
// caller to check, who knows the format.
//
// docs/formats/keycache.md has the bytes. No goroutines.
package keycache
