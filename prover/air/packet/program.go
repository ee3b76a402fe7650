package packet

import (
	"rpp-node/prover/air"
	"rpp-node/prover/air/packet/internal/op"
	"rpp-node/prover/field"
)

// Program is a compiled table: its constraints are the outputs. It must not be copied.
type Program struct {
	f         *field.Field
	publics   int
	widths    []int // of the sources: each matrix twice, for this row and the next
	reads     []bool
	selectors [3]bool // which are read
	scalars   []scalar
	code      []instr
	segments  []segment
	registers int
	outputs   int
	encodings [3]encoding // by set of kernels
}

// instr is an instruction before its operands become offsets: registers, or a scalar in b,
// or for Load a column in b and the source in a.
type instr struct {
	code      uint32
	dst, a, b int32
}

// segment is a piece of the program: instructions up to to, and the registers that then
// hold the next outputs.
type segment struct {
	to      int
	outputs []int32
}

// Compile makes the program that evaluates the constraints of a validated table, whose
// main columns lie side by side in matrices of the given widths.
func Compile(f *field.Field, t *air.Table, widths ...int) *Program {
	g := newGraph(f, t, widths)
	p := &Program{f: f, publics: t.Publics, scalars: g.scalars, outputs: len(g.outputs)}
	for _, w := range append(widths[:len(widths):len(widths)], t.PrepWidth) {
		p.widths = append(p.widths, w, w)
	}
	p.reads = make([]bool, len(p.widths))
	newAllocator(newSchedule(g), p).run()
	return p
}

// Outputs is the number of constraints.
func (p *Program) Outputs() int { return p.outputs }

// ReadsNext reports whether any expression reads the next row of a matrix; the
// preprocessed one comes after the main ones.
func (p *Program) ReadsNext(matrix int) bool { return p.reads[source(matrix, 1)] }

// ReadsSelector reports whether any expression reads First, Last or Transition.
func (p *Program) ReadsSelector(o air.Op) bool { return p.selectors[o-air.OpFirst] }

// load makes the instruction that loads a group of columns.
func (p *Program) load(g group, dst int32) instr {
	p.reads[g.source] = true
	return instr{code: uint32(op.Load), dst: dst, a: g.source, b: g.index * op.Group}
}
