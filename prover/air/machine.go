package air

import (
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Block gives a Program its inputs for n rows: one vector of n elements for each column
// that the table has. Next vectors may be nil where the table does not open the next
// row, selectors where nothing reads them.
type Block struct {
	N                    int
	Main, MainNext       [][]field.Elem
	Prep, PrepNext       [][]field.Elem
	First, Last, Transit []field.Elem
}

// NewBlock allocates the vectors that t has, each of up to capacity rows.
func NewBlock(t *Table, capacity int) *Block {
	b := &Block{Main: columns(t.Width, capacity), Prep: columns(t.PrepWidth, capacity)}
	if t.MainNext {
		b.MainNext = columns(t.Width, capacity)
	}
	if t.PrepNext {
		b.PrepNext = columns(t.PrepWidth, capacity)
	}
	s := columns(3, capacity)
	b.First, b.Last, b.Transit = s[0], s[1], s[2]
	return b
}

func columns(n, capacity int) [][]field.Elem {
	store := make([]field.Elem, n*capacity)
	cols := make([][]field.Elem, n)
	for i := range cols {
		cols[i] = store[i*capacity : (i+1)*capacity]
	}
	return cols
}

// FillMain sets the block to n rows and its main vectors to what row and next give for
// each of them.
func (b *Block) FillMain(n int, row, next func(i int) []field.Elem) {
	b.N = n
	b.First, b.Last, b.Transit = b.First[:n], b.Last[:n], b.Transit[:n]
	transpose(b.Main, n, row)
	transpose(b.MainNext, n, next)
}

// FillPrep sets the preprocessed vectors in the same way. FillMain has set the number of
// rows.
func (b *Block) FillPrep(row, next func(i int) []field.Elem) {
	transpose(b.Prep, b.N, row)
	transpose(b.PrepNext, b.N, next)
}

// FillTrace sets all columns to n rows of a table's trace, from row from on; the row after
// the last is the first.
func (b *Block) FillTrace(t *Table, trace matrix.Matrix, from, n int) {
	h := trace.Height()
	prep := func(r int) []field.Elem { r %= h; return t.Prep[r*t.PrepWidth : (r+1)*t.PrepWidth] }
	b.FillMain(n, func(i int) []field.Elem { return trace.Row(from + i) },
		func(i int) []field.Elem { return trace.Row((from + i + 1) % h) })
	b.FillPrep(func(i int) []field.Elem { return prep(from + i) },
		func(i int) []field.Elem { return prep(from + i + 1) })
}

func transpose(cols [][]field.Elem, n int, row func(i int) []field.Elem) {
	if len(cols) == 0 {
		return
	}
	for c := range cols {
		cols[c] = cols[c][:n]
	}
	for i := range n {
		for c, v := range row(i) {
			cols[c][i] = v
		}
	}
}

// Machine runs a Program over blocks of at most its capacity. It belongs to one
// goroutine.
type Machine struct {
	p       *Program
	scalars []field.Elem
	store   []field.Elem
	vecs    [][]field.Elem
	cap     int
}

// NewMachine prepares to run p with the given public values over blocks of up to
// capacity rows.
func (p *Program) NewMachine(publics []field.Elem, capacity int) *Machine {
	m := &Machine{p: p, cap: capacity}
	t, f := p.table, p.f
	m.vecs = make([][]field.Elem, t.sources()+p.regs)
	m.store = make([]field.Elem, p.regs*capacity)
	value := make(map[NodeID]field.Elem, len(p.uniform))
	m.scalars = make([]field.Elem, len(p.uniform))
	for k, id := range p.uniform {
		n := t.Nodes[id]
		a, b := value[NodeID(n.A)], value[NodeID(n.B)]
		var v field.Elem
		switch n.Op {
		case OpConst:
			v = n.Value
		case OpPublic:
			v = publics[n.A]
		case OpAdd:
			v = f.Add(a, b)
		case OpSub:
			v = f.Sub(a, b)
		case OpMul:
			v = f.Mul(a, b)
		case OpNeg:
			v = f.Neg(a)
		}
		value[id], m.scalars[k] = v, v
	}
	return m
}

// Run evaluates one block. Each constraint's vector is handed to emit (its index is the
// constraint's place in the table) and is only valid during the call.
func (m *Machine) Run(in *Block, emit func(constraint int, values []field.Elem)) {
	t, f := m.p.table, m.p.f
	copy(m.vecs, in.Main)
	copy(m.vecs[t.Width:], in.MainNext)
	copy(m.vecs[2*t.Width:], in.Prep)
	copy(m.vecs[2*t.Width+t.PrepWidth:], in.PrepNext)
	s := t.sources()
	m.vecs[s-3], m.vecs[s-2], m.vecs[s-1] = in.First, in.Last, in.Transit
	for r := range m.p.regs {
		m.vecs[s+r] = m.store[r*m.cap : r*m.cap+in.N]
	}
	for _, c := range m.p.instrs {
		switch c.op {
		case vAdd:
			f.AddVec(m.vecs[c.dst], m.vecs[c.a], m.vecs[c.b])
		case vSub:
			f.SubVec(m.vecs[c.dst], m.vecs[c.a], m.vecs[c.b])
		case vMul:
			f.MulVec(m.vecs[c.dst], m.vecs[c.a], m.vecs[c.b])
		case vMulS:
			f.ScaleVec(m.vecs[c.dst], m.vecs[c.a], m.scalars[c.b])
		case vNeg:
			f.RSubScalarVec(m.vecs[c.dst], 0, m.vecs[c.a])
		case vAddS:
			f.AddScalarVec(m.vecs[c.dst], m.vecs[c.a], m.scalars[c.b])
		case vSubS:
			f.AddScalarVec(m.vecs[c.dst], m.vecs[c.a], f.Neg(m.scalars[c.b]))
		case vRSubS:
			f.RSubScalarVec(m.vecs[c.dst], m.scalars[c.b], m.vecs[c.a])
		case vBroadcast:
			v := m.scalars[c.a]
			d := m.vecs[c.dst]
			for i := range d {
				d[i] = v
			}
		case vEmit:
			emit(int(c.b), m.vecs[c.a])
		}
	}
}

// Pinned returns the vector of a pinned node after Run.
func (m *Machine) Pinned(id NodeID) []field.Elem { return m.vecs[m.p.pins[id]] }
