package pruningtest

import (
	"math"
	"slices"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
)

// rangeLies present one range's pruning as another's.
func rangeLies() []lie {
	const several = "range-4x16"
	reheader := func(s *tables.Sheet, block int, parent, root gadget.Digest) gadget.Digest {
		forget(s, tables.MessageHeader+uint64(block))
		h := gadget.LimbsOfU64(s.Heights[block])
		return s.Say(tables.MessageHeader+uint64(block), gadget.Header, slices.Concat(h[:], parent[:], root[:]))
	}
	return []lie{
		{
			name: "another height, the same header", caught: "table chain",
			bound: func(s *tables.Sheet) {
				h := gadget.LimbsOfU64(s.Heights[0] + 1)
				publish(s, tables.PublicFrom, h[:]...)
				publish(s, tables.PublicTo, h[:]...)
			},
		},
		{
			name: "another height in the row, the same header", caught: "bus feed",
			afterChain: func(s *tables.Sheet) {
				s.Heights[0] += 1 << 8
				s.Chain[0].Height[1] = gadget.Field.Add(s.Chain[0].Height[1], one)
			},
		},
		{
			name: "one block that says it is two", caught: "table chain",
			bound: func(s *tables.Sheet) {
				h := gadget.LimbsOfU64(s.Heights[0] + 1)
				publish(s, tables.PublicTo, h[:]...)
			},
		},
		{
			name: "another header", caught: "bus hash",
			afterChain: func(s *tables.Sheet) { s.Chain[0].Header = foreign() },
		},
		{
			name: "another parent under the same header", caught: "bus feed",
			afterChain: func(s *tables.Sheet) { s.Chain[0].Parent = foreign() },
		},
		{
			name: "a header of another block's transactions", caught: "bus feed",
			afterChain: func(s *tables.Sheet) { s.Chain[0].Header = reheader(s, 0, s.Parent, foreign()) },
		},
		{
			name: "another block's root, with its header", caught: "bus node",
			afterChain: func(s *tables.Sheet) {
				s.Chain[0].Previous = foreign()
				s.Chain[0].Header = reheader(s, 0, s.Parent, foreign())
			},
		},
		{
			name: "the segment of another range", caught: "bus feed",
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageSegment)
				m.Blocks[0][0] = gadget.Field.Add(m.Blocks[0][0], one)
			},
		},
		{
			name: "the segment of another header", caught: "bus feed",
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageSegment)
				m.Blocks[4] = foreign()
			},
		},
		{
			name: "a height whose byte is none", caught: "bus range8",
			beforeChain: func(s *tables.Sheet) { s.Heights[0] |= 1 << 8 },
			afterChain: func(s *tables.Sheet) {
				h := &s.Chain[0].Height
				h[0], h[1] = gadget.Field.Add(h[0], num(1<<8)), gadget.Field.Sub(h[1], one)
			},
		},
		{
			name: "a height whose limb is none", caught: "bus range8",
			// The limb is 2^16 more than it should be, everywhere: row, header, segment, publics.
			afterChain: func(s *tables.Sheet) {
				s.Chain[0].Height[1] = gadget.Field.Add(s.Chain[0].Height[1], num(1<<8))
				m := message(s, tables.MessageHeader)
				m.Blocks[0][0] = gadget.Field.Add(m.Blocks[0][0], num(1<<16))
				s.Chain[0].Header = absorb(m)
			},
			bound: func(s *tables.Sheet) {
				m := message(s, tables.MessageSegment)
				for _, limb := range []int{0, gadget.LimbsU64} {
					m.Blocks[0][limb] = gadget.Field.Add(m.Blocks[0][limb], num(1<<16))
				}
				s.Chain[0].Segment = absorb(m)
				publish(s, tables.PublicFrom, m.Blocks[0][0])
				publish(s, tables.PublicTo, m.Blocks[0][0])
				m = message(s, tables.MessageFold)
				m.Blocks[1] = s.Chain[0].Segment
				out := absorb(m)
				publish(s, tables.PublicFoldOut, out[:]...)
			},
		},
		{
			name: "a broken chain", caught: "table chain", variant: several,
			afterChain: func(s *tables.Sheet) {
				c := s.Chain
				c[2].Parent = foreign()
				c[2].Header = reheader(s, 2, foreign(), c[2].Previous)
				c[3].Parent = c[2].Header
				c[3].Header = reheader(s, 3, c[3].Parent, c[3].Previous)
			},
		},
		{
			name: "a height left out", caught: "table chain", variant: several,
			beforeChain: func(s *tables.Sheet) { s.Heights[2]++; s.Heights[3]++ },
		},
		{
			name: "a height twice", caught: "table chain", variant: several,
			beforeChain: func(s *tables.Sheet) { s.Heights[2]--; s.Heights[3]-- },
		},
		{
			name: "heights past 2^64", caught: "table chain", variant: several,
			input: func(in *tables.Input) { in.FirstHeight = math.MaxUint64 - 1 },
		},
		{
			name: "two headers change places", caught: "bus feed", variant: several,
			bound: func(s *tables.Sheet) {
				a, b := message(s, tables.MessageHeader+1), message(s, tables.MessageHeader+2)
				a.ID, b.ID = b.ID, a.ID
			},
		},
		{
			name: "the header of a block before the last", caught: "table chain", variant: several,
			bound: func(s *tables.Sheet) { publish(s, tables.PublicHeader, s.Chain[2].Header[:]...) },
		},
		{
			name: "a block numbered twice", caught: "table chain", variant: several,
			bound: func(s *tables.Sheet) { s.Chain[2].Block = one },
		},
		{
			name: "a range that ends early", caught: "table chain", variant: several,
			bound: func(s *tables.Sheet) { s.Chain[1].End = one },
		},
		{
			name: "a root in place of the list of roots", caught: "bus hash", variant: several,
			bound: func(s *tables.Sheet) { conclude(s, segmentPrevious, tables.PublicPrevious, s.Chain[3].Previous) },
		},
	}
}
