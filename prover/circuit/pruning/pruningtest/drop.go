package pruningtest

import (
	"slices"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
)

// dropLies lose a transaction, or declare one that is not lost.
func dropLies() []lie {
	const kept, removed, last = 3, 5, transactions - 1 // slots
	empty := gadget.Hash(gadget.EmptyLeaf, nil)
	half := gadget.Field.Half()
	return []lie{
		{
			name: "removed, but neither listed nor counted", caught: "bus feed",
			beforeChain: func(s *tables.Sheet) { removeID(s, 2); s.Gone-- },
		},
		{
			name: "removed and counted, but not listed", caught: "bus feed",
			beforeChain: func(s *tables.Sheet) { removeID(s, 2) },
		},
		{
			name: "removed, with another id listed instead", caught: "bus feed",
			beforeChain: func(s *tables.Sheet) { id := foreign(); copy(s.RemovedIDs[2*gadget.DigestLen:], id[:]) },
		},
		{
			name: "the list is shorter than its declared length", caught: "bus feed",
			afterChain: func(s *tables.Sheet) { removeID(s, 2) },
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageRemoved)
				m.Length += gadget.DigestLen
				republish(s, absorb(m))
			},
		},
		{
			name: "the counter of removed stands still", caught: "table slot",
			beforeChain: func(s *tables.Sheet) {
				for i := removed + 1; i < len(s.Slots); i++ {
					s.Slots[i].Gone = gadget.Field.Sub(s.Slots[i].Gone, one)
				}
				removeID(s, 3)
				s.Gone--
			},
		},
		{
			name: "a real slot called empty, with its leaf", caught: "table slot",
			beforeChain: func(s *tables.Sheet) { s.Slots[last].Real, s.Slots[last].Keep = 0, 0; recount(s) },
		},
		{
			name: "a real slot called empty, with an empty leaf", caught: "bus node",
			beforeChain: func(s *tables.Sheet) {
				s.Slots[last] = tables.SlotRow{Leaf: empty}
				recount(s)
			},
		},
		{
			name: "a real slot called empty, in its tree as well", caught: "bus node",
			beforeChain: func(s *tables.Sheet) {
				s.Slots[last] = tables.SlotRow{Leaf: empty}
				recount(s)
			},
			bound: func(s *tables.Sheet) { s.Leaves[0] = slices.Clone(s.Leaves[0]); s.Leaves[0][last] = empty },
		},
		{
			name: "an empty slot in the middle", caught: "table slot",
			beforeChain: func(s *tables.Sheet) {
				s.Slots[removed] = tables.SlotRow{Leaf: empty}
				s.Leaves[0][removed] = empty
				recount(s)
			},
		},
		{
			name: "kept, but not in the pruned tree", caught: "bus node",
			beforeChain: func(s *tables.Sheet) {
				leaves := pruned(s)
				copy(leaves[1:], leaves[2:])
				leaves[len(leaves)-1] = empty
			},
		},
		{
			name: "kept, with another's leaf in the pruned tree", caught: "bus node",
			beforeChain: func(s *tables.Sheet) { pruned(s)[1] = pruned(s)[0] },
		},
		{
			name: "a stranger in the pruned tree", caught: "bus node",
			beforeChain: func(s *tables.Sheet) {
				id := foreign()
				pruned(s)[s.Kept] = gadget.Hash(gadget.TransactionLeaf, id[:])
			},
		},
		{
			name: "half kept, half removed", caught: "table slot",
			beforeChain: func(s *tables.Sheet) { s.Slots[kept].Keep = half },
		},
		{
			name: "kept and removed", caught: "table slot",
			beforeChain: func(s *tables.Sheet) {
				s.Slots[kept].Real = num(2)
				for i := kept + 1; i < len(s.Slots); i++ {
					s.Slots[i].Gone = gadget.Field.Add(s.Slots[i].Gone, one)
				}
				at := 2 * gadget.DigestLen // two are removed before it
				s.RemovedIDs = slices.Insert(s.RemovedIDs, at, s.Slots[kept].ID[:]...)
				s.Gone++
			},
		},
		{
			name: "neither there nor removed, but kept", caught: "table slot",
			beforeChain: func(s *tables.Sheet) {
				id := foreign()
				r := &s.Slots[transactions]
				r.Keep, r.Leaf = one, gadget.Hash(gadget.TransactionLeaf, id[:])
				s.Leaves[0][transactions] = r.Leaf
				recount(s)
			},
		},
		{
			name: "listed, but kept", caught: "bus feed",
			beforeChain: func(s *tables.Sheet) {
				s.RemovedIDs = append(s.RemovedIDs, s.Slots[kept].ID[:]...)
				s.Gone++
			},
		},
		{
			name: "listed, but not in the block", caught: "bus feed",
			beforeChain: func(s *tables.Sheet) {
				id := foreign()
				s.RemovedIDs = append(s.RemovedIDs, id[:]...)
			},
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageRemoved)
				m.Length -= gadget.DigestLen
				republish(s, absorb(m))
			},
		},
		{
			name: "an empty list for a block that lost some", caught: "table chain",
			beforeChain: func(s *tables.Sheet) { s.RemovedIDs = nil },
			afterChain:  func(s *tables.Sheet) { s.Chain[0].Inverse = 0 },
		},
		{
			name: "an empty list and no count for a block that lost some", caught: "bus feed",
			beforeChain: func(s *tables.Sheet) { s.RemovedIDs, s.Gone = nil, 0 },
		},
		{
			name: "nothing removed, but an id of zeros listed", caught: "bus feed",
			input: func(in *tables.Input) {
				for i := range in.Blocks[0] {
					in.Blocks[0][i].Removed = false
				}
			},
			beforeChain: func(s *tables.Sheet) {
				s.RemovedIDs = make([]field.Elem, gadget.DigestLen)
				s.Gone = 1
			},
		},
		{
			name: "nothing removed, and no list", caught: "bus feed",
			input: func(in *tables.Input) {
				for i := range in.Blocks[0] {
					in.Blocks[0][i].Removed = false
				}
			},
			bound: func(s *tables.Sheet) { forget(s, tables.MessageRemoved) },
		},
	}
}
