package gadget

import (
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Forest is a fixed number of whole binary trees of one depth. Node i of a tree has the
// children 2i and 2i+1, node 1 is its root, and its 2^Depth leaves start at node
// 2^Depth; key numbers the nodes of all trees.
type Forest struct {
	Trees int
	Depth int // 1 to 16
}

// Leaves is the number of leaves of a tree.
func (f Forest) Leaves() int { return 1 << f.Depth }

// Stride is the distance of the keys of one tree from those of the next.
func (f Forest) Stride() int { return 2 << f.Depth }

// Root is the key of a tree's root.
func (f Forest) Root(tree int) int { return tree*f.Stride() + 1 }

// Leaf is the key of a tree's leaf.
func (f Forest) Leaf(tree, position int) int { return tree*f.Stride() + f.Leaves() + position }

// LogHeight is the table's height: a tree of n leaves takes n rows, the first of which
// stands for no node. Trees must be a power of two.
func (f Forest) LogHeight() int {
	h := f.Depth
	for n := 1; n < f.Trees; n *= 2 {
		h++
	}
	return h
}

// Columns of the table: two children and their parent.
const (
	forestLeft  = 0
	forestRight = forestLeft + DigestLen
	forestOut   = forestRight + DigestLen
	forestWidth = forestOut + DigestLen
)

// Preprocessed columns: the row's key, its left child's, and whether it is a node.
const (
	forestKey = iota
	forestLeftKey
	forestLive
	forestPrepWidth
)

// Table proves the inner nodes: the row of a node takes its children by their keys, asks
// P2 for their Node, and sends that under its own key.
//
// Keys are preprocessed: which rows are nodes, and of what, is part of the circuit. So
// every key from 1 to Stride-1 of a tree but its root's is taken exactly once, every
// inner key sent exactly once. The caller must send each leaf's key exactly once, and
// take each root's; then the root that it takes is that of the leaves that it sent, in
// their order. It must also see to it that every leaf is a Hash that the circuit proves,
// or a constant that is one.
//
// The cells of the row without a node are free.
func (f Forest) Table() air.Table {
	b := air.NewBuilder(Field, "tree", forestWidth, 0)
	b.SetPreprocessed(forestPrepWidth, f.preprocessed())
	live, leftKey := b.Prep(forestLive), b.Prep(forestLeftKey)
	left := Columns(b, forestLeft, DigestLen)
	right := Columns(b, forestRight, DigestLen)
	out := Columns(b, forestOut, DigestLen)
	TakeNode(b, live, leftKey, left)
	TakeNode(b, live, leftKey.AddConst(1), right)
	SendNode(b, live, b.Prep(forestKey), out)
	AskPerm(b, live, Exprs(left, right), out)
	return b.Table()
}

func (f Forest) preprocessed() []field.Elem {
	var values []field.Elem
	for tree := range f.Trees {
		base := tree * f.Stride()
		for i := range f.Leaves() {
			values = append(values,
				Field.FromUint(uint64(base+i)),
				Field.FromUint(uint64(base+2*i)),
				Field.FromUint(uint64(min(i, 1))))
		}
	}
	return values
}

// Trace fills the table from the leaves of every tree.
func (f Forest) Trace(leaves [][]Digest, p *Permutations) (matrix.Matrix, error) {
	if len(leaves) != f.Trees {
		return matrix.Matrix{}, fmt.Errorf("tree: leaves of %d trees, want %d", len(leaves), f.Trees)
	}
	n := f.Leaves()
	m := matrix.New(1<<f.LogHeight(), forestWidth)
	nodes := make([]Digest, 2*n)
	for tree, l := range leaves {
		if len(l) != n {
			return matrix.Matrix{}, fmt.Errorf("tree %d: %d leaves, want %d", tree, len(l), n)
		}
		copy(nodes[n:], l)
		for i := n - 1; i > 0; i-- {
			row := m.Row(tree*n + i)
			nodes[i] = p.AskNode(nodes[2*i], nodes[2*i+1])
			copy(row[forestLeft:], nodes[2*i][:])
			copy(row[forestRight:], nodes[2*i+1][:])
			copy(row[forestOut:], nodes[i][:])
		}
	}
	return m, nil
}
