package shard

import (
	"errors"
	"math/rand/v2"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/kernels"
	"rpp-node/prover/lookup"
	"rpp-node/prover/matrix"
	"rpp-node/prover/system"
)

var extensions = []*field.Ext{field.KoalaBear4, field.KoalaBear5, field.BabyBear4}

func elems(rng *rand.Rand, f *field.Field, n int) []field.Elem {
	v := make([]field.Elem, n)
	for i := range v {
		v[i] = field.Elem(rng.Uint32N(f.Modulus()))
	}
	return v
}

func extElem(rng *rand.Rand, x *field.Ext) (e field.E) {
	copy(e[:], elems(rng, x.Base, x.D))
	return e
}

// ledger has a column of each kind: local with two messages, global with two that share
// one, exclusive with two branches.
func ledger(f *field.Field) *air.Circuit {
	b := air.NewBuilder(f, "ledger", 5, 1)
	b.SetPreprocessed(1, make([]field.Elem, 64))
	value, next, count, flag := b.Main(0), b.Next(0), b.Main(1), b.Main(2)
	b.When(b.Transition(), func() { b.AssertEqual(b.Main(3), b.Public(0)) })
	b.AssertBool(flag)
	b.Local(
		air.LocalTuple{Fields: []air.Expr{value, b.Prep(0)}, Count: count, Weight: 1},
		air.LocalTuple{Fields: []air.Expr{next, count}, Count: b.Const(1), Weight: 1})
	b.Send("wide", count, 1, value, next, b.Public(0))
	b.Receive("wide", b.Const(1), 1, next, value, value)
	t := b.Table()
	t.Lookups = append(t.Lookups, air.Lookup{Kind: air.Exclusive, Bus: "branches", Tuples: []air.Tuple{
		{Flag: id(b, flag), Fields: []air.NodeID{id(b, value)}, Count: id(b, count), Weight: 1},
		{Flag: id(b, flag.Not()), Fields: []air.NodeID{id(b, count)}, Count: id(b, b.Const(1)), Weight: 1},
	}})
	t.Nodes = b.Table().Nodes
	return &air.Circuit{Name: "ledger", Field: f, Tables: []air.Table{t}}
}

// id is the number of an expression's node.
func id(b *air.Builder, e air.Expr) air.NodeID {
	for i := range b.Table().Nodes {
		if b.Node(air.NodeID(i)) == e {
			return air.NodeID(i)
		}
	}
	panic("no such node")
}

// participant is one of a job over a ledger of 64 rows.
func participant(rng *rand.Rand, x *field.Ext) *Participant {
	c := ledger(x.Base)
	s := &system.System{Circuit: c, Ext: x, Layout: lookup.New(c), FRI: fri.Params{LogBlowup: 2}}
	trace := matrix.Matrix{Width: 5, Values: elems(rng, x.Base, 5*64)}
	for r := range 64 {
		trace.Row(r)[2] = field.Elem(rng.IntN(2)) * x.Base.One()
	}
	copy(c.Tables[0].Prep, elems(rng, x.Base, 64))
	return &Participant{
		job: &Job{Sys: s, Programs: NewPrograms(s), LogHeights: []int{6}, Publics: [][]field.Elem{elems(rng, x.Base, 1)}},
		dev: device.NewCPU(2), traces: []matrix.Matrix{trace},
		ch: Challenges{Lookups: s.Layout.NewChallenges(x, extElem(rng, x), extElem(rng, x))},
	}
}

