package tables

import (
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
)

// Input is a witness in the form in which the tables need it. It fits the shape: Blocks
// lists of at most Capacity transactions, and heights below 2^64.
type Input struct {
	FirstHeight uint64
	Parent      gadget.Digest // digest of the header before the range
	FoldIn      gadget.Digest
	Blocks      [][]Transaction
}

// Transaction is what the tables know of one.
type Transaction struct {
	ID      gadget.Digest
	Removed bool
}

// Sheet is what the rows will say. Fill sets the first group of fields, Bind the second
// from the first.
type Sheet struct {
	Shape      Shape
	Heights    []uint64
	Parent     gadget.Digest // digest of the header before the range
	FoldIn     gadget.Digest
	Slots      []SlotRow
	Leaves     [][]gadget.Digest // of every tree of the forest
	RemovedIDs []field.Elem      // one id after another
	Kept, Gone uint64            // counts of the range

	Chain    []ChainRow
	Messages []gadget.Message // of Sponge
	Publics  []field.Elem
}

// SlotRow is a row of table slot.
type SlotRow struct {
	ID, Leaf         gadget.Digest
	Real, Keep       field.Elem
	Rank, Kept, Gone field.Elem
}

// ChainRow is a row of table chain.
type ChainRow struct {
	Block, End, Inverse field.Elem
	Height              [bytesOfHeight]field.Elem
	Parent              gadget.Digest
	Previous, Pruned    gadget.Digest
	Header, Segment     gadget.Digest
}

// Fill says of each slot what the witness says of it.
func Fill(shape Shape, in *Input) *Sheet {
	s := &Sheet{
		Shape:   shape,
		Parent:  in.Parent,
		FoldIn:  in.FoldIn,
		Slots:   make([]SlotRow, 0, shape.Slots()),
		Leaves:  make([][]gadget.Digest, 2*shape.Blocks),
		Heights: make([]uint64, shape.Blocks),
	}
	for b, transactions := range in.Blocks {
		s.Heights[b] = in.FirstHeight + uint64(b)
		s.fillBlock(b, transactions)
	}
	return s
}

func (s *Sheet) fillBlock(block int, transactions []Transaction) {
	num, one := gadget.Field.FromUint, gadget.Field.One()
	original := make([]gadget.Digest, s.Shape.Capacity())
	pruned := make([]gadget.Digest, s.Shape.Capacity())
	rank := 0
	for i := range original {
		pruned[i] = emptyLeaf // until a kept leaf is compacted to it
		row := SlotRow{Leaf: emptyLeaf, Rank: num(uint64(rank)), Kept: num(s.Kept), Gone: num(s.Gone)}
		if i < len(transactions) {
			t := transactions[i]
			row.ID, row.Real = t.ID, one
			row.Leaf = gadget.Hash(gadget.TransactionLeaf, t.ID[:])
			if t.Removed {
				s.RemovedIDs = append(s.RemovedIDs, t.ID[:]...)
				s.Gone++
			} else {
				row.Keep = one
				pruned[rank] = row.Leaf
				rank++
				s.Kept++
			}
		}
		original[i] = row.Leaf
		s.Slots = append(s.Slots, row)
	}
	s.Leaves[block], s.Leaves[s.Shape.Blocks+block] = original, pruned
}
