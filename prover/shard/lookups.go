package shard

import (
	"errors"
	"fmt"
	"sync/atomic"

	"rpp-node/prover/air/packet"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/system"
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

// fractionProgram compiles a table's fractions. Its expressions read no permutation
// column.
func fractionProgram(s *system.System, table int) *packet.Program {
	t, l := &s.Circuit.Tables[table], &s.Layout.Tables[table]
	g := newLookupGraph(s.Ext, t, s.Layout, l)
	g.fractions()
	all := g.b.Table()
	return packet.Compile(s.Ext.Base, &all, t.Width, all.Width-t.Width)
}

// permutation makes one table's running sum and fractions: rows of the trace domain in
// natural order, in a buffer with room for their extension.
func (p *Participant) permutation(i int) (matrix.Matrix, field.E, error) {
	s := p.job.Sys
	x, l := s.Ext, &s.Layout.Tables[i]
	log, d := p.job.LogHeights[i], s.Ext.D
	columns := matrix.GetWithin(1<<log, 1<<(log+s.FRI.LogBlowup), l.Width()*d)
	values := append(append([]field.Elem(nil), p.job.Publics[i]...), lookupValues(x, s.Layout, p.ch.Lookups, field.E{})...)
	prog := p.job.Programs.fractions[i]()
	var failed atomic.Bool
	p.dev.For((1<<log+fractionRows-1)/fractionRows, func(from, to int) {
		w := &fractionWorker{p: p, table: i, machine: prog.NewMachine(values), columns: columns}
		if !w.rows(from*fractionRows, min(to*fractionRows, 1<<log)) {
			failed.Store(true)
		}
	})
	if failed.Load() {
		columns.Put()
		return matrix.Matrix{}, field.E{}, ErrDenominator
	}
	// Column 0 holds each row's sum so far, and becomes the sum of the rows before.
	var acc field.E
	for r := range 1 << log {
		var sum field.E
		row := columns.Row(r)[:d]
		copy(sum[:], row)
		copy(row, acc[:d])
		acc = x.Add(acc, sum)
	}
	return columns, acc, nil
}

// fractionRows is a multiple of every packet's size.
const fractionRows = 1 << 10

// fractionWorker fills the fraction columns of one table, and each row's sum of them in
// column 0. It belongs to one goroutine.
type fractionWorker struct {
	p       *Participant
	table   int
	machine *packet.Machine
	columns matrix.Matrix
}

// rows fills rows [from, to) and reports whether every denominator that counts had an
// inverse.
func (w *fractionWorker) rows(from, to int) bool {
	t, trace := &w.p.job.Sys.Circuit.Tables[w.table], w.p.traces[w.table]
	prep := matrix.Matrix{Width: t.PrepWidth, Values: t.Prep}
	for ; from < to; from += w.machine.Lanes() {
		n := min(w.machine.Lanes(), to-from)
		for offset := range 2 {
			fillTrace(w.machine.Rows(0, offset), trace, from+offset, n)
			fillTrace(w.machine.Rows(2, offset), prep, from+offset, n)
		}
		if !w.packet(from, n) {
			return false
		}
	}
	return true
}

// fillTrace sets rows to n rows of a trace; the one after the last is the first.
func fillTrace(rows [][]field.Elem, trace matrix.Matrix, from, n int) {
	if rows == nil {
		return
	}
	for i := range n {
		rows[i] = trace.Row((from + i) & (trace.Height() - 1))
	}
}

func (w *fractionWorker) packet(from, n int) bool {
	d := w.p.job.Sys.Ext.D
	fractions := w.columns.Width - d // outputs
	var norm []field.Elem
	ok := true
	w.machine.Run(n, func(k int, values []field.Elem) {
		switch {
		case k < w.columns.Width:
			at := (k + d) % w.columns.Width // the sum comes last, its column first
			column := w.columns.Values[from*w.columns.Width+at:]
			for i, v := range values {
				column[i*w.columns.Width] = v
			}
		case (k-fractions-d)%2 == 0:
			norm = append(norm[:0], values...)
		default:
			for i, count := range values {
				if count != 0 && norm[i] == 0 {
					ok = false
				}
			}
		}
	})
	return ok
}
