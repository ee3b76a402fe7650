package air

import (
	"rpp-node/prover/field"
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
