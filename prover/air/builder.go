package air

import (
	"fmt"
	"slices"

	"rpp-node/prover/field"
)

// Builder makes one table. Equal nodes are shared and constants folded by upstream's
// rules, so that the graph is small and its degrees are what Degrees computes. Misuse by
// the circuit's author (a column out of range, expressions of two builders) panics:
// circuits are built at start-up, from code.
type Builder struct {
	f     *field.Field
	table Table
	index map[Node]NodeID
	guard []Expr // factors of every assertion made inside When
}

// Expr is a node of a builder's graph.
type Expr struct {
	b  *Builder
	id NodeID
}

// NewBuilder starts a table of the given main width.
func NewBuilder(f *field.Field, name string, width, publics int) *Builder {
	return &Builder{
		f:     f,
		table: Table{Name: name, Width: width, Publics: publics, MaxDegree: NoDegreeHint},
		index: map[Node]NodeID{},
	}
}

// Extend starts from a table's graph: its nodes keep their numbers, its constraints are
// left to the caller, and there are more main columns and public values behind its own.
// The table itself is not changed.
func Extend(f *field.Field, t *Table, columns, publics int) *Builder {
	b := NewBuilder(f, t.Name, t.Width+columns, t.Publics+publics)
	b.table.PrepWidth, b.table.Prep = t.PrepWidth, t.Prep
	b.table.MainNext, b.table.PrepNext = t.MainNext, t.PrepNext
	b.table.Nodes = slices.Clone(t.Nodes)
	for i, n := range t.Nodes {
		if _, ok := b.index[n]; !ok {
			b.index[n] = NodeID(i)
		}
	}
	return b
}

// Node is a node of the table that the builder has begun or extends.
func (b *Builder) Node(id NodeID) Expr { return Expr{b, id} }

// Field is the field of the table.
func (b *Builder) Field() *field.Field { return b.f }

// SetPreprocessed gives the table its preprocessed columns, row-major.
func (b *Builder) SetPreprocessed(width int, values []field.Elem) {
	b.table.PrepWidth, b.table.Prep = width, values
}

// OpenNext opens the next main row even if no expression reads it.
func (b *Builder) OpenNext() { b.table.MainNext = true }

// SetMaxDegree replaces the computed degree of the table's constraints.
func (b *Builder) SetMaxDegree(d int) { b.table.MaxDegree = d }

// Table returns the finished table.
func (b *Builder) Table() Table { return b.table }

func (b *Builder) node(n Node) Expr {
	if id, ok := b.index[n]; ok {
		return Expr{b, id}
	}
	id := NodeID(len(b.table.Nodes))
	b.table.Nodes = append(b.table.Nodes, n)
	b.index[n] = id
	return Expr{b, id}
}

// Main is main column col of this row.
func (b *Builder) Main(col int) Expr { return b.column(OpMain, 0, col, b.table.Width) }

// Next is main column col of the next row.
func (b *Builder) Next(col int) Expr {
	b.table.MainNext = true
	return b.column(OpMain, 1, col, b.table.Width)
}

// Prep is preprocessed column col of this row.
func (b *Builder) Prep(col int) Expr { return b.column(OpPrep, 0, col, b.table.PrepWidth) }

// PrepNext is preprocessed column col of the next row.
func (b *Builder) PrepNext(col int) Expr {
	b.table.PrepNext = true
	return b.column(OpPrep, 1, col, b.table.PrepWidth)
}

func (b *Builder) column(op Op, offset, col, width int) Expr {
	if col < 0 || col >= width {
		panic(fmt.Sprintf("air: table %q has no column %d (width %d)", b.table.Name, col, width))
	}
	return b.node(Node{Op: op, A: int32(offset), B: int32(col)})
}

// Public is public value i of the table.
func (b *Builder) Public(i int) Expr {
	if i < 0 || i >= b.table.Publics {
		panic(fmt.Sprintf("air: table %q has no public value %d", b.table.Name, i))
	}
	return b.node(Node{Op: OpPublic, A: int32(i)})
}

// Const is a constant.
func (b *Builder) Const(v uint64) Expr { return b.Elem(b.f.FromUint(v)) }

// Elem is a constant field element.
func (b *Builder) Elem(v field.Elem) Expr { return b.node(Node{Op: OpConst, Value: v}) }

// First, Last and Transition select the first row, the last row, and all but the last.
func (b *Builder) First() Expr      { return b.node(Node{Op: OpFirst}) }
func (b *Builder) Last() Expr       { return b.node(Node{Op: OpLast}) }
func (b *Builder) Transition() Expr { return b.node(Node{Op: OpTrans}) }

func (e Expr) constant() (field.Elem, bool) {
	n := e.b.table.Nodes[e.id]
	return n.Value, n.Op == OpConst
}

