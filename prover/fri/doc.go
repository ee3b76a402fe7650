// Package fri is the low-degree test and the polynomial commitment scheme on top of it:
// parameters, the folding schedule, the arithmetic of one fold, and verification
// (fri/src upstream; docs/protocol.md §3.7). Codewords are folded in
// bit-reversed order with arities up to 2^MaxLogArity, and an input of a lower height is
// rolled in, times a fresh power of the round's challenge, when the fold reaches it.
//
// The proving side lives in prover/stark and prover/shard, which call Schedule and FoldRows;
// the verifier folds the rows of all queries of a round with FoldRowsAt. No goroutines.
package fri
