package pruningtest

import (
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// hashLies claim outputs that the hash functions do not have.
func hashLies() []lie {
	const slot = 5
	return []lie{
		{
			name: "a leaf that is no hash of its id", caught: "bus perm",
			beforeChain: func(s *tables.Sheet) {
				s.Slots[slot].Leaf = foreign()
				s.Leaves[0][slot] = foreign()
			},
		},
		{
			name: "an id as its own leaf", caught: "bus perm",
			beforeChain: func(s *tables.Sheet) {
				s.Slots[slot].Leaf = s.Slots[slot].ID
				s.Leaves[0][slot] = s.Slots[slot].ID
			},
		},
		{
			name: "an inner node's children as a leaf's id", caught: "bus perm",
			// node(l, r) = perm(l ‖ r) would be the leaf of id l if r were the initial
			// capacity; it is not.
			beforeChain: func(s *tables.Sheet) {
				s.Slots[slot].ID = s.Leaves[0][0]
				s.Slots[slot].Leaf = gadget.Node(s.Leaves[0][0], s.Leaves[0][1])
				s.Leaves[0][slot] = s.Slots[slot].Leaf
				recount(s)
			},
		},
		{
			name: "a node that is not perm of its children", caught: "bus node",
			rendered: func(traces []matrix.Matrix) { bump(traces[tables.TableTree].Row(1), -1) },
		},
		{
			name: "a root that is not perm of its children, claimed by the chain", caught: "bus perm",
			afterChain: func(s *tables.Sheet) { bump(s.Chain[0].Pruned[:], -1) },
			rendered: func(traces []matrix.Matrix) {
				tree := traces[tables.TableTree]
				bump(tree.Row(tree.Height()/2+1), -1) // the second tree's root
			},
		},
		{
			name: "a permutation with another output", caught: "table p2",
			beforeChain: func(s *tables.Sheet) {
				s.Slots[0].Leaf = bumped(s.Slots[0].Leaf)
				s.Leaves[0][0] = s.Slots[0].Leaf
				pruned(s)[0] = s.Slots[0].Leaf
			},
			rendered: func(traces []matrix.Matrix) {
				// Row 0 of P2 is the leaf of slot 0; its last two columns are counts.
				bump(traces[tables.TableP2].Row(0), -2-gadget.StateLen+gadget.DigestLen-1)
			},
		},
		{
			name: "a permutation answered from a row that is padding", caught: "bus perm",
			rendered: func(traces []matrix.Matrix) {
				p2 := traces[tables.TableP2]
				bump(p2.Row(p2.Height()-1), -2)
			},
		},
		{
			name: "a byte answered too often", caught: "bus range8",
			rendered: func(traces []matrix.Matrix) { bump(traces[tables.TableRange8].Row(200), -1) },
		},
	}
}

// bump adds one to an element, counted from the end.
func bump(row []field.Elem, at int) {
	at += len(row)
	row[at] = gadget.Field.Add(row[at], one)
}

// bumped is what bump makes of the last element.
func bumped(d gadget.Digest) gadget.Digest {
	bump(d[:], -1)
	return d
}
