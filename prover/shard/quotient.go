package shard

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/ntt"
	"rpp-node/prover/system"
)

// evaluate computes the quotient values of the shard: for each table that is cut, those
// of its rows that lie in the quotient domain, the first Q·N committed rows.
func (p *Participant) evaluate(t *Task) Result {
	j := p.job
	out := Result{Values: map[int][]field.E{}}
	for i := range j.Sys.Circuit.Tables {
		m := &j.Round(system.Main).Mats[i]
		if !j.Sharded(m) {
			continue
		}
		rows := 1 << (j.LDELog(m) - j.Plan.LogShards)
		quotient := 1 << (m.LogHeight + j.Sys.Layout.Tables[i].LogChunks)
		from, to := t.Shard*rows, min((t.Shard+1)*rows, quotient)
		if from < to {
			out.Values[i] = p.Quotient(i, from, to)
		}
	}
	return out
}

// Quotient evaluates the folded constraints of a table over the vanishing polynomial, on
// committed rows [from, to).
func (p *Participant) Quotient(table, from, to int) []field.E {
	q := p.newQuotient(table)
	q.prefetch(from, to)
	out := make([]field.E, to-from)
	blocks := (to - from + blockRows - 1) / blockRows
	p.dev.For(blocks, func(first, last int) {
		w := q.worker()
		for b := first; b < last; b++ {
			at := from + b*blockRows
			n := min(blockRows, to-at)
			w.block(at, out[at-from:at-from+n])
		}
	})
	return out
}

// source gives the rows of one commitment for one table.
type source struct {
	p     *Participant
	kind  system.RoundKind
	mat   int
	log   int // of the committed height
	cut   bool
	shift int // log of a shard's rows
	parts map[int]matrix.Matrix
}

// newSource returns the rows of a table in a commitment, or nil if it has none there.
// Shards are fetched by prefetch, before workers start.
func (p *Participant) newSource(k system.RoundKind, table int) *source {
	r := p.job.Round(k)
	if r == nil {
		return nil
	}
	for i := range r.Mats {
		if m := &r.Mats[i]; m.Table == table {
			log := p.job.LDELog(m)
			return &source{
				p: p, kind: k, mat: i, log: log, cut: p.job.Sharded(m),
				shift: log - p.job.Plan.LogShards, parts: map[int]matrix.Matrix{},
			}
		}
	}
	return nil
}

// prefetch makes the rows of a shard available to row.
func (s *source) prefetch(row int) {
	shard := whole
	if s.cut {
		shard = row >> s.shift
	}
	if _, ok := s.parts[shard]; !ok {
		s.parts[shard] = s.p.shardRows(s.kind, s.mat, shard)
	}
}

func (s *source) row(r int) []field.Elem {
	if !s.cut {
		return s.parts[whole].Row(r)
	}
	return s.parts[r>>s.shift].Row(r & (1<<s.shift - 1))
}

// quotientJob is what the workers of one table share.
type quotientJob struct {
	p       *Participant
	table   int
	prog    *air.Program
	log     int // of the committed height
	step    int // committed rows, in natural order, between trace rows
	main    *source
	prep    *source
	perm    *source
	powers  []field.E // powers[k] multiplies constraint k
	xs      []field.Elem
	zh      []field.Elem // vanishing polynomial, by natural index mod step
	zhInv   []field.Elem
	lastRow field.Elem // the last point of the trace domain
}

func (p *Participant) newQuotient(table int) *quotientJob {
	s := p.job.Sys
	x, f, t := s.Ext, s.Ext.Base, &s.Circuit.Tables[table]
	n := p.job.LogHeights[table]
	q := &quotientJob{
		p: p, table: table,
		prog: air.Compile(f, t, true, t.LookupNodes()),
		log:  n + s.FRI.LogBlowup, step: 1 << s.FRI.LogBlowup,
		main: p.newSource(system.Main, table), prep: p.newSource(system.Preprocessed, table), perm: p.newSource(system.Permutation, table),
		lastRow: f.RootInv(n),
	}
	count := len(t.Constraints)
	if s.Layout.Tables[table].Width() > 0 {
		count += len(s.Layout.Tables[table].Columns) + 3
	}
	q.powers = x.Powers(p.ch.Alpha, count)
	for i, k := 0, count-1; i < k; i, k = i+1, k-1 {
		q.powers[i], q.powers[k] = q.powers[k], q.powers[i]
	}
	// The points of a block of bit-reversed rows are the first one's times these.
	lb := min(ntt.Log(blockRows), q.log)
	roots := f.Powers(f.One(), f.Root(lb), 1<<lb)
	q.xs = make([]field.Elem, 1<<lb)
	for i := range q.xs {
		q.xs[i] = roots[field.ReverseBits(i, lb)]
	}
	gn := f.Exp2(f.Generator(), n)
	q.zh = f.Powers(gn, f.Root(s.FRI.LogBlowup), q.step)
	for i := range q.zh {
		q.zh[i] = f.Sub(q.zh[i], f.One())
	}
	q.zhInv = append([]field.Elem(nil), q.zh...)
	f.BatchInv(q.zhInv)
	return q
}

// next is the committed row that holds the trace row after the one in committed row r.
func (q *quotientJob) next(r int) int {
	return field.ReverseBits((field.ReverseBits(r, q.log)+q.step)&(1<<q.log-1), q.log)
}