// point is what the verifier's constraints see of row r of a trace with its columns.
func (p *Participant) point(r int, perm, next []field.Elem, terminal field.E, first, last, trans field.E) (*lookup.Point, []field.E) {
	x, t := p.job.Sys.Ext, &p.job.Sys.Circuit.Tables[0]
	lift := func(v []field.Elem) (out []field.E) {
		for _, e := range v {
			out = append(out, x.FromBase(e))
		}
		return out
	}
	join := func(v []field.Elem) (out []field.E) {
		for ; len(v) > 0; v = v[x.D:] {
			var e field.E
			copy(e[:], v[:x.D])
			out = append(out, e)
		}
		return out
	}
	trace := p.traces[0]
	nodes := t.EvalPoint(x, &air.Point{
		Main: lift(trace.Row(r)), MainNext: lift(trace.Row((r + 1) % 64)),
		Prep: lift(t.Prep[r : r+1]), PrepNext: lift(t.Prep[(r+1)%64:][:1]),
		Publics: p.job.Publics[0], First: first, Last: last, Trans: trans,
	})
	return &lookup.Point{Nodes: nodes, Perm: join(perm), PermNext: join(next), Terminal: terminal, First: first, Last: last, Trans: trans}, nodes
}

func forEverySet(t *testing.T, body func(t *testing.T, x *field.Ext)) {
	for _, s := range kernels.Supported() {
		for _, x := range extensions {
			defer kernels.Use(kernels.Use(s))
			body(t, x)
		}
	}
}

// TestPermutation: the columns that the prover makes satisfy the verifier's constraints on
// every row.
func TestPermutation(t *testing.T) {
	forEverySet(t, func(t *testing.T, x *field.Ext) {
		p := participant(rand.New(rand.NewPCG(1, 1)), x)
		columns, terminal, err := p.permutation(0)
		if err != nil {
			t.Fatal(err)
		}
		for r := range 64 {
			one := func(b bool) field.E {
				if b {
					return x.One()
				}
				return field.E{}
			}
			pt, _ := p.point(r, columns.Row(r), columns.Row((r+1)%64), terminal, one(r == 0), one(r == 63), one(r < 63))
			for k, c := range p.job.Sys.Layout.Tables[0].Eval(x, p.ch.Lookups, pt) {
				if c != (field.E{}) {
					t.Fatalf("row %d: lookup constraint %d is %v", r, k, c)
				}
			}
		}
	})
}

// TestDenominator: a message that meets the challenge is an error if it counts, and left
// out if it does not.
func TestDenominator(t *testing.T) {
	forEverySet(t, func(t *testing.T, x *field.Ext) {
		p := participant(rand.New(rand.NewPCG(1, 2)), x)
		l := &p.job.Sys.Layout.Tables[0]
		for k := range l.Columns {
			c := &l.Columns[k]
			for _, tp := range c.Tuples {
				if c.Exclusive {
					continue
				}
				const row = 37
				_, nodes := p.point(row, nil, nil, field.E{}, field.E{}, field.E{}, field.E{})
				var message field.E
				for _, f := range tp.Fields {
					message = x.Add(x.Mul(message, p.ch.Lookups.Beta), nodes[f])
				}
				old := p.ch.Lookups.Prefix[c.Bus]
				p.ch.Lookups.Prefix[c.Bus] = message
				if _, _, err := p.permutation(0); !errors.Is(err, ErrDenominator) {
					t.Errorf("column %d: %v, want ErrDenominator", k, err)
				}
				p.ch.Lookups.Prefix[c.Bus] = old
			}
		}
		// One branch is live everywhere, and has count 0.
		trace := p.traces[0]
		for r := range 64 {
			trace.Row(r)[1] = 0 // counts
			trace.Row(r)[2] = x.Base.One()
		}
		var exclusive *lookup.Column
		for k := range l.Columns {
			if l.Columns[k].Exclusive {
				exclusive = &l.Columns[k]
			}
		}
		p.ch.Lookups.Prefix[exclusive.Bus] = x.FromBase(trace.Row(5)[0])
		columns, _, err := p.permutation(0)
		if err != nil {
			t.Fatalf("a message with count 0 that meets the challenge: %v", err)
		}
		for k := range l.Columns {
			if &l.Columns[k] == exclusive {
				for _, v := range columns.Row(5)[(k+1)*x.D:][:x.D] {
					if v != 0 {
						t.Error("a message with count 0 has a fraction")
					}
				}
			}
		}
	})
}

