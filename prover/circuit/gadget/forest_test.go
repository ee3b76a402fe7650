package gadget

import (
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/matrix"
)

func forestLeaves(f Forest) [][]Digest {
	all := make([][]Digest, f.Trees)
	for t := range all {
		for i := range f.Leaves() {
			all[t] = append(all[t], Digest(elems(DigestLen, uint64(1000*t+20*i))))
		}
	}
	return all
}

func treeRoot(leaves []Digest) Digest {
	if len(leaves) == 1 {
		return leaves[0]
	}
	return Node(treeRoot(leaves[:len(leaves)/2]), treeRoot(leaves[len(leaves)/2:]))
}

// forestCheck lets a caller send these leaves and take these roots from a table that was
// filled from its own leaves.
func forestCheck(f Forest, inside, sent [][]Digest, roots []Digest, edit func(m matrix.Matrix)) error {
	p := NewPermutations()
	m, err := f.Trace(inside, p)
	if err != nil {
		return err
	}
	edit(m)
	p2, err := p.Trace(5)
	if err != nil {
		return err
	}
	var s says
	for t := range sent {
		for i, d := range sent[t] {
			s.say(callerSendNode, append(elems(1, uint64(f.Leaf(t, i))), d[:]...)...)
		}
		s.say(callerTakeNode, append(elems(1, uint64(f.Root(t))), roots[t][:]...)...)
	}
	return check(&s, []air.Table{f.Table(), P2()}, []matrix.Matrix{m, p2})
}

func TestForest(t *testing.T) {
	for _, f := range []Forest{{1, 1}, {1, 3}, {2, 2}, {4, 1}, {4, 3}} {
		leaves := forestLeaves(f)
		var roots []Digest
		for _, l := range leaves {
			roots = append(roots, treeRoot(l))
		}
		keep := func(matrix.Matrix) {}
		if err := forestCheck(f, leaves, leaves, roots, keep); err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		for tree := range leaves {
			for i := range leaves[tree] {
				others := forestLeaves(f)
				others[tree][i][3] = num(7)
				failsIn(t, forestCheck(f, leaves, others, roots, keep), "", busNode)
				failsIn(t, forestCheck(f, others, others, roots, keep), "", busNode)
			}
		}
		// Any cell of any row that is a node matters; those of the others are free.
		rows := f.Trees * f.Leaves()
		for row := range rows {
			for col := range forestWidth {
				err := forestCheck(f, leaves, leaves, roots, func(m matrix.Matrix) {
					m.Row(row)[col] = Field.Add(m.Row(row)[col], Field.One())
				})
				if free := row%f.Leaves() == 0; free != (err == nil) {
					t.Errorf("%+v: row %d column %d changed: %v", f, row, col, err)
				}
			}
		}
		if _, err := f.Trace(leaves[1:], NewPermutations()); err == nil {
			t.Errorf("%+v: a tree missing, no error", f)
		}
		leaves[0] = leaves[0][1:]
		if _, err := f.Trace(leaves, NewPermutations()); err == nil {
			t.Errorf("%+v: a leaf missing, no error", f)
		}
	}
}
