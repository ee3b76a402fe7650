package packet

import (
	"math/rand/v2"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

var extensions = []*field.Ext{field.KoalaBear4, field.KoalaBear5, field.BabyBear4}

// forEverySet runs body with every set of kernels that this processor has.
func forEverySet(t *testing.T, body func(t *testing.T)) {
	for _, s := range kernels.Supported() {
		t.Run(s.String(), func(t *testing.T) {
			defer kernels.Use(kernels.Use(s))
			body(t)
		})
	}
}

// instance is a table, its rows and everything else that a machine asks for. What is
// random is drawn from rng, so that a seed says it all.
type instance struct {
	x       *field.Ext
	table   air.Table
	widths  []int
	publics []field.Elem
	coefs   []field.Elem
	n       int
	rows    [][][]field.Elem // by source
	sel     [3][]field.Elem
}

// elem draws a field element, often one at the edge of the range.
func elem(rng *rand.Rand, f *field.Field) field.Elem {
	switch rng.IntN(8) {
	case 0:
		return 0
	case 1:
		return f.One()
	case 2:
		return field.Elem(f.Modulus() - 1) // the largest word
	case 3:
		return f.FromInt(-1)
	}
	return field.Elem(rng.Uint32N(f.Modulus()))
}

func elems(rng *rand.Rand, f *field.Field, n int) []field.Elem {
	v := make([]field.Elem, n)
	for i := range v {
		v[i] = elem(rng, f)
	}
	return v
}

// randomTable makes a graph of every operation, in which deep chains, dead nodes, nodes of
// many readers, uniform nodes, small factors and repeated constraints all occur.
func randomTable(rng *rand.Rand, f *field.Field, nodes, constraints int) air.Table {
	t := air.Table{
		Name: "random", Width: 1 + rng.IntN(70), Publics: 1 + rng.IntN(2), PrepWidth: 1 + rng.IntN(20),
		MainNext: true, PrepNext: true, MaxDegree: air.NoDegreeHint,
	}
	t.Prep = make([]field.Elem, t.PrepWidth)
	near := func(i int) int32 { // often the node before
		if rng.IntN(2) == 0 {
			return int32(i - 1)
		}
		return int32(rng.IntN(i))
	}
	for i := range nodes {
		n := air.Node{Op: air.Op(rng.IntN(int(air.OpNeg) + 1))}
		if i > 20 && rng.IntN(2) == 0 {
			n.Op = air.OpAdd + air.Op(rng.IntN(4))
		}
		if n.Op >= air.OpAdd && i == 0 {
			n.Op = air.OpConst
		}
		switch n.Op {
		case air.OpConst:
			n.Value = elem(rng, f)
			if rng.IntN(2) == 0 {
				n.Value = f.FromInt(rng.Int64N(11) - 5)
			}
		case air.OpMain:
			n.A, n.B = int32(rng.IntN(2)), int32(rng.IntN(t.Width))
		case air.OpPrep:
			n.A, n.B = int32(rng.IntN(2)), int32(rng.IntN(t.PrepWidth))
		case air.OpPublic:
			n.A = int32(rng.IntN(t.Publics))
		case air.OpAdd, air.OpSub, air.OpMul:
			n.A, n.B = near(i), near(i)
		case air.OpNeg:
			n.A = near(i)
		}
		t.Nodes = append(t.Nodes, n)
	}
	for i := range constraints {
		t.Constraints = append(t.Constraints, air.NodeID(rng.IntN(len(t.Nodes))))
		if rng.IntN(8) == 0 {
			t.Constraints[i] = sbox(rng, f, &t)
		}
	}
	return t
}

// sbox appends (x + c)³, in one of the ways in which a circuit may write it.
func sbox(rng *rand.Rand, f *field.Field, t *air.Table) air.NodeID {
	add := func(n air.Node) int32 {
		t.Nodes = append(t.Nodes, n)
		return int32(len(t.Nodes) - 1)
	}
	x := int32(rng.IntN(len(t.Nodes)))
	sum := add(air.Node{Op: air.OpAdd, A: x, B: add(air.Node{Op: air.OpConst, Value: elem(rng, f)})})
	square := add(air.Node{Op: air.OpMul, A: sum, B: sum})
	cube := air.Node{Op: air.OpMul, A: square, B: sum}
	if rng.IntN(2) == 0 {
		cube.A, cube.B = cube.B, cube.A
	}
	return air.NodeID(add(air.Node{Op: air.OpNeg, A: add(cube)}))
}

func randomInstance(rng *rand.Rand, x *field.Ext, nodes, constraints, n int) *instance {
	f := x.Base
	in := &instance{x: x, table: randomTable(rng, f, nodes, constraints), n: n}
	in.publics = elems(rng, f, in.table.Publics)
	in.coefs = elems(rng, f, x.D*constraints)
	in.widths = []int{in.table.Width}
	if w := in.table.Width; w > 1 && rng.IntN(2) == 0 {
		left := 1 + rng.IntN(w-1)
		in.widths = []int{left, w - left}
	}
	for _, w := range append(in.widths[:len(in.widths):len(in.widths)], in.table.PrepWidth) {
		for range 2 {
			rows := make([][]field.Elem, n)
			for r := range rows {
				rows[r] = elems(rng, f, w)
			}
			in.rows = append(in.rows, rows)
		}
	}
	for s := range in.sel {
		in.sel[s] = elems(rng, f, n)
	}
	return in
}

// point is row r as the reference takes it.
func (in *instance) point(r int) *air.Point {
	x := in.x
	lift := func(sources ...int) (out []field.E) {
		for _, s := range sources {
			for _, v := range in.rows[s][r] {
				out = append(out, x.FromBase(v))
			}
		}
		return out
	}
	p := &air.Point{
		Publics: in.publics,
		First:   x.FromBase(in.sel[0][r]), Last: x.FromBase(in.sel[1][r]), Trans: x.FromBase(in.sel[2][r]),
	}
	if len(in.widths) == 2 {
		p.Main, p.MainNext, p.Prep, p.PrepNext = lift(0, 2), lift(1, 3), lift(4), lift(5)
	} else {
		p.Main, p.MainNext, p.Prep, p.PrepNext = lift(0), lift(1), lift(2), lift(3)
	}
	return p
}

// fill hands rows [from, to) to a machine.
func (in *instance) fill(m *Machine, from, to int) {
	for s := range in.rows {
		if rows := m.Rows(s/2, s%2); rows != nil {
			copy(rows, in.rows[s][from:to])
		}
	}
	for s := range in.sel {
		copy(m.Selector(air.OpFirst+air.Op(s)), in.sel[s][from:to])
	}
}

// check compares a machine with the reference on every row, in packets of size rows.
func (in *instance) check(t *testing.T, size int) {
	t.Helper()
	x := in.x
	m := Compile(x.Base, &in.table, in.widths...).NewMachine(in.publics)
	if size > m.Lanes() {
		size = m.Lanes()
	}
	want := make([][]field.E, in.n)
	sums := make([]field.E, in.n)
	for r := range want {
		nodes := in.table.EvalPoint(x, in.point(r))
		for k, id := range in.table.Constraints {
			want[r] = append(want[r], nodes[id])
			var c field.E
			copy(c[:x.D], in.coefs[k*x.D:])
			sums[r] = x.Add(sums[r], x.Mul(c, nodes[id]))
		}
	}
	for from := 0; from < in.n; from += size {
		to := min(from+size, in.n)
		in.fill(m, from, to)
		next := 0
		m.Run(to-from, func(k int, values []field.Elem) {
			if k != next || len(values) != to-from {
				t.Fatalf("output %d of %d rows, want output %d of %d", k, len(values), next, to-from)
			}
			next++
			for i, v := range values {
				if x.FromBase(v) != want[from+i][k] {
					t.Fatalf("output %d, row %d: %d, want %d", k, from+i, v, want[from+i][k][0])
				}
			}
		})
		if next != len(in.table.Constraints) {
			t.Fatalf("%d outputs, want %d", next, len(in.table.Constraints))
		}
		folded := m.Fold(to-from, x.D, in.coefs)
		for r := from; r < to; r++ {
			var got field.E
			for e := range x.D {
				got[e] = folded[e][r-from]
			}
			if got != sums[r] {
				t.Fatalf("row %d: folded %v, want %v", r, got, sums[r])
			}
		}
	}
}

// TestMachine compares random programs with EvalPoint, for every set of kernels, extension
// and size of a packet.
func TestMachine(t *testing.T) {
	forEverySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 2))
		for _, x := range extensions {
			for range 40 {
				randomInstance(rng, x, 5+rng.IntN(200), rng.IntN(80), 1+rng.IntN(5)).check(t, 1+rng.IntN(5))
			}
			lanes := lanes(kernels.Active())
			for _, n := range []int{1, 15, 16, 17, lanes - 1, lanes, lanes + 1, 2*lanes + 3} {
				randomInstance(rng, x, 60, 40, n).check(t, lanes)
			}
		}
	})
}

