package air

import (
	"slices"
	"testing"

	"rpp-node/prover/field"
)

// TestDegrees lists upstream's rules, as a graph that folds nothing by itself: what a
// file may hold.
func TestDegrees(t *testing.T) {
	f := field.KoalaBear
	var nodes []Node
	var want []int
	add := func(degree int, n Node) int32 {
		nodes, want = append(nodes, n), append(want, degree)
		return int32(len(nodes) - 1)
	}
	value := func(v uint64) Node { return Node{Op: OpConst, Value: f.FromUint(v)} }
	op := func(o Op, a, b int32) Node { return Node{Op: o, A: a, B: b} }

	zero, one, two := add(0, value(0)), add(0, value(1)), add(0, value(2))
	x, next, prep := add(1, Node{Op: OpMain}), add(1, Node{Op: OpMain, A: 1}), add(1, Node{Op: OpPrep, A: 1})
	public := add(0, Node{Op: OpPublic})
	add(1, Node{Op: OpFirst})
	last := add(1, Node{Op: OpLast})
	transition := add(0, Node{Op: OpTrans})

	// Sums take the larger degree, products add.
	x2 := add(2, op(OpMul, x, next))
	add(3, op(OpMul, x2, prep))
	add(2, op(OpAdd, x, x2))
	add(2, op(OpSub, x2, x))
	add(2, op(OpNeg, x2, 0))
	add(2, op(OpMul, x, last))
	add(1, op(OpMul, transition, x))
	add(1, op(OpMul, public, x))
	add(0, op(OpMul, public, two))

	// Constants fold.
	six := add(0, op(OpMul, add(0, op(OpAdd, one, two)), two))
	minus6 := add(0, op(OpNeg, six, 0))
	vanished := add(0, op(OpAdd, six, minus6))
	add(0, op(OpMul, vanished, x2)) // (6 + -6)·x²
	unit := add(0, op(OpSub, two, one))
	add(2, op(OpMul, unit, x2)) // (2 - 1)·x²

	// A product with the constant 0 is the constant 0, on either side, and so is what is
	// made of it.
	gone := add(0, op(OpMul, x2, zero))
	add(0, op(OpMul, zero, x))
	add(0, op(OpMul, gone, x2))
	add(2, op(OpAdd, gone, x2))
	add(2, op(OpSub, gone, x2))
	add(2, op(OpSub, x2, gone))
	still := add(0, op(OpMul, one, gone)) // 1·0
	add(0, op(OpMul, still, x2))
	negated := add(0, op(OpNeg, gone, 0))
	add(0, op(OpMul, x, negated))

	// Nothing else is simplified: x - x and p·0 with a public p are not constants.
	difference := add(1, op(OpSub, x, x))
	add(2, op(OpMul, difference, x))
	add(1, op(OpMul, add(0, op(OpSub, public, public)), x))
	add(1, op(OpMul, add(0, op(OpSub, transition, transition)), x))

	tab := Table{Name: "t", Width: 1, PrepWidth: 1, Prep: make([]field.Elem, 2), Publics: 1, MainNext: true, PrepNext: true, MaxDegree: NoDegreeHint, Nodes: nodes}
	if err := (&Circuit{Field: f, Tables: []Table{tab}}).Validate(); err != nil {
		t.Fatal(err)
	}
	got := tab.Degrees(f)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("node %d, %+v: degree %d, want %d", i, nodes[i], got[i], want[i])
		}
	}
	tab.Constraints = []NodeID{NodeID(x), NodeID(x2), NodeID(zero)}
	if d := tab.BaseDegree(got); d != 2 {
		t.Errorf("base degree %d, want 2", d)
	}
	tab.MaxDegree = 1
	if d := tab.BaseDegree(got); d != 1 {
		t.Errorf("base degree %d under a hint of 1", d)
	}
}

