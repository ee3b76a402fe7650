package shard

import (
	"errors"
	"fmt"
	"sync/atomic"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
	"rpp-node/prover/matrix"
)

// ErrDenominator is a lookup message that met the challenge: as likely as guessing it.
var ErrDenominator = errors.New("shard: a lookup denominator vanishes")

// Terminals are the totals of the lookup columns, one for each table, nil where a table
// has none.
func (p *Participant) Terminals() []*field.E { return p.terminals }

// makeLookups makes the permutation columns of every table, whole: sums in a field are
// exact, so every participant gets the same bytes.
func (p *Participant) makeLookups() error {
	s := p.job.Sys
	p.terminals = make([]*field.E, len(s.Circuit.Tables))
	for i := range s.Circuit.Tables {
		if s.Layout.Tables[i].Width() == 0 {
			continue
		}
		columns, terminal, err := p.permutation(i)
		if err != nil {
			return fmt.Errorf("%w: table %q", err, s.Circuit.Tables[i].Name)
		}
		p.lookups = append(p.lookups, columns)
		p.terminals[i] = &terminal
	}
	return nil
}

// permutation makes one table's running sum and fractions: rows of the trace domain in
// natural order, in a buffer with room for their extension.
func (p *Participant) permutation(i int) (matrix.Matrix, field.E, error) {
	s := p.job.Sys
	x, t, l := s.Ext, &s.Circuit.Tables[i], &s.Layout.Tables[i]
	log, d := p.job.LogHeights[i], s.Ext.D
	columns := matrix.GetWithin(1<<log, 1<<(log+s.FRI.LogBlowup), l.Width()*d)
	sums := make([]field.E, 1<<log)
	prog := air.Compile(x.Base, t, false, t.LookupNodes())
	var failed atomic.Bool
	blocks := (len(sums) + blockRows - 1) / blockRows
	p.dev.For(blocks, func(from, to int) {
		w := p.newFractionWorker(i, prog)
		for b := from; b < to; b++ {
			if !w.block(b*blockRows, min(blockRows, len(sums)-b*blockRows), columns, sums) {
				failed.Store(true)
				return
			}
		}
	})
	if failed.Load() {
		columns.Put()
		return matrix.Matrix{}, field.E{}, ErrDenominator
	}
	var acc field.E
	for r, sum := range sums {
		copy(columns.Row(r), acc[:d])
		acc = x.Add(acc, sum)
	}
	return columns, acc, nil
}

// fractionWorker fills the fraction columns of one table over blocks of trace rows.
type fractionWorker struct {
	*fractions
	p       *Participant
	table   int
	layout  *lookup.Table
	machine *air.Machine
	in      *air.Block
	u, v    []field.E
	scratch []field.E
}

func (p *Participant) newFractionWorker(i int, prog *air.Program) *fractionWorker {
	s := p.job.Sys
	return &fractionWorker{
		fractions: newFractions(s.Ext, s.Layout, p.ch.Lookups),
		p:         p, table: i, layout: &s.Layout.Tables[i],
		machine: prog.NewMachine(p.job.Publics[i], blockRows),
		in:      air.NewBlock(&s.Circuit.Tables[i], blockRows),
		u:       make([]field.E, blockRows), v: make([]field.E, blockRows), scratch: make([]field.E, blockRows),
	}
}

// block writes the fractions of rows [from, from+n), and their sums, and reports whether
// every denominator that counts had an inverse.
func (w *fractionWorker) block(from, n int, columns matrix.Matrix, sums []field.E) bool {
	s := w.p.job.Sys
	x, t, trace := s.Ext, &s.Circuit.Tables[w.table], w.p.traces[w.table]
	w.in.FillTrace(t, trace, from, n)
	w.machine.Run(w.in, nil)
	for k := range w.layout.Columns {
		c := &w.layout.Columns[k]
		values, ok := w.column(c, n)
		if !ok {
			return false
		}
		for r, f := range values {
			sums[from+r] = x.Add(sums[from+r], f)
			copy(columns.Row(from + r)[(k+1)*x.D:], f[:x.D])
		}
	}
	return true
}

// column computes one column's fractions. A message with count 0 is left out, whatever
// its denominator; where any message has one, V and the others follow from it alone.
func (w *fractionWorker) column(c *lookup.Column, n int) ([]field.E, bool) {
	x := w.x
	out := w.v[:n]
	if c.Exclusive {
		w.uv(w.u[:n], out, w.scratch[:n], c, w.machine)
		return out, w.divide(out, w.u[:n])
	}
	clear(out)
	for t := range c.Tuples {
		tp := &c.Tuples[t]
		w.denominators(w.u[:n], c, tp, w.machine)
		count := w.machine.Pinned(tp.Count)
		num := w.scratch[:n]
		for i := range num {
			num[i] = x.FromBase(count[i])
		}
		if !w.divide(num, w.u[:n]) {
			return nil, false
		}
		for i := range out {
			out[i] = x.Add(out[i], num[i])
		}
	}
	return out, true
}

// divide sets num[i] /= den[i] where num[i] is not zero.
func (w *fractionWorker) divide(num, den []field.E) bool {
	for i := range num {
		if num[i] != (field.E{}) && den[i] == (field.E{}) {
			return false
		}
	}
	w.x.BatchInv(den)
	for i := range num {
		num[i] = w.x.Mul(num[i], den[i])
	}
	return true
}