// TestSegments: programs that need many segments, with more outputs than one folds, or
// more work below one output than one does.
func TestSegments(t *testing.T) {
	forEverySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 3))
		x := field.KoalaBear5
		for _, c := range []struct{ nodes, constraints int }{{100, 5 * segmentOutputs}, {5 * segmentWeight, 1}, {3 * segmentWeight, segmentOutputs + 1}} {
			in := randomInstance(rng, x, c.nodes, c.constraints, 3)
			if c.constraints == 1 {
				in.table.Constraints[0] = air.NodeID(len(in.table.Nodes) - 1)
			}
			in.check(t, 3)
		}
	})
}

// FuzzMachine searches for a program on which a kernel and the reference differ.
func FuzzMachine(f *testing.F) {
	f.Add(uint64(1), uint16(50), uint8(8), uint8(3))
	f.Add(uint64(2), uint16(500), uint8(100), uint8(64))
	f.Fuzz(func(t *testing.T, seed uint64, nodes uint16, constraints, n uint8) {
		for _, s := range kernels.Supported() {
			old := kernels.Use(s)
			rng := rand.New(rand.NewPCG(seed, 1))
			x := extensions[rng.IntN(len(extensions))]
			randomInstance(rng, x, 1+int(nodes%2000), int(constraints), 1+int(n%130)).check(t, 64)
			kernels.Use(old)
		}
	})
}
