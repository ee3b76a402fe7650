package tables

import (
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Render writes the tables and the public values. What the rows of other tables ask of
// P2 and Range8 is answered by these, true or not: a false claim has no answer there.
func (s *Sheet) Render() ([]matrix.Matrix, [][]field.Elem, error) {
	heights := s.Shape.LogHeights()
	p := gadget.NewPermutations()
	var bytes gadget.Bytes
	traces := make([]matrix.Matrix, tableCount)
	traces[TableChain] = s.renderChain(heights[TableChain], &bytes)
	traces[TableSlot] = s.renderSlots(heights[TableSlot], p)
	var err error
	if traces[TableTree], err = s.Shape.forest().Trace(s.Leaves, p); err != nil {
		return nil, nil, err
	}
	if traces[TableSponge], err = gadget.SpongeTrace(s.Messages, p, heights[TableSponge]); err != nil {
		return nil, nil, err
	}
	if traces[TableP2], err = p.Trace(heights[TableP2]); err != nil {
		return nil, nil, err
	}
	traces[TableRange8] = bytes.Trace()
	publics := make([][]field.Elem, tableCount)
	publics[TableChain] = s.Publics
	return traces, publics, nil
}

func (s *Sheet) renderChain(logHeight int, bytes *gadget.Bytes) matrix.Matrix {
	m := matrix.New(1<<logHeight, chainWidth)
	for i := range s.Chain {
		c, row := &s.Chain[i], m.Row(i)
		row[chainBlock], row[chainEnd], row[chainInverse] = c.Block, c.End, c.Inverse
		copy(row[chainHeight:], c.Height[:])
		copy(row[chainParent:], c.Parent[:])
		copy(row[chainPrevious:], c.Previous[:])
		copy(row[chainPruned:], c.Pruned[:])
		copy(row[chainHeader:], c.Header[:])
		copy(row[chainSegment:], c.Segment[:])
		for _, v := range c.Height {
			bytes.Ask(v)
		}
	}
	return m
}

func (s *Sheet) renderSlots(logHeight int, p *gadget.Permutations) matrix.Matrix {
	m := matrix.New(1<<logHeight, slotWidth)
	for i := range s.Slots {
		r, row := &s.Slots[i], m.Row(i)
		copy(row[slotID:], r.ID[:])
		copy(row[slotLeaf:], r.Leaf[:])
		row[slotReal], row[slotKeep] = r.Real, r.Keep
		row[slotRank], row[slotKept], row[slotGone] = r.Rank, r.Kept, r.Gone
		if r.Real != 0 {
			p.AskHashOfBlock(gadget.TransactionLeaf, r.ID)
		}
	}
	return m
}
