package packet

import (
	"rpp-node/prover/air"
	"rpp-node/prover/air/packet/internal/op"
	"rpp-node/prover/field"
)

// value is one vector of the graph: a leaf, or an operation on earlier values.
type value struct {
	kind kind
	a, b int32 // values, by kind; b of a column is the column
	s    int32 // scalar
}

// kind is an operation of the interpreters, or a leaf.
type kind op.Op

const (
	column   = kind(op.Count) + iota // column b of source a
	selector                         // selector a: First, Last, Transition
)

// scalar is a value that is the same on every row.
type scalar struct {
	op    air.Op
	a, b  int32 // earlier scalars, or a public value
	known bool  // without public values
	value field.Elem
}

// node is what a node of the table has become.
type node struct {
	scalar bool
	id     int32
}

// graph is a table's graph with equal values shared and simplified. Both lists are in
// order of evaluation.
type graph struct {
	f       *field.Field
	values  []value
	index   map[value]int32
	scalars []scalar
	same    map[scalar]int32
	outputs []int32
}

// source numbers the rows that a program reads: matrix by matrix, this row and the next.
func source(matrix, offset int) int32 { return int32(2*matrix + offset) }

// newGraph reads the nodes that the constraints of t need. widths are the matrices that
// its main columns lie in, from left to right.
func newGraph(f *field.Field, t *air.Table, widths []int) *graph {
	g := &graph{f: f, index: make(map[value]int32, len(t.Nodes)), same: map[scalar]int32{}}
	nodes := make([]node, len(t.Nodes))
	for i, needed := range neededNodes(t) {
		if needed {
			nodes[i] = g.node(t.Nodes[i], nodes, widths)
		}
	}
	for _, id := range t.Constraints {
		out := nodes[id]
		if out.scalar {
			out.id = g.value(value{kind: kind(op.Broadcast), s: out.id})
		}
		g.outputs = append(g.outputs, out.id)
	}
	return g
}

func neededNodes(t *air.Table) []bool {
	needed := make([]bool, len(t.Nodes))
	for _, id := range t.Constraints {
		needed[id] = true
	}
	for i := len(t.Nodes) - 1; i >= 0; i-- {
		n := t.Nodes[i]
		if !needed[i] || n.Op < air.OpAdd {
			continue
		}
		needed[n.A] = true
		if n.Op != air.OpNeg {
			needed[n.B] = true
		}
	}
	return needed
}

func (g *graph) node(n air.Node, nodes []node, widths []int) node {
	switch n.Op {
	case air.OpConst:
		return g.constant(n.Value)
	case air.OpPublic:
		return g.scalar(scalar{op: n.Op, a: n.A})
	case air.OpMain:
		m, col := 0, n.B
		for ; int(col) >= widths[m]; m++ {
			col -= int32(widths[m])
		}
		return vector(g.value(value{kind: column, a: source(m, int(n.A)), b: col}))
	case air.OpPrep:
		return vector(g.value(value{kind: column, a: source(len(widths), int(n.A)), b: n.B}))
	case air.OpFirst, air.OpLast, air.OpTrans:
		return vector(g.value(value{kind: selector, a: int32(n.Op - air.OpFirst)}))
	}
	a := nodes[n.A]
	if n.Op == air.OpNeg {
		if a.scalar {
			return g.negScalar(a.id)
		}
		return vector(g.neg(a.id))
	}
	b := nodes[n.B]
	if a.scalar && b.scalar {
		return g.scalar(scalar{op: n.Op, a: a.id, b: b.id})
	}
	switch {
	case n.Op == air.OpAdd && b.scalar:
		return vector(g.addScalar(a.id, b.id))
	case n.Op == air.OpAdd && a.scalar:
		return vector(g.addScalar(b.id, a.id))
	case n.Op == air.OpAdd:
		return vector(g.add(a.id, b.id))
	case n.Op == air.OpSub && b.scalar:
		return vector(g.addScalar(a.id, g.negScalar(b.id).id))
	case n.Op == air.OpSub && a.scalar:
		return vector(g.subFromScalar(a.id, b.id))
	case n.Op == air.OpSub:
		return vector(g.sub(a.id, b.id))
	case b.scalar:
		return g.mulScalar(a.id, b.id)
	case a.scalar:
		return g.mulScalar(b.id, a.id)
	}
	return vector(g.mul(a.id, b.id))
}

func vector(id int32) node { return node{id: id} }

func (g *graph) constant(v field.Elem) node {
	return g.shared(scalar{op: air.OpConst, known: true, value: v})
}

