package shard

import (
	"sync"

	"rpp-node/prover/air"
	"rpp-node/prover/air/packet"
	"rpp-node/prover/field"
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
	one := q.worker()
	size := min(one.size, to-from)
	q.release(one)
	p.dev.For((to-from)/size, func(first, last int) {
		w := q.worker()
		for b := first; b < last; b++ {
			w.packet(from+b*size, out[b*size:(b+1)*size])
		}
		q.release(w)
	})
	return out
}

// quotientJob is what the workers of one table share.
type quotientJob struct {
	p      *Participant
	domain *quotientDomain
	prog   *packet.Program
	values []field.Elem // public values and what stands for the challenges
	coefs  [][]field.Elem
	main   *source
	perm   *source
	prep   *source

	mu   sync.Mutex
	idle []*quotientWorker
}

func (p *Participant) newQuotient(table int) *quotientJob {
	s := p.job.Sys
	t, l := &s.Circuit.Tables[table], &s.Layout.Tables[table]
	q := &quotientJob{
		p: p, domain: newQuotientDomain(s, p.job.LogHeights[table]),
		prog: p.job.Programs.quotient[table](), values: p.job.Publics[table],
		main: p.newSource(system.Main, table), prep: p.newSource(system.Preprocessed, table),
	}
	if l.Width() > 0 {
		q.perm = p.newSource(system.Permutation, table)
		q.values = append(q.values[:len(q.values):len(q.values)],
			lookupValues(s.Ext, s.Layout, p.ch.Lookups, *p.terminals[table])...)
	}
	q.coefs = q.coefficients(p.ch.Alpha, len(t.Constraints), len(l.Columns), l.LogChunks)
	return q
}

// quotientProgram compiles a table's constraints and those of its lookups. The
// permutation columns follow the main ones.
func quotientProgram(s *system.System, table int) *packet.Program {
	t, l := &s.Circuit.Tables[table], &s.Layout.Tables[table]
	if l.Width() == 0 {
		return packet.Compile(s.Ext.Base, t, t.Width)
	}
	g := newLookupGraph(s.Ext, t, s.Layout, l)
	for _, id := range t.Constraints {
		g.b.AssertZero(g.b.Node(id))
	}
	g.assertColumns(t.Width)
	all := g.b.Table()
	return packet.Compile(s.Ext.Base, &all, t.Width, all.Width-t.Width)
}

// coefficients are, for each chunk of committed rows, what the outputs of the program are
// multiplied by before they are added up: a power of α over the value that the vanishing
// polynomial has there, for a coefficient i of a lookup constraint also times X^i.
func (q *quotientJob) coefficients(alpha field.E, constraints, columns, logChunks int) [][]field.Elem {
	x := q.p.job.Sys.Ext
	count := constraints
	if columns > 0 {
		count += columns + 3
	}
	powers := x.Powers(alpha, count)
	out := make([][]field.Elem, 1<<logChunks)
	for c := range out {
		inv := q.domain.vanishingInv(c)
		for k := range count {
			v := x.MulBase(powers[count-1-k], inv)
			if k < constraints {
				out[c] = append(out[c], v[:x.D]...)
				continue
			}
			for i := range x.D {
				e := x.Mul(v, x.Monomial(i))
				out[c] = append(out[c], e[:x.D]...)
			}
		}
	}
	return out
}

// prefetch makes every shard available that holds rows [from, to) or their successors: a
// shard is a coset, so all rows of one have their successors in one other.
func (q *quotientJob) prefetch(from, to int) {
	stride := to - from
	if q.main.cut {
		stride = 1 << q.main.shift
	}
	for r := from; r < to; r += stride {
		for m, s := range q.sources() {
			s.prefetch(r)
			if q.prog.ReadsNext(m) {
				s.prefetch(q.domain.next(r))
			}
		}
	}
}

// sources are the matrices of the program, in its order.
func (q *quotientJob) sources() []*source {
	out := []*source{q.main}
	if q.perm != nil {
		out = append(out, q.perm)
	}
	if q.prep != nil {
		out = append(out, q.prep)
	}
	return out
}

// quotientWorker evaluates packets of rows; it belongs to one goroutine.
type quotientWorker struct {
	*quotientJob
	machine *packet.Machine
	size    int // rows of a packet
	// Selectors of some rows, of which a packet takes its own.
	selectors   [3][]field.Elem // from air.OpFirst on; nil if the program does not read it
	first, rows int             // of these rows; first is below 0 before there are any
}

// selectorRows rows share an inversion: enough for it to cost nothing.
const selectorRows = 512

// selectorOps are the selectors, in the order of their numbers.
var selectorOps = [...]air.Op{air.OpFirst, air.OpLast, air.OpTrans}

// worker returns an idle worker, or a new one.
func (q *quotientJob) worker() *quotientWorker {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.idle); n > 0 {
		w := q.idle[n-1]
		q.idle = q.idle[:n-1]
		return w
	}
	m := q.prog.NewMachine(q.values)
	w := &quotientWorker{quotientJob: q, machine: m, first: -1, rows: min(selectorRows, 1<<q.domain.logTrace)}
	w.size = min(m.Lanes(), w.rows)
	if q.main.cut {
		w.size = min(w.size, 1<<q.main.shift)
	}
	for k, o := range selectorOps {
		if q.prog.ReadsSelector(o) {
			w.selectors[k] = make([]field.Elem, w.rows)
		}
	}
	return w
}

func (q *quotientJob) release(w *quotientWorker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.idle = append(q.idle, w)
}

// packet computes the quotient on committed rows [from, from+len(out)): an aligned power
// of two of them, in one chunk and one shard.
func (w *quotientWorker) packet(from int, out []field.E) {
	for m, s := range w.sources() {
		s.fill(w.machine.Rows(m, 0), from, len(out))
		if next := w.machine.Rows(m, 1); next != nil {
			s.fillNext(next, w.domain, from, len(out))
		}
	}
	w.setSelectors(from, len(out))
	d := w.p.job.Sys.Ext.D
	folded := w.machine.Fold(len(out), d, w.coefs[from>>w.domain.logTrace])
	for e := range d {
		for i, v := range folded[e] {
			out[i][e] = v
		}
	}
}

// setSelectors fills the selectors that the program reads.
func (w *quotientWorker) setSelectors(from, n int) {
	first := from &^ (w.rows - 1)
	for k, o := range selectorOps {
		values := w.selectors[k]
		if values == nil {
			continue
		}
		if first != w.first {
			w.domain.selector(values, o, first)
		}
		copy(w.machine.Selector(o)[:n], values[from-first:])
	}
	w.first = first
}
