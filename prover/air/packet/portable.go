package packet

import (
	"rpp-node/prover/air/packet/internal/op"
	"rpp-node/prover/field"
)

// portableLanes pays for the calls of the vector functions.
const portableLanes = 128

// runPortable is the interpreter in Go.
func (m *Machine) runPortable(s int) {
	f, from, to := m.p.f, 0, m.p.segments[s].to
	if s > 0 {
		from = m.p.segments[s-1].to
	}
	for _, in := range m.p.code[from:to] {
		o, flags := op.Of(in.code)
		if o == op.Load {
			m.load(in)
			continue
		}
		a, b := m.acc, m.acc
		readsA, readsB, scalar := o.Shape()
		if readsA && flags&op.AccA == 0 {
			a = m.register(in.a)
		}
		if readsB && flags&op.AccB == 0 {
			b = m.register(in.b)
		}
		var s field.Elem
		if scalar {
			s = field.Elem(m.scalars[2*in.b])
		}
		d := m.scratch
		if flags&op.Store != 0 {
			d = m.register(in.dst)
		}
		switch o {
		case op.Broadcast:
			for i := range d {
				d[i] = s
			}
		case op.Neg:
			f.RSubScalarVec(d, 0, a)
		case op.Double:
			f.AddVec(d, a, a)
		case op.Square:
			f.MulVec(d, a, a)
		case op.Cube:
			for i, v := range a {
				d[i] = f.Mul(f.Mul(v, v), v)
			}
		case op.CubeSum:
			for i, v := range a {
				v = f.Add(v, s)
				d[i] = f.Mul(f.Mul(v, v), v)
			}
		case op.AddScalar:
			f.AddScalarVec(d, a, s)
		case op.SubFromScalar:
			f.RSubScalarVec(d, s, a)
		case op.MulScalar:
			f.ScaleVec(d, a, s)
		case op.Add:
			f.AddVec(d, a, b)
		case op.Sub:
			f.SubVec(d, a, b)
		case op.Mul:
			f.MulVec(d, a, b)
		}
		m.acc = d
	}
}

func (m *Machine) load(in instr) {
	count := min(op.Group, m.p.widths[in.a]-int(in.b))
	for i, row := range m.rows[in.a] {
		for c, v := range row[in.b:][:count] {
			m.regs[(int(in.dst)+c)*m.lanes+i] = v
		}
	}
}

// foldPortable adds one segment's outputs to the sums.
func (m *Machine) foldPortable(d int, offsets []uint32, coefs []field.Elem) {
	for k, at := range offsets {
		x := m.regs[at/4:][:m.lanes]
		for e := range d {
			m.p.f.MulAddVec(m.folded(e), x, coefs[k*d+e], m.scratch)
		}
	}
}