func (g *graph) scalar(s scalar) node {
	s.known = s.op != air.OpPublic && g.scalars[s.a].known && g.scalars[s.b].known
	if s.known {
		return g.constant(s.eval(g.f, g.scalars[s.a].value, g.scalars[s.b].value))
	}
	return g.shared(s)
}

func (g *graph) shared(s scalar) node {
	id, ok := g.same[s]
	if !ok {
		id = int32(len(g.scalars))
		g.scalars = append(g.scalars, s)
		g.same[s] = id
	}
	return node{true, id}
}

// negScalar names the operand twice, since scalar looks at both.
func (g *graph) negScalar(a int32) node { return g.scalar(scalar{op: air.OpNeg, a: a, b: a}) }

// eval computes a scalar that is made of others.
func (s *scalar) eval(f *field.Field, a, b field.Elem) field.Elem {
	switch s.op {
	case air.OpAdd:
		return f.Add(a, b)
	case air.OpSub:
		return f.Sub(a, b)
	case air.OpMul:
		return f.Mul(a, b)
	}
	return f.Neg(a)
}

// is reports whether a scalar is known to be the small integer v.
func (g *graph) is(s int32, v int64) bool {
	return g.scalars[s].known && g.scalars[s].value == g.f.FromInt(v)
}

// value returns the number of a value, the same for equal ones.
func (g *graph) value(v value) int32 {
	if id, ok := g.index[v]; ok {
		return id
	}
	id := int32(len(g.values))
	g.values = append(g.values, v)
	g.index[v] = id
	return id
}

func (g *graph) unary(o op.Op, a int32) int32 { return g.value(value{kind: kind(o), a: a}) }

// negated returns x where a is -x.
func (g *graph) negated(a int32) (int32, bool) {
	v := g.values[a]
	return v.a, v.kind == kind(op.Neg)
}

func (g *graph) neg(a int32) int32 {
	if x, ok := g.negated(a); ok {
		return x
	}
	return g.unary(op.Neg, a)
}

func (g *graph) add(a, b int32) int32 {
	if x, ok := g.negated(b); ok {
		return g.sub(a, x)
	}
	if x, ok := g.negated(a); ok {
		return g.sub(b, x)
	}
	if a == b {
		return g.unary(op.Double, a)
	}
	return g.value(value{kind: kind(op.Add), a: min(a, b), b: max(a, b)})
}

func (g *graph) sub(a, b int32) int32 {
	if x, ok := g.negated(b); ok {
		return g.add(a, x)
	}
	return g.value(value{kind: kind(op.Sub), a: a, b: b})
}

func (g *graph) mul(a, b int32) int32 {
	if a == b {
		return g.unary(op.Square, a)
	}
	return g.value(value{kind: kind(op.Mul), a: min(a, b), b: max(a, b)})
}

func (g *graph) addScalar(a, s int32) int32 {
	if g.is(s, 0) {
		return a
	}
	return g.value(value{kind: kind(op.AddScalar), a: a, s: s})
}

func (g *graph) subFromScalar(s, a int32) int32 {
	if g.is(s, 0) {
		return g.neg(a)
	}
	return g.value(value{kind: kind(op.SubFromScalar), a: a, s: s})
}

// mulScalar replaces products with small constants by one or two sums, which cost less.
func (g *graph) mulScalar(a, s int32) node {
	double := func(a int32) int32 { return g.unary(op.Double, a) }
	switch {
	case g.is(s, 0):
		return g.constant(0)
	case g.is(s, 1):
		return vector(a)
	case g.is(s, 2):
		return vector(double(a))
	case g.is(s, 3):
		return vector(g.add(double(a), a))
	case g.is(s, 4):
		return vector(double(double(a)))
	case g.is(s, -1):
		return vector(g.neg(a))
	case g.is(s, -2):
		return vector(g.neg(double(a)))
	case g.is(s, -3):
		return vector(g.neg(g.add(double(a), a)))
	case g.is(s, -4):
		return vector(g.neg(double(double(a))))
	}
	return vector(g.value(value{kind: kind(op.MulScalar), a: a, s: s}))
}

// operands returns the values that v reads.
func (v value) operands() (a, b int32, count int) {
	if v.kind >= column {
		return 0, 0, 0
	}
	readsA, readsB, _ := op.Op(v.kind).Shape()
	switch {
	case readsB:
		return v.a, v.b, 2
	case readsA:
		return v.a, 0, 1
	}
	return 0, 0, 0
}
