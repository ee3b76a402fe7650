package pruning

import (
	"slices"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
)

// The functions of this file compute natively what the circuit proves. They share the
// hash functions with it and nothing else: no table, no trace.

// TransactionLeaf is the leaf of a transaction.
func TransactionLeaf(id gadget.Digest) gadget.Digest {
	return gadget.Hash(gadget.TransactionLeaf, id[:])
}

// TransactionRoot is the root of a tree of the given depth whose first leaves are those
// of ids, in order, and whose others are empty. Subtrees without a transaction are known
// from their height. There must be at most 2^depth ids.
func TransactionRoot(ids []gadget.Digest, depth int) gadget.Digest {
	level := make([]gadget.Digest, len(ids))
	for i, id := range ids {
		level[i] = TransactionLeaf(id)
	}
	empty := gadget.Hash(gadget.EmptyLeaf, nil)
	for range depth {
		if len(level)%2 == 1 {
			level = append(level, empty)
		}
		up := level[:0]
		for i := 0; i < len(level); i += 2 {
			up = append(up, gadget.Node(level[i], level[i+1]))
		}
		level, empty = up, gadget.Node(empty, empty)
	}
	if len(level) == 0 {
		return empty
	}
	return level[0]
}

// HeaderDigest is the digest of a block's header.
func HeaderDigest(height uint64, parent, root gadget.Digest) gadget.Digest {
	h := gadget.LimbsOfU64(height)
	return gadget.Hash(gadget.Header, slices.Concat(h[:], parent[:], root[:]))
}

// RemovedDigest is the digest of the removed ids, in order.
func RemovedDigest(ids []gadget.Digest) gadget.Digest {
	return gadget.Hash(tables.RemovedIDs, concat(ids))
}

// SegmentDigest is the commitment to one pruning: all of p but counts and folds.
func SegmentDigest(p *Publics) gadget.Digest {
	from, to := gadget.LimbsOfU64(p.From), gadget.LimbsOfU64(p.To)
	return gadget.Hash(tables.Segment, slices.Concat(from[:], to[:], p.Previous[:], p.Pruned[:], p.RemovedDigest[:], p.Header[:]))
}

// FoldDigest appends a segment to a fold.
func FoldDigest(fold, segment gadget.Digest) gadget.Digest {
	return gadget.Hash(tables.Fold, slices.Concat(fold[:], segment[:]))
}

func concat(digests []gadget.Digest) []field.Elem {
	out := make([]field.Elem, 0, len(digests)*gadget.DigestLen)
	for _, d := range digests {
		out = append(out, d[:]...)
	}
	return out
}

// Statement is the public values that w proves.
func Statement(v Variant, w *Witness) (Publics, error) {
	if err := w.Check(v); err != nil {
		return Publics{}, err
	}
	p := Publics{FoldIn: w.FoldIn, From: w.FirstHeight, To: w.FirstHeight + uint64(len(w.Blocks)-1), Header: w.Parent}
	var previous, pruned, removed []gadget.Digest
	for i, block := range w.Blocks {
		var all, kept []gadget.Digest
		for _, t := range block {
			all = append(all, t.ID)
			if t.Removed {
				removed = append(removed, t.ID)
			} else {
				kept = append(kept, t.ID)
			}
		}
		root := TransactionRoot(all, v.Depth)
		previous = append(previous, root)
		pruned = append(pruned, TransactionRoot(kept, v.Depth))
		p.Kept += uint32(len(kept))
		p.Header = HeaderDigest(p.From+uint64(i), p.Header, root)
	}
	p.Removed = uint32(len(removed))
	p.RemovedDigest = RemovedDigest(removed)
	p.Previous, p.Pruned = previous[0], pruned[0]
	if v.Blocks > 1 {
		p.Previous = gadget.Hash(tables.PreviousRoots, concat(previous))
		p.Pruned = gadget.Hash(tables.PrunedRoots, concat(pruned))
	}
	p.FoldOut = FoldDigest(p.FoldIn, SegmentDigest(&p))
	return p, nil
}