// TestQuotientProgram compares a table's program with the verifier's evaluation of its
// constraints and its lookups, on rows that satisfy nothing.
func TestQuotientProgram(t *testing.T) {
	forEverySet(t, func(t *testing.T, x *field.Ext) {
		rng := rand.New(rand.NewPCG(1, 3))
		p := participant(rng, x)
		s := p.job.Sys
		tab, l := &s.Circuit.Tables[0], &s.Layout.Tables[0]
		terminal := extElem(rng, x)
		m := quotientProgram(s, 0).NewMachine(append(append([]field.Elem(nil), p.job.Publics[0]...),
			lookupValues(x, s.Layout, p.ch.Lookups, terminal)...))
		width := l.Width() * x.D
		perm, next := elems(rng, x.Base, width), elems(rng, x.Base, width)
		sel := elems(rng, x.Base, 3)
		for r := range 64 {
			for k, row := range [][]field.Elem{
				p.traces[0].Row(r), p.traces[0].Row((r + 1) % 64), perm, next, tab.Prep[r : r+1], tab.Prep[(r+1)%64:][:1],
			} {
				if rows := m.Rows(k/2, k%2); rows != nil {
					rows[0] = row
				}
			}
			for k, v := range sel {
				m.Selector(air.OpFirst + air.Op(k))[0] = v
			}
			pt, nodes := p.point(r, perm, next, terminal, x.FromBase(sel[0]), x.FromBase(sel[1]), x.FromBase(sel[2]))
			var want []field.Elem
			for _, id := range tab.Constraints {
				want = append(want, nodes[id][0])
			}
			for _, c := range l.Eval(x, p.ch.Lookups, pt) {
				want = append(want, c[:x.D]...)
			}
			count := 0
			m.Run(1, func(k int, values []field.Elem) {
				count++
				if values[0] != want[k] {
					t.Fatalf("row %d, output %d: %d, want %d", r, k, values[0], want[k])
				}
			})
			if count != len(want) {
				t.Fatalf("%d outputs, want %d", count, len(want))
			}
		}
	})
}

// TestExtGraph compares products and inverses in the graph with the extension's own.
func TestExtGraph(t *testing.T) {
	for _, x := range extensions {
		rng := rand.New(rand.NewPCG(1, 4))
		b := air.NewBuilder(x.Base, "t", 1, 2*x.D)
		g := newExtGraph(x, b)
		u, v := g.consecutive(0, b.Public), g.consecutive(x.D, b.Public)
		g.assertZero(g.mul(u, v))
		for k := 1; k < x.D; k++ {
			g.assertZero(g.frobenius(u, k))
		}
		conjugates, norm := g.norm(u)
		g.assertZero(g.scale(conjugates, g.inverse(norm)))
		tab := b.Table()
		for range 20 {
			a, c := extElem(rng, x), extElem(rng, x)
			if rng.IntN(5) == 0 {
				a = field.E{}
			}
			want := []field.E{x.Mul(a, c)}
			for k := 1; k < x.D; k++ {
				want = append(want, x.Frobenius(a, k))
			}
			want = append(want, x.Inv(a))
			nodes := tab.EvalPoint(x, &air.Point{Publics: append(append([]field.Elem(nil), a[:x.D]...), c[:x.D]...)})
			for k, id := range tab.Constraints {
				if nodes[id][0] != want[k/x.D][k%x.D] {
					t.Fatalf("degree %d: result %d, coefficient %d", x.D, k/x.D, k%x.D)
				}
			}
		}
	}
}

// TestCompile: a system's programs are made once.
func TestCompile(t *testing.T) {
	p := participant(rand.New(rand.NewPCG(1, 5)), field.KoalaBear4).job.Programs
	p.Compile()
	if q := p.quotient[0](); q != p.quotient[0]() || q.Outputs() == 0 || p.fractions[0]().Outputs() == 0 {
		t.Error("a table was compiled twice, or to nothing")
	}
}
