package pruning

import (
	"errors"
	"fmt"
	"math"

	"rpp-node/prover/circuit/gadget"
)

// Witness is what a prover must know: the blocks before pruning, and what was removed.
type Witness struct {
	Variant     string
	FirstHeight uint64        // height of the first block
	Parent      gadget.Digest // digest of the header before it
	FoldIn      gadget.Digest // fold of the segments before this one
	Blocks      []Block
}

// Block is the transactions of one block, in their order.
type Block []Transaction

// Transaction is one transaction. Its id is a digest made inside the field, so eight
// elements; the bytes of a foreign hash would not fit.
type Transaction struct {
	ID      gadget.Digest
	Removed bool
}

// ErrWitness is wrapped by every error about a witness, decoding included.
var ErrWitness = errors.New("pruning: invalid witness")

func bad(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrWitness, fmt.Sprintf(format, a...))
}

// Check reports why w is no witness of v, or nil. A witness that passes can be proven:
// every choice of transactions and of what to remove is a true statement about some
// header.
func (w *Witness) Check(v Variant) error {
	if w.Variant != v.Name {
		return bad("variant: the witness is for %q, the circuit is %q; choose the circuit that the witness names", w.Variant, v.Name)
	}
	if len(w.Blocks) != v.Blocks {
		return bad("blocks: %d, %s proves ranges of exactly %d; cut the range or choose another variant", len(w.Blocks), v.Name, v.Blocks)
	}
	if w.FirstHeight > math.MaxUint64-uint64(v.Blocks-1) {
		return bad("first_height: %d and %d blocks pass the largest height 2^64-1; start the range lower", w.FirstHeight, v.Blocks)
	}
	if !w.Parent.Reduced() {
		return bad("parent: an element is not below the modulus; decode digests with gadget.DecodeDigest")
	}
	if !w.FoldIn.Reduced() {
		return bad("fold_in: an element is not below the modulus; decode digests with gadget.DecodeDigest")
	}
	for b, block := range w.Blocks {
		if len(block) > v.Capacity() {
			return bad("blocks[%d]: %d transactions, %s takes %d in a block; choose a variant of deeper trees", b, len(block), v.Name, v.Capacity())
		}
		for i := range block {
			if !block[i].ID.Reduced() {
				return bad("blocks[%d][%d].id: an element is not below the modulus; decode digests with gadget.DecodeDigest", b, i)
			}
		}
	}
	return nil
}
