package pruningtest

import (
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
)

// conclusionLies draw other conclusions from the same blocks.
func conclusionLies() []lie {
	return []lie{
		{
			name: "one more kept", caught: "bus tally",
			bound: func(s *tables.Sheet) { publish(s, tables.PublicKept, num(s.Kept+1)) },
		},
		{
			name: "one more kept, one fewer removed", caught: "bus tally",
			afterChain: func(s *tables.Sheet) {
				s.Kept, s.Gone = s.Kept+1, s.Gone-1
				s.Chain[0].Inverse = gadget.Field.Inv(num(s.Gone))
			},
			bound: func(s *tables.Sheet) {
				// Sponge says the length that the count asks for, and its digest.
				m := message(s, tables.MessageRemoved)
				m.Length -= gadget.DigestLen
				republish(s, absorb(m))
			},
		},
		{
			name: "nothing was pruned", caught: "bus node",
			afterChain: func(s *tables.Sheet) { s.Chain[0].Pruned = s.Chain[0].Previous },
		},
		{
			name: "another pruned root", caught: "bus node",
			afterChain: func(s *tables.Sheet) { s.Chain[0].Pruned = foreign() },
		},
		{
			name: "another pruned root, in public only", caught: "table chain",
			bound: func(s *tables.Sheet) { d := foreign(); publish(s, tables.PublicPruned, d[:]...) },
		},
		{
			name: "another previous root, in public only", caught: "table chain",
			bound: func(s *tables.Sheet) { d := foreign(); publish(s, tables.PublicPrevious, d[:]...) },
		},
		{
			name: "another removed digest", caught: "bus hash",
			bound: func(s *tables.Sheet) { republish(s, foreign()) },
		},
		{
			name: "the removed digest in another domain", caught: "bus hash",
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageRemoved)
				m.Domain = tables.PrunedRoots
				republish(s, absorb(m))
			},
		},
		{
			name: "the removed digest of another family", caught: "bus hash",
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageRemoved)
				m.Domain.Family = gadget.FamilyChain
				republish(s, absorb(m))
			},
		},
		{
			name: "another fold before, the same after", caught: "bus feed",
			bound: func(s *tables.Sheet) { d := foreign(); publish(s, tables.PublicFoldIn, d[:]...) },
		},
		{
			name: "the fold leaves this segment out", caught: "bus hash",
			bound: func(s *tables.Sheet) { publish(s, tables.PublicFoldOut, s.FoldIn[:]...) },
		},
		{
			name: "the fold of another segment", caught: "bus feed",
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageFold)
				m.Blocks[1] = foreign()
				out := absorb(m)
				publish(s, tables.PublicFoldOut, out[:]...)
			},
		},
		{
			name: "a segment that is no hash", caught: "bus hash",
			bound: func(s *tables.Sheet) {
				s.Chain[0].Segment = foreign()
				m := message(s, tables.MessageFold)
				m.Blocks[1] = foreign()
				out := absorb(m)
				publish(s, tables.PublicFoldOut, out[:]...)
			},
		},
		{
			name: "fold and segment change places", caught: "bus feed",
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageFold)
				m.Blocks[0], m.Blocks[1] = m.Blocks[1], m.Blocks[0]
				out := absorb(m)
				publish(s, tables.PublicFoldOut, out[:]...)
			},
		},
		{
			name: "two messages under one id", caught: "bus feed",
			bound: func(s *tables.Sheet) {
				s.Messages = append(s.Messages, gadget.NewMessage(tables.MessageFold, tables.Fold, make([]field.Elem, 2*gadget.DigestLen)))
			},
		},
		{
			name: "a message that nobody asked for", caught: "bus feed",
			bound: func(s *tables.Sheet) { s.Say(77, tables.Fold, make([]field.Elem, 2*gadget.DigestLen)) },
		},
	}
}
