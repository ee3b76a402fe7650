package tables

import (
	"rpp-node/prover/air"
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
)

// Columns of slot.
const (
	slotID   = 0
	slotLeaf = slotID + gadget.DigestLen
	slotReal = slotLeaf + gadget.DigestLen // a transaction stands here
	slotKeep = slotReal + 1                // and stays
	slotRank = slotKeep + 1                // kept in this block before this row
	slotKept = slotRank + 1                // kept in the range before this row
	slotGone = slotKept + 1                // removed in the range before this row

	slotWidth = slotGone + 1
)

// Preprocessed columns of slot.
const (
	slotKey      = iota // key of this leaf in the block's original tree
	slotPosition        // its position in the block
	slotStart           // 1 on a block's first row
	slotEnd             // 1 on the range's last row
	slotPrepWidth
)

func (s Shape) slotPreprocessed() []field.Elem {
	values := make([]field.Elem, 0, s.Slots()*slotPrepWidth)
	flag := func(v bool) field.Elem {
		if v {
			return gadget.Field.One()
		}
		return 0
	}
	for block := range s.Blocks {
		for i := range s.Capacity() {
			values = append(values,
				gadget.Field.FromUint(uint64(s.forest().Leaf(block, i))),
				gadget.Field.FromUint(uint64(i)),
				flag(i == 0),
				flag(block == s.Blocks-1 && i == s.Capacity()-1))
		}
	}
	return values
}

// emptyLeaf is the leaf of a slot without a transaction: the one leaf that is a constant.
var emptyLeaf = gadget.Hash(gadget.EmptyLeaf, nil)

// slotTable has one row for each slot of the range, in order.
func slotTable(s Shape) air.Table {
	b := air.NewBuilder(gadget.Field, "slot", slotWidth, 0)
	b.SetPreprocessed(slotPrepWidth, s.slotPreprocessed())
	id := gadget.Columns(b, slotID, gadget.DigestLen)
	leaf := gadget.Columns(b, slotLeaf, gadget.DigestLen)
	real, keep := b.Main(slotReal), b.Main(slotKeep)
	rank, kept, gone := b.Main(slotRank), b.Main(slotKept), b.Main(slotGone)
	removed := real.Sub(keep)

	b.AssertBool(real)
	b.AssertBool(keep)
	b.AssertZero(keep.Mul(real.Not()))
	b.When(real.Not(), func() {
		for i, e := range gadget.Constants(b, emptyLeaf) {
			b.AssertEqual(leaf[i], e)
		}
	})
	b.AssertZero(b.Prep(slotStart).Mul(rank))
	b.When(b.First(), func() {
		b.AssertZero(kept)
		b.AssertZero(gone)
	})
	b.When(b.Transition(), func() {
		b.When(b.PrepNext(slotStart).Not(), func() {
			b.AssertZero(b.Next(slotReal).Mul(real.Not())) // transactions come first
			b.AssertEqual(b.Next(slotRank), rank.Add(keep))
		})
		b.AssertEqual(b.Next(slotKept), kept.Add(keep))
		b.AssertEqual(b.Next(slotGone), gone.Add(removed))
	})

	gadget.AskHashOfBlock(b, real, gadget.TransactionLeaf, id, leaf)

	// Of the pruned tree the slots fill the leaves from both ends: the i-th kept one
	// sends its leaf to position i, the i-th other an empty leaf to position
	// Capacity-1-i. So each position is filled once, whatever is kept.
	key, position := b.Prep(slotKey), b.Prep(slotPosition)
	first := key.Sub(position).AddConst(uint64(s.prunedOffset())) // key of position 0
	others := position.Sub(rank)
	gadget.SendNode(b, b.Const(1), key, leaf)
	gadget.SendNode(b, keep, first.Add(rank), leaf)
	gadget.SendNode(b, keep.Not(), first.AddConst(uint64(s.Capacity()-1)).Sub(others), gadget.Constants(b, emptyLeaf))

	gadget.Feed(b, removed, b.Const(MessageRemoved), gone, id)
	b.Send(busTally, b.Prep(slotEnd), 1, kept.Add(keep), gone.Add(removed))
	return b.Table()
}