// TestBuilderFolds: the builder leaves out what Degrees would fold, shares equal nodes, and
// keeps the rest.
func TestBuilderFolds(t *testing.T) {
	f := field.BabyBear
	b := NewBuilder(f, "t", 2, 1)
	x, y := b.Main(0), b.Main(1)
	for _, c := range []struct {
		what      string
		got, want Expr
	}{
		{"0 + x", b.Const(0).Add(x), x},
		{"x + 0", x.AddConst(0), x},
		{"x - 0", x.SubConst(0), x},
		{"0 - x", b.Const(0).Sub(x), x.Neg()},
		{"1·x", b.Const(1).Mul(x), x},
		{"x·1", x.Scale(1), x},
		{"0·x", b.Const(0).Mul(x), b.Const(0)},
		{"x·0", x.Scale(0), b.Const(0)},
		{"2 + 3", b.Const(2).AddConst(3), b.Const(5)},
		{"2 - 3", b.Const(2).SubConst(3), b.Const(1).Neg()},
		{"2·3", b.Const(2).Scale(3), b.Const(6)},
		{"-(-2)", b.Const(2).Neg().Neg(), b.Const(2)},
		{"x·y again", x.Mul(y), x.Mul(y)},
		{"p, a constant", b.Const(uint64(f.Modulus())), b.Const(0)},
	} {
		if c.got != c.want {
			t.Errorf("%s: node %d, want %d", c.what, c.got.id, c.want.id)
		}
	}
	if d := x.Sub(x); b.table.Nodes[d.id].Op != OpSub {
		t.Error("x - x was simplified, which upstream does not")
	}
	if x.Mul(y) == y.Mul(x) {
		t.Error("x·y and y·x are one node: operands have an order in a file")
	}
}

// TestWhen multiplies by the guards, the outer one last.
func TestWhen(t *testing.T) {
	b := NewBuilder(field.KoalaBear, "t", 1, 0)
	x := b.Main(0)
	b.When(b.First(), func() {
		b.When(b.Transition(), func() { b.AssertZero(x) })
		b.AssertBool(x)
	})
	b.AssertEqual(x, b.Const(3))
	want := []Expr{
		b.First().Mul(b.Transition().Mul(x)),
		b.First().Mul(x.Mul(x.SubConst(1))),
		x.SubConst(3),
	}
	for i, id := range b.table.Constraints {
		if id != want[i].id {
			t.Errorf("constraint %d is node %d, want %d", i, id, want[i].id)
		}
	}
	if got := len(b.Table().Constraints); got != len(want) {
		t.Errorf("%d constraints, want %d", got, len(want))
	}
}

// TestBuilderPanics: a circuit's author is told at once.
func TestBuilderPanics(t *testing.T) {
	f := field.KoalaBear
	for what, misuse := range map[string]func(b *Builder){
		"column":         func(b *Builder) { b.Main(2) },
		"next column":    func(b *Builder) { b.Next(-1) },
		"preprocessed":   func(b *Builder) { b.Prep(0) },
		"public value":   func(b *Builder) { b.Public(1) },
		"another table":  func(b *Builder) { b.Main(0).Add(NewBuilder(f, "u", 1, 0).Main(0)) },
		"another's sub":  func(b *Builder) { b.Main(0).Sub(NewBuilder(f, "u", 1, 0).Main(0)) },
		"another's prod": func(b *Builder) { b.Main(0).Mul(NewBuilder(f, "u", 1, 0).Main(0)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			misuse(NewBuilder(f, "t", 2, 1))
		}()
	}
}

// TestReceiveAndProvide are sends with the count negated, and entries have no weight.
func TestReceiveAndProvide(t *testing.T) {
	b := NewBuilder(field.KoalaBear, "t", 3, 0)
	m := b.Main(2)
	b.Send("a", m, 7, b.Main(0), b.Main(1))
	b.Receive("a", m, 7, b.Main(0))
	b.Provide("a", m, b.Main(0))
	tab := b.Table()
	for i, want := range []Tuple{
		{Fields: []NodeID{b.Main(0).id, b.Main(1).id}, Count: m.id, Weight: 7},
		{Fields: []NodeID{b.Main(0).id}, Count: m.Neg().id, Weight: 7},
		{Fields: []NodeID{b.Main(0).id}, Count: m.Neg().id},
	} {
		l := tab.Lookups[i]
		if l.Kind != Global || l.Bus != "a" || len(l.Tuples) != 1 ||
			!slices.Equal(l.Tuples[0].Fields, want.Fields) || l.Tuples[0].Count != want.Count || l.Tuples[0].Weight != want.Weight {
			t.Errorf("lookup %d: %+v, want %+v", i, l, want)
		}
	}
}
