// Package tree builds the trees of package merkle, whole or cut into shards: a shard is
// a complete subtree over a contiguous range of committed rows, and the crown is the top
// that grows from the shards' digests. Both are the same call, Build, with other bounds.
//
// Called by the prover and by key derivation. It owns no goroutine: the caller passes a
// For that runs a loop's body over ranges, on as many cores as it likes.
package tree
