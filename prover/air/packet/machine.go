package packet

import (
	"unsafe"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

// Machine runs a Program over packets of rows. It belongs to one goroutine. The kernel set
// that is active when it is made is the one that runs.
type Machine struct {
	p     *Program
	mu    uint32 // p^-1 mod 2^32
	set   kernels.Set
	lanes int
	rows  [][][]field.Elem
	regs  []field.Elem // registers, then the folded sums
	code  *encoding

	scalars []uint32         // pairs (w, w·p^-1 mod 2^32)
	sources []unsafe.Pointer // the slices of each source's rows
	acc     []field.Elem     // portable: where the last result is
	scratch []field.Elem     // portable: for results that are not stored
}

// alignment is that of the registers, in elements: a cache line.
const alignment = 16

// NewMachine prepares to run p with the given public values.
func (p *Program) NewMachine(publics []field.Elem) *Machine {
	m := &Machine{p: p, mu: montgomery(p.f.Modulus()), set: kernels.Active()}
	m.lanes = lanes(m.set)
	m.regs = aligned((p.registers + field.MaxDegree) * m.lanes)
	m.scratch = make([]field.Elem, m.lanes)
	m.rows = make([][][]field.Elem, len(p.widths))
	m.sources = make([]unsafe.Pointer, len(p.widths))
	for s, read := range p.reads {
		if read {
			m.rows[s] = make([][]field.Elem, m.lanes)
			m.sources[s] = unsafe.Pointer(unsafe.SliceData(m.rows[s]))
		}
	}
	m.setScalars(publics)
	m.code = p.encoded(m.set, m.lanes)
	return m
}

// montgomery returns p^-1 mod 2^32 by Newton's method: p is its own inverse mod 8, and each
// step doubles the bits that are right.
func montgomery(p uint32) uint32 {
	mu := p
	for range 4 {
		mu *= 2 - p*mu
	}
	return mu
}

func aligned(n int) []field.Elem {
	s := make([]field.Elem, n+alignment)
	past := int(uintptr(unsafe.Pointer(unsafe.SliceData(s)))/unsafe.Sizeof(s[0])) % alignment
	return s[(alignment-past)%alignment:][:n]
}

func (m *Machine) setScalars(publics []field.Elem) {
	f := m.p.f
	values := make([]field.Elem, len(m.p.scalars))
	for i := range m.p.scalars {
		s := &m.p.scalars[i]
		switch {
		case s.known:
			values[i] = s.value
		case s.op == air.OpPublic:
			values[i] = publics[s.a]
		default:
			values[i] = s.eval(f, values[s.a], values[s.b])
		}
		m.scalars = append(m.scalars, uint32(values[i]), uint32(values[i])*m.mu)
	}
}

// Lanes is the number of rows in a packet.
func (m *Machine) Lanes() int { return m.lanes }

// Rows is where the caller puts the rows of a matrix, main matrices first, then the
// preprocessed one: this row (0) or the next (1) of each row of the packet. It is nil if
// nothing reads them.
func (m *Machine) Rows(matrix, offset int) [][]field.Elem { return m.rows[source(matrix, offset)] }

// Selector is where the caller puts the values of First, Last or Transition.
func (m *Machine) Selector(o air.Op) []field.Elem { return m.register(int32(o - air.OpFirst)) }

func (m *Machine) register(r int32) []field.Elem {
	return m.regs[int(r)*m.lanes:][:m.lanes:m.lanes]
}

// Run evaluates the first n rows of a packet and hands each output to emit, in order. The
// vector is valid during the call.
func (m *Machine) Run(n int, emit func(output int, values []field.Elem)) {
	m.pad(n)
	k := 0
	for s := range m.p.segments {
		m.run(s)
		for _, r := range m.p.segments[s].outputs {
			emit(k, m.register(r)[:n])
			k++
		}
	}
}

// Fold evaluates the first n rows of a packet and returns Σ_k coefs[k]·output_k, where
// coefs has d coefficients of an extension for each output: a vector of n elements for
// each of the d, valid until the next call.
func (m *Machine) Fold(n, d int, coefs []field.Elem) (folded [field.MaxDegree][]field.Elem) {
	m.pad(n)
	clear(m.regs[m.p.registers*m.lanes:])
	for s := range m.p.segments {
		m.run(s)
		if out := m.code.outputs[s]; len(out) > 0 {
			m.fold(d, out, coefs[:len(out)*d])
			coefs = coefs[len(out)*d:]
		}
	}
	for e := range d {
		folded[e] = m.folded(e)[:n]
	}
	return folded
}

func (m *Machine) folded(e int) []field.Elem { return m.register(int32(m.p.registers + e)) }

// pad fills the packet with copies of its last row.
func (m *Machine) pad(n int) {
	for _, rows := range m.rows {
		for i := n; i < len(rows); i++ {
			rows[i] = rows[n-1]
		}
	}
}
