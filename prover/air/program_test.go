package air

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
)

// randomTable makes a graph of every operation, in which deep chains, dead nodes, nodes of
// many readers, uniform nodes and repeated constraints all occur.
func randomTable(rng *rand.Rand, f *field.Field) Table {
	t := Table{
		Name: "random", Width: 1 + rng.IntN(3), Publics: 1 + rng.IntN(2), PrepWidth: 1 + rng.IntN(2),
		MainNext: true, PrepNext: true, MaxDegree: NoDegreeHint,
	}
	t.Prep = make([]field.Elem, t.PrepWidth)
	for i := range 5 + rng.IntN(60) {
		n := Node{Op: Op(rng.IntN(int(OpNeg) + 1))}
		if n.Op >= OpAdd && i == 0 {
			n.Op = OpConst
		}
		switch n.Op {
		case OpConst:
			n.Value = f.FromUint(rng.Uint64N(3))
		case OpMain:
			n.A, n.B = int32(rng.IntN(2)), int32(rng.IntN(t.Width))
		case OpPrep:
			n.A, n.B = int32(rng.IntN(2)), int32(rng.IntN(t.PrepWidth))
		case OpPublic:
			n.A = int32(rng.IntN(t.Publics))
		case OpAdd, OpSub, OpMul:
			n.A, n.B = int32(rng.IntN(i)), int32(rng.IntN(i))
		case OpNeg:
			n.A = int32(rng.IntN(i))
		}
		t.Nodes = append(t.Nodes, n)
	}
	for range rng.IntN(8) {
		t.Constraints = append(t.Constraints, NodeID(rng.IntN(len(t.Nodes))))
	}
	return t
}

// TestProgram runs random graphs over blocks of several lengths and compares every
// constraint and every pinned node with EvalPoint, row by row.
func TestProgram(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for _, x := range []*field.Ext{field.KoalaBear4, field.BabyBear4} {
		f := x.Base
		vec := func(n int) []field.Elem {
			v := make([]field.Elem, n)
			for i := range v {
				v[i] = f.FromUint(rng.Uint64())
			}
			return v
		}
		vecs := func(k, n int) (out [][]field.Elem) {
			for range k {
				out = append(out, vec(n))
			}
			return out
		}
		for range 300 {
			tab := randomTable(rng, f)
			if err := (&Circuit{Field: f, Tables: []Table{tab}}).Validate(); err != nil {
				t.Fatal(err)
			}
			var pinned []NodeID
			for range rng.IntN(4) {
				pinned = append(pinned, NodeID(rng.IntN(len(tab.Nodes))))
			}
			slices.Sort(pinned)
			pinned = slices.Compact(pinned)
			constraints := rng.IntN(4) > 0
			publics := vec(tab.Publics)
			m := Compile(f, &tab, constraints, pinned).NewMachine(publics, 40)
			for _, n := range []int{40, 1, 17} {
				b := &Block{
					N: n, Main: vecs(tab.Width, n), MainNext: vecs(tab.Width, n), Prep: vecs(tab.PrepWidth, n), PrepNext: vecs(tab.PrepWidth, n),
					First: vec(n), Last: vec(n), Transit: vec(n),
				}
				var want [][]field.E
				for r := range n {
					want = append(want, tab.EvalPoint(x, rowPoint(x, b, r, publics)))
				}
				emitted := map[int]bool{}
				m.Run(b, func(k int, values []field.Elem) {
					emitted[k] = true
					for r, v := range values {
						if x.FromBase(v) != want[r][tab.Constraints[k]] {
							t.Fatalf("constraint %d row %d of %+v", k, r, tab)
						}
					}
				})
				if constraints != (len(emitted) == len(tab.Constraints)) && len(tab.Constraints) > 0 {
					t.Fatalf("%d of %d constraints emitted, asked for: %v", len(emitted), len(tab.Constraints), constraints)
				}
				for _, id := range pinned {
					values := m.Pinned(id)
					for r := range n {
						if x.FromBase(values[r]) != want[r][id] {
							t.Fatalf("pinned node %d row %d of %+v", id, r, tab)
						}
					}
				}
			}
		}
	}
}

func rowPoint(x *field.Ext, b *Block, r int, publics []field.Elem) *Point {
	row := func(cols [][]field.Elem) (out []field.E) {
		for _, c := range cols {
			out = append(out, x.FromBase(c[r]))
		}
		return out
	}
	return &Point{
		Main: row(b.Main), MainNext: row(b.MainNext), Prep: row(b.Prep), PrepNext: row(b.PrepNext), Publics: publics,
		First: x.FromBase(b.First[r]), Last: x.FromBase(b.Last[r]), Trans: x.FromBase(b.Transit[r]),
	}
}