func (e Expr) pair(o Expr) {
	if e.b != o.b {
		panic("air: expressions of two tables")
	}
}

// Add returns e + o.
func (e Expr) Add(o Expr) Expr {
	e.pair(o)
	f := e.b.f
	u, uc := e.constant()
	v, vc := o.constant()
	switch {
	case uc && vc:
		return e.b.Elem(f.Add(u, v))
	case uc && u == 0:
		return o
	case vc && v == 0:
		return e
	}
	return e.b.node(Node{Op: OpAdd, A: int32(e.id), B: int32(o.id)})
}

// Sub returns e - o.
func (e Expr) Sub(o Expr) Expr {
	e.pair(o)
	f := e.b.f
	u, uc := e.constant()
	v, vc := o.constant()
	switch {
	case uc && vc:
		return e.b.Elem(f.Sub(u, v))
	case vc && v == 0:
		return e
	case uc && u == 0:
		return o.Neg()
	}
	return e.b.node(Node{Op: OpSub, A: int32(e.id), B: int32(o.id)})
}

// Mul returns e · o.
func (e Expr) Mul(o Expr) Expr {
	e.pair(o)
	f := e.b.f
	u, uc := e.constant()
	v, vc := o.constant()
	switch {
	case uc && vc:
		return e.b.Elem(f.Mul(u, v))
	case uc && u == 0, vc && v == 0:
		return e.b.Const(0)
	case uc && u == f.One():
		return o
	case vc && v == f.One():
		return e
	}
	return e.b.node(Node{Op: OpMul, A: int32(e.id), B: int32(o.id)})
}

// Neg returns -e.
func (e Expr) Neg() Expr {
	if u, ok := e.constant(); ok {
		return e.b.Elem(e.b.f.Neg(u))
	}
	return e.b.node(Node{Op: OpNeg, A: int32(e.id)})
}

// Square returns e².
func (e Expr) Square() Expr { return e.Mul(e) }

// Scale returns v·e.
func (e Expr) Scale(v uint64) Expr { return e.Mul(e.b.Const(v)) }

// AddConst returns e + v.
func (e Expr) AddConst(v uint64) Expr { return e.Add(e.b.Const(v)) }

// SubConst returns e - v.
func (e Expr) SubConst(v uint64) Expr { return e.Sub(e.b.Const(v)) }

// Not returns 1 - e.
func (e Expr) Not() Expr { return e.b.Const(1).Sub(e) }

// When multiplies every assertion that body makes by sel.
func (b *Builder) When(sel Expr, body func()) {
	b.guard = append(b.guard, sel)
	body()
	b.guard = b.guard[:len(b.guard)-1]
}

// AssertZero demands that e vanish on every row (where the enclosing When selects).
func (b *Builder) AssertZero(e Expr) {
	for i := len(b.guard) - 1; i >= 0; i-- {
		e = b.guard[i].Mul(e)
	}
	b.table.Constraints = append(b.table.Constraints, e.id)
}

// AssertEqual demands e = o.
func (b *Builder) AssertEqual(e, o Expr) { b.AssertZero(e.Sub(o)) }

// AssertBool demands e ∈ {0, 1}.
func (b *Builder) AssertBool(e Expr) { b.AssertZero(e.Mul(e.SubConst(1))) }

func ids(fields []Expr) []NodeID {
	out := make([]NodeID, len(fields))
	for i, e := range fields {
		out[i] = e.id
	}
	return out
}

// Send puts a message on a bus count times; weight bounds |count| per row.
func (b *Builder) Send(bus string, count Expr, weight uint32, fields ...Expr) {
	b.table.Lookups = append(b.table.Lookups, Lookup{Kind: Global, Bus: bus, Tuples: []Tuple{{Fields: ids(fields), Count: count.id, Weight: weight}}})
}

// Receive takes a message from a bus count times; weight bounds |count| per row.
func (b *Builder) Receive(bus string, count Expr, weight uint32, fields ...Expr) {
	b.Send(bus, count.Neg(), weight, fields...)
}

// Provide offers a table entry, to be received count times in all, however large count
// is: entries have no weight, because the queries' weights bound their sum.
func (b *Builder) Provide(bus string, count Expr, fields ...Expr) {
	b.Receive(bus, count, 0, fields...)
}

// LocalTuple is one message of a local lookup.
type LocalTuple struct {
	Fields []Expr
	Count  Expr
	Weight uint32
}

// Local adds a lookup that must balance inside the table.
func (b *Builder) Local(tuples ...LocalTuple) {
	l := Lookup{Kind: Local}
	for _, t := range tuples {
		l.Tuples = append(l.Tuples, Tuple{Fields: ids(t.Fields), Count: t.Count.id, Weight: t.Weight})
	}
	b.table.Lookups = append(b.table.Lookups, l)
}
