package unistark

import (
	"errors"
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/lookup"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/ntt"
	"rpp-node/prover/system"
)

// statement is one table, its height and its public values, under a configuration.
type statement struct {
	c         tape.Config
	params    fri.Params
	table     *air.Table
	logN      int
	publics   []field.Elem
	logChunks int
	prepCap   codec.Cap // nil without preprocessed columns
}

func newStatement(c tape.Config, p fri.Params, table *air.Table, logN int, publics []field.Elem) *statement {
	s := &statement{c: c, params: p, table: table, logN: logN, publics: publics}
	circuit := &air.Circuit{Field: c.Ext.Base, Tables: []air.Table{*table}}
	s.logChunks = lookup.New(circuit).Tables[0].LogChunks
	if prep := s.commitPrep(newPCS(c, p)); prep != nil {
		s.prepCap = prep.cap()
	}
	return s
}

func (s *statement) commitPrep(p *pcs) *commitment {
	if s.table.PrepWidth == 0 {
		return nil
	}
	return p.commitTraces(matrix.Matrix{Width: s.table.PrepWidth, Values: s.table.Prep})
}

// begin absorbs what comes before the first challenge. Integers are base elements here,
// not extension elements as in a batch.
func (s *statement) begin(t challenger.Transcript, trace codec.Cap) (alpha field.E) {
	for _, n := range []int{s.logN, s.logN, s.table.PrepWidth} { // twice: no hiding
		t.Observe("shape", s.c.Ext.Base.FromUint(uint64(n)))
	}
	t.ObserveCap("trace", trace)
	if s.prepCap != nil {
		t.ObserveCap("preprocessed", s.prepCap)
	}
	t.Observe("public", s.publics...)
	return t.SampleExt("alpha")
}

// points are ζ and, for a table that reads its next row, ζω.
func (s *statement) points(zeta field.E, next bool) []field.E {
	if !next {
		return []field.E{zeta}
	}
	return []field.E{zeta, s.c.Ext.MulBase(zeta, s.c.Ext.Base.Root(s.logN))}
}

// fold evaluates the constraints at a point and folds them.
func (s *statement) fold(alpha field.E, p *air.Point, sel system.Selectors) (acc field.E) {
	x := s.c.Ext
	p.Publics, p.First, p.Last, p.Trans = s.publics, sel.First, sel.Last, sel.Trans
	nodes := s.table.EvalPoint(x, p)
	for _, id := range s.table.Constraints {
		acc = x.Add(x.Mul(acc, alpha), nodes[id])
	}
	return acc
}

// The rejections of verify that are not those of the commitment scheme.
var (
	errShape       = errors.New("wrong number of opened values")
	errHeight      = errors.New("wrong height")
	errZeta        = errors.New("point in the trace domain")
	errConstraints = errors.New("constraints do not match the quotient")
)

func (s *statement) verify(t challenger.Transcript, p *proof) error {
	x, tab, o := s.c.Ext, s.table, &p.opened
	if p.degreeBits != uint64(s.logN) {
		return fmt.Errorf("%w: 2^%d", errHeight, p.degreeBits)
	}
	if len(o.MainLocal) != tab.Width || (o.MainNext != nil) != tab.MainNext || tab.MainNext && len(o.MainNext) != tab.Width ||
		(o.PrepLocal != nil) != (s.prepCap != nil) || len(o.PrepLocal) != tab.PrepWidth ||
		(o.PrepNext != nil) != tab.PrepNext || tab.PrepNext && len(o.PrepNext) != tab.PrepWidth ||
		len(o.Quotient) != 1<<s.logChunks {
		return errShape
	}
	alpha := s.begin(t, p.trace)
	t.ObserveCap("quotient", p.quotient)
	zeta := t.SampleExt("zeta")
	sel, ok := system.SelectorsAt(x, s.logN, zeta)
	if !ok {
		return errZeta
	}
	height := s.logN + s.params.LogBlowup
	mat := func(width int, z []field.E, values ...[]field.E) (m fri.Mat) {
		m.LogHeight, m.Width = height, width
		for k := range z {
			m.Openings = append(m.Openings, fri.Opening{Z: z[k], Values: values[k]})
		}
		return m
	}
	rounds := []fri.Round{
		{Cap: p.trace, Mats: []fri.Mat{mat(tab.Width, s.points(zeta, tab.MainNext), o.MainLocal, o.MainNext)}},
		{Cap: p.quotient},
	}
	for _, chunk := range o.Quotient {
		if len(chunk) != x.D {
			return errShape
		}
		rounds[1].Mats = append(rounds[1].Mats, mat(x.D, s.points(zeta, false), chunk))
	}
	if s.prepCap != nil {
		rounds = append(rounds, fri.Round{Cap: s.prepCap, Mats: []fri.Mat{mat(tab.PrepWidth, s.points(zeta, tab.PrepNext), o.PrepLocal, o.PrepNext)}})
	}
	pcs := fri.Verifier{Ext: x, Suite: merkle.NewSuite(s.c.Hash, x.Base), Params: s.params}
	if err := pcs.Verify(t, rounds, &p.fri); err != nil {
		return err
	}
	folded := s.fold(alpha, &air.Point{Main: o.MainLocal, MainNext: o.MainNext, Prep: o.PrepLocal, PrepNext: o.PrepNext}, sel)
	if x.Mul(folded, sel.InvVanishing) != s.quotientAt(zeta, o.Quotient) {
		return errConstraints
	}
	return nil
}