// prefetch makes every shard available that holds rows [from, to) or their successors: a
// shard is a coset, so all rows of one have their successors in one other.
func (q *quotientJob) prefetch(from, to int) {
	t := &q.p.job.Sys.Circuit.Tables[q.table]
	stride := to - from
	if q.main.cut {
		stride = 1 << q.main.shift
	}
	for r := from; r < to; r += stride {
		for _, s := range []*source{q.main, q.prep, q.perm} {
			if s == nil {
				continue
			}
			s.prefetch(r)
			if s.kind == system.Permutation || s.kind == system.Main && t.MainNext || s.kind == system.Preprocessed && t.PrepNext {
				s.prefetch(q.next(r))
			}
		}
	}
}

// quotientWorker evaluates blocks; it belongs to one goroutine.
type quotientWorker struct {
	*quotientJob
	machine       *air.Machine
	in            *air.Block
	acc           extVec
	tmp           []field.Elem
	fr            *fractions
	u, v, scratch []field.E
}

func (q *quotientJob) worker() *quotientWorker {
	s := q.p.job.Sys
	w := &quotientWorker{
		quotientJob: q,
		machine:     q.prog.NewMachine(q.p.job.Publics[q.table], blockRows),
		in:          air.NewBlock(&s.Circuit.Tables[q.table], blockRows),
		acc:         newExtVec(s.Ext.D),
		tmp:         make([]field.Elem, blockRows),
	}
	if q.perm != nil {
		w.fr = newFractions(s.Ext, s.Layout, q.p.ch.Lookups)
		w.u, w.v, w.scratch = make([]field.E, blockRows), make([]field.E, blockRows), make([]field.E, blockRows)
	}
	return w
}

// block computes the quotient on committed rows [from, from+len(out)), which do not cross
// a multiple of blockRows.
func (w *quotientWorker) block(from int, out []field.E) {
	x, f, n := w.p.job.Sys.Ext, w.p.job.Sys.Ext.Base, len(out)
	w.in.FillMain(n, func(i int) []field.Elem { return w.main.row(from + i) },
		func(i int) []field.Elem { return w.main.row(w.next(from + i)) })
	if w.prep != nil {
		w.in.FillPrep(func(i int) []field.Elem { return w.prep.row(from + i) },
			func(i int) []field.Elem { return w.prep.row(w.next(from + i)) })
	}
	w.selectors(from, n)
	for e := range x.D {
		clear(w.acc[e][:n])
	}
	w.machine.Run(w.in, func(k int, values []field.Elem) {
		for e := range x.D {
			f.MulAddVec(w.acc[e][:n], values, w.powers[k][e], w.tmp[:n])
		}
	})
	for i := range out {
		out[i] = w.acc.at(i, x.D)
	}
	if w.perm != nil {
		w.lookups(from, out)
	}
	for i := range out {
		out[i] = x.MulBase(out[i], w.zhInv[field.ReverseBits(from+i, w.log)&(w.step-1)])
	}
}

// selectors fills the selector vectors of rows [from, from+n).
func (w *quotientWorker) selectors(from, n int) {
	f := w.p.job.Sys.Ext.Base
	first := f.Mul(f.Generator(), f.Exp(f.Root(w.log), uint64(field.ReverseBits(from, w.log))))
	b := w.in
	for i := range n {
		at := f.Mul(first, w.xs[i])
		b.First[i] = f.Sub(at, f.One())
		b.Transit[i] = f.Sub(at, w.lastRow)
		b.Last[i] = b.Transit[i]
	}
	f.BatchInv(b.First)
	f.BatchInv(b.Last)
	for i := range n {
		z := w.zh[field.ReverseBits(from+i, w.log)&(w.step-1)]
		b.First[i], b.Last[i] = f.Mul(b.First[i], z), f.Mul(b.Last[i], z)
	}
}

// lookups adds the lookup constraints' part.
func (w *quotientWorker) lookups(from int, out []field.E) {
	s := w.p.job.Sys
	x, n := s.Ext, len(out)
	l := &s.Layout.Tables[w.table]
	terminal := *w.p.terminals[w.table]
	ext := func(row []field.Elem, col int) (e field.E) {
		copy(e[:x.D], row[col*x.D:])
		return e
	}
	base := len(w.powers) - len(l.Columns) - 3
	for k := range l.Columns {
		w.fr.uv(w.u[:n], w.v[:n], w.scratch[:n], &l.Columns[k], w.machine)
		for i := range out {
			c := x.Sub(x.Mul(w.u[i], ext(w.perm.row(from+i), k+1)), w.v[i])
			out[i] = x.Add(out[i], x.Mul(w.powers[base+k], c))
		}
	}
	base += len(l.Columns)
	for i := range out {
		row := w.perm.row(from + i)
		acc := ext(row, 0)
		after := acc
		for k := range l.Columns {
			after = x.Add(after, ext(row, k+1))
		}
		next := ext(w.perm.row(w.next(from+i)), 0)
		c := x.Mul(w.powers[base], x.MulBase(acc, w.in.First[i]))
		c = x.Add(c, x.Mul(w.powers[base+1], x.MulBase(x.Sub(next, after), w.in.Transit[i])))
		c = x.Add(c, x.Mul(w.powers[base+2], x.MulBase(x.Sub(terminal, after), w.in.Last[i])))
		out[i] = x.Add(out[i], c)
	}
}
