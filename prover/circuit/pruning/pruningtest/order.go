package pruningtest

import (
	"slices"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
)

// orderLies keep what they must, elsewhere.
func orderLies() []lie {
	const first, second = 3, 4 // kept slots
	swap := func(d []gadget.Digest, i, k int) { d[i], d[k] = d[k], d[i] }
	return []lie{
		{
			name: "two kept leaves change places", caught: "bus node",
			beforeChain: func(s *tables.Sheet) { swap(pruned(s), 1, 2) },
		},
		{
			name: "two kept leaves change places and ranks", caught: "table slot",
			beforeChain: func(s *tables.Sheet) {
				swap(pruned(s), 1, 2)
				s.Slots[first].Rank, s.Slots[second].Rank = s.Slots[second].Rank, s.Slots[first].Rank
			},
		},
		{
			name: "a gap in the pruned tree", caught: "table slot",
			beforeChain: func(s *tables.Sheet) {
				leaves := pruned(s)
				copy(leaves[3:], slices.Clone(leaves[2:]))
				leaves[2] = gadget.Hash(gadget.EmptyLeaf, nil)
				for i := second; i < len(s.Slots); i++ {
					s.Slots[i].Rank = gadget.Field.Add(s.Slots[i].Rank, one)
				}
			},
		},
		{
			name: "two transactions change slots", caught: "bus node",
			bound: func(s *tables.Sheet) {
				a, b := &s.Slots[first], &s.Slots[second]
				a.ID, b.ID, a.Leaf, b.Leaf = b.ID, a.ID, b.Leaf, a.Leaf
			},
		},
		{
			name: "two transactions change slots, in both trees as well", caught: "bus node",
			bound: func(s *tables.Sheet) {
				a, b := &s.Slots[first], &s.Slots[second]
				a.ID, b.ID, a.Leaf, b.Leaf = b.ID, a.ID, b.Leaf, a.Leaf
				swap(s.Leaves[0], first, second)
				swap(pruned(s), 1, 2)
			},
		},
		{
			name: "two removed ids change places", caught: "bus feed",
			beforeChain: func(s *tables.Sheet) {
				ids := s.RemovedIDs
				n := gadget.DigestLen
				s.RemovedIDs = slices.Concat(ids[n:2*n], ids[:n], ids[2*n:])
			},
		},
		{
			name: "the original tree mirrored, its header too", caught: "bus node",
			beforeChain: func(s *tables.Sheet) { slices.Reverse(s.Leaves[0]) },
		},
		{
			name: "a kept leaf moves to the next block", caught: "bus node", variant: "range-4x16",
			beforeChain: func(s *tables.Sheet) {
				from, to := s.Leaves[s.Shape.Blocks], s.Leaves[s.Shape.Blocks+1]
				to[5] = from[4]
				from[4] = gadget.Hash(gadget.EmptyLeaf, nil)
			},
		},
		{
			name: "two blocks exchange their pruned trees", caught: "bus node", variant: "range-4x16",
			afterChain: func(s *tables.Sheet) {
				s.Chain[1].Pruned, s.Chain[2].Pruned = s.Chain[2].Pruned, s.Chain[1].Pruned
			},
		},
		{
			name: "two pruned roots change places in their list", caught: "bus feed", variant: "range-4x16",
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessagePrunedRoots)
				m.Blocks[1], m.Blocks[2] = m.Blocks[2], m.Blocks[1]
			},
		},
		{
			name: "removed ids of two blocks change places", caught: "bus feed", variant: "range-4x16",
			beforeChain: func(s *tables.Sheet) {
				per := (transactions - 5) * gadget.DigestLen
				ids := s.RemovedIDs
				s.RemovedIDs = slices.Concat(ids[per:2*per], ids[:per], ids[2*per:])
			},
		},
	}
}
