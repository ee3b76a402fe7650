// Package merkle commits to matrices of mixed heights and verifies openings: Plonky3's
// MerkleTreeMmcs with two children a node, caps and pruned multiproofs
// (merkle-tree/src/mmcs.rs upstream; docs/protocol.md §3.4 and §3.5).
//
// This package holds what both sides need: digests, the hash suites and the verification
// of a multiproof. Trees are built in merkle/tree, which the verifier does not import.
//
// Rows are powers of two in number. The tallest matrices are hashed together, row by
// row, into the leaves; a shorter one is hashed into the level that has as many nodes as
// it has rows. Widths come from the caller, never from the proof: the leaf stream has no
// separators, so a row's length must be known before it is hashed.
//
// No goroutines. Suites are immutable and shared.
package merkle
