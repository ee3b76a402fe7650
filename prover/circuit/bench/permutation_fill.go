package bench

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Fill computes the permutation in every row of m: the W elements from column at on are
// the input, the rest of the Width columns is written.
func (p *Permutation) Fill(m matrix.Matrix, at int) {
	f := p.newFiller()
	done := 0
	if f.k != nil {
		for ; done+f.k.lanes <= m.Height(); done += f.k.lanes {
			rows := m.Rows(done, done+f.k.lanes)
			f.kernelRows(rows, at, rows.Values[at:], m.Width)
		}
	}
	if done < m.Height() {
		f.programRows(m.Rows(done, m.Height()), at)
	}
}

// fillFrom is Fill for rows that are nothing but a permutation, with inputs from
// elsewhere: input writes that of a row in [from, to).
func (p *Permutation) fillFrom(m matrix.Matrix, from, to int, input func(row int, dst []field.Elem)) {
	f := p.newFiller()
	w := p.perm.Width()
	if f.k != nil {
		in := matrix.New(f.k.lanes, w)
		for ; from+f.k.lanes <= to; from += f.k.lanes {
			for i := range f.k.lanes {
				input(from+i, in.Row(i))
			}
			f.kernelRows(m.Rows(from, from+f.k.lanes), 0, in.Values, w)
		}
	}
	if from < to {
		for r := from; r < to; r++ {
			input(r, m.Row(r)[:w])
		}
		f.programRows(m.Rows(from, to), 0)
	}
}

// filler fills rows on one goroutine.
type filler struct {
	p      *Permutation
	k      *columnKernels // nil if none suit
	values []field.Elem   // the columns of one run of the kernels, then a state
	run    *air.Machine   // nil until the program is needed
	input  matrix.Matrix  // row i is element i of every input of its run
}

func (p *Permutation) newFiller() *filler {
	f := &filler{p: p, k: p.kernels()}
	if f.k != nil {
		f.values = make([]field.Elem, (p.Width()+p.perm.Width())*f.k.lanes)
	}
	return f
}

// columnKernels compute the columns of as many permutations of kernelWidth as there are
// lanes in a vector. Columns and states are vectors, one after another.
type columnKernels struct {
	lanes int
	// transpose copies a square of lanes rows and columns; strides in elements.
	transpose func(dst, src *field.Elem, dstStride, srcStride int)
	// sboxes adds a full round's constants to src and applies the S-boxes; registers are
	// written where the layout has them.
	sboxes func(dst, registers, src, constants *field.Elem)
	// external applies the full rounds' matrix.
	external func(dst, src *field.Elem)
	// partial replaces the state by that after some partial rounds, and writes their
	// columns.
	partial func(columns, state, constants *field.Elem, rounds int)
}

// kernelWidth is the width that the kernels are made for.
const kernelWidth = 16

// kernelRows fills as many rows as the kernels take, input columns too, with permutations
// of inputs that lie at a stride.
func (f *filler) kernelRows(m matrix.Matrix, at int, inputs []field.Elem, stride int) {
	p, k, w, n := f.p, f.k, f.p.perm.Width(), f.k.lanes
	state := &f.values[p.Width()*n]
	for c := 0; c < w; c += n {
		k.transpose(&f.values[c*n], &inputs[c], n, stride)
	}
	next := w // the column that comes next
	full := func(half int) {
		from := state
		for r := range p.perm.FullRoundsHalf() {
			k.sboxes(state, &f.values[next*n], from, &p.perm.ExternalConstants(half, r)[0])
			next += w * p.registers
			from = &f.values[next*n]
			k.external(from, state)
			next += w
		}
	}
	k.external(state, &f.values[0])
	full(0)
	copy(f.values[p.Width()*n:], f.values[(next-w)*n:next*n])
	k.partial(&f.values[next*n], state, &p.internal[0], len(p.internal))
	next += len(p.internal) * (p.registers + 1)
	full(1)
	for c := 0; c < next; c += n {
		c = min(c, next-n) // the last square may overlap the one before
		k.transpose(&m.Values[at+c], &f.values[c*n], m.Width, n)
	}
}

// programBlock is the rows of one run of the program: long enough to hide its calls, short
// enough for its registers to stay in the cache.
const programBlock = 128

// programRows fills rows by the program.
func (f *filler) programRows(m matrix.Matrix, at int) {
	w := f.p.perm.Width()
	if f.run == nil {
		f.run, f.input = f.p.values.NewMachine(nil, programBlock), matrix.New(w, programBlock)
	}
	in := make([][]field.Elem, w)
	for from := 0; from < m.Height(); from += programBlock {
		n := min(programBlock, m.Height()-from)
		for i := range in {
			in[i] = f.input.Row(i)[:n]
		}
		for r := range n {
			for i, v := range m.Row(from + r)[at : at+w] {
				in[i][r] = v
			}
		}
		f.run.Run(&air.Block{N: n, Main: in}, func(k int, values []field.Elem) {
			i := from*m.Width + at + w + k
			for _, v := range values {
				m.Values[i] = v
				i += m.Width
			}
		})
	}
}