// quotientAt puts the quotient together at ζ: chunk c, known on s_c·H, counts with
// Π_{j≠c} Z_j(ζ)/Z_j(s_c), Z_j vanishing on s_j·H.
func (s *statement) quotientAt(zeta field.E, chunks [][]field.E) (q field.E) {
	x, f := s.c.Ext, s.c.Ext.Base
	shifts := s.shifts()
	z := func(j int, at field.E) field.E {
		return x.SubBase(x.Exp2(x.MulBase(at, f.Inv(shifts[j])), s.logN), f.One())
	}
	for c, values := range chunks {
		var term field.E
		for d, v := range values {
			term = x.Add(term, x.Mul(x.Monomial(d), v))
		}
		for j := range shifts {
			if j != c {
				term = x.Mul(term, x.Mul(z(j, zeta), x.Inv(z(j, x.FromBase(shifts[c])))))
			}
		}
		q = x.Add(q, term)
	}
	return q
}

// shifts are the cosets' of the quotient's chunks.
func (s *statement) shifts() []field.Elem {
	f := s.c.Ext.Base
	return f.Powers(f.Generator(), f.Root(s.logN+s.logChunks), 1<<s.logChunks)
}

func (s *statement) prove(t challenger.Transcript, trace matrix.Matrix) *proof {
	pcs := newPCS(s.c, s.params)
	main := pcs.commitTraces(trace)
	prep := s.commitPrep(pcs)
	p := &proof{trace: main.cap(), degreeBits: uint64(s.logN)}
	alpha := s.begin(t, p.trace)
	quotient := pcs.commit(s.quotient(pcs, alpha, main, prep))
	p.quotient = quotient.cap()
	t.ObserveCap("quotient", p.quotient)
	zeta := t.SampleExt("zeta")
	rounds := []*commitment{main, quotient}
	main.points = [][]field.E{s.points(zeta, s.table.MainNext)}
	for range quotient.polys {
		quotient.points = append(quotient.points, s.points(zeta, false))
	}
	if prep != nil {
		prep.points = [][]field.E{s.points(zeta, s.table.PrepNext)}
		rounds = append(rounds, prep)
	}
	values, opening := pcs.open(t, rounds)
	p.fri = *opening
	o := &p.opened
	o.MainLocal, o.MainNext = pair(values[0][0])
	for _, chunk := range values[1] {
		o.Quotient = append(o.Quotient, chunk[0])
	}
	if prep != nil {
		o.PrepLocal, o.PrepNext = pair(values[2][0])
	}
	return p
}

func pair(points [][]field.E) (here, next []field.E) {
	if len(points) == 2 {
		next = points[1]
	}
	return points[0], next
}

// quotient evaluates the folded constraints over the vanishing polynomial on g·H_{n+q}
// and interpolates its chunks, chunk c from every 2^q-th value.
func (s *statement) quotient(p *pcs, alpha field.E, main, prep *commitment) []matrix.Matrix {
	x, f := s.c.Ext, s.c.Ext.Base
	log := s.logN + s.logChunks
	lift := func(c *commitment) func(i int) []field.E {
		if c == nil {
			return func(int) []field.E { return nil }
		}
		values := p.dev.Evaluate(f, c.polys[0], f.Generator(), log)
		return func(i int) []field.E {
			out := make([]field.E, values.Width)
			for k, v := range values.Row(field.ReverseBits(i&(1<<log-1), log)) {
				out[k] = x.FromBase(v)
			}
			return out
		}
	}
	mainAt, prepAt := lift(main), lift(prep)
	chunks := make([]matrix.Matrix, 1<<s.logChunks)
	for c := range chunks {
		values := matrix.New(1<<s.logN, x.D)
		for r := range 1 << s.logN {
			i := c + r<<s.logChunks
			next := i + 1<<s.logChunks
			sel, _ := system.SelectorsAt(x, s.logN, x.FromBase(f.Mul(f.Generator(), f.Exp(f.Root(log), uint64(i)))))
			at := &air.Point{Main: mainAt(i), MainNext: mainAt(next), Prep: prepAt(i), PrepNext: prepAt(next)}
			v := x.Mul(s.fold(alpha, at, sel), sel.InvVanishing)
			copy(values.Row(r), v[:x.D])
		}
		p.dev.Interpolate(f, values, ntt.Natural)
		for r, back := range f.Powers(f.One(), f.Inv(s.shifts()[c]), 1<<s.logN) {
			f.ScaleVec(values.Row(r), values.Row(r), back)
		}
		chunks[c] = values
	}
	return chunks
}
