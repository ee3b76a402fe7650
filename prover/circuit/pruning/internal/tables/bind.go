package tables

import (
	"slices"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
)

// Bind draws the conclusions from the slots.
func (s *Sheet) Bind() {
	s.BindChain()
	s.Conclude()
}

// BindChain makes the headers from heights and trees.
func (s *Sheet) BindChain() {
	num := gadget.Field.FromUint
	s.Messages = nil
	s.Chain = make([]ChainRow, s.Shape.Blocks)
	parent := s.Parent
	for b := range s.Chain {
		row := &s.Chain[b]
		row.Block = num(uint64(b))
		row.Parent = parent
		row.Previous = root(s.Leaves[b])
		row.Pruned = root(s.Leaves[s.Shape.Blocks+b])
		for i := range row.Height {
			row.Height[i] = num(s.Heights[b] >> (8 * i) & 0xff)
		}
		height := gadget.LimbsOfU64(s.Heights[b])
		row.Header = s.Say(MessageHeader+uint64(b), gadget.Header, slices.Concat(height[:], parent[:], row.Previous[:]))
		parent = row.Header
	}
	last := &s.Chain[len(s.Chain)-1]
	last.End = gadget.Field.One()
	last.Inverse = gadget.Field.Inv(num(s.Gone))
}

// Conclude makes digests and public values from the headers and the removed ids.
func (s *Sheet) Conclude() {
	var previous, pruned []field.Elem
	for _, row := range s.Chain {
		previous = append(previous, row.Previous[:]...)
		pruned = append(pruned, row.Pruned[:]...)
	}
	if s.Shape.Blocks > 1 {
		a := s.Say(MessagePreviousRoots, PreviousRoots, previous)
		b := s.Say(MessagePrunedRoots, PrunedRoots, pruned)
		previous, pruned = a[:], b[:]
	}
	removed := s.Say(MessageRemoved, RemovedIDs, s.RemovedIDs)
	from := gadget.LimbsOfU64(s.Heights[0])
	to := gadget.LimbsOfU64(s.Heights[len(s.Heights)-1])
	last := &s.Chain[len(s.Chain)-1]
	last.Segment = s.Say(MessageSegment, Segment, slices.Concat(from[:], to[:], previous, pruned, removed[:], last.Header[:]))
	foldOut := s.Say(MessageFold, Fold, slices.Concat(s.FoldIn[:], last.Segment[:]))

	counts := []field.Elem{gadget.Field.FromUint(s.Kept), gadget.Field.FromUint(s.Gone)}
	s.Publics = slices.Concat(previous, pruned, counts, removed[:], s.FoldIn[:], foldOut[:], from[:], to[:], last.Header[:])
}

// Say adds a message to those of Sponge and returns its digest.
func (s *Sheet) Say(id uint64, d gadget.Domain, elems []field.Elem) gadget.Digest {
	s.Messages = append(s.Messages, gadget.NewMessage(id, d, elems))
	return gadget.Hash(d, elems)
}

// root is the root over a whole level of leaves.
func root(leaves []gadget.Digest) gadget.Digest {
	level := slices.Clone(leaves)
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = gadget.Node(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}
