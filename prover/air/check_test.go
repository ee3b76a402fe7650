package air

import (
	"errors"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// ledger is a circuit with every kind of lookup: a counter, whose rows are asked for on a
// bus by an exclusive lookup and given on it by another table, and a column that is a
// permutation of the counter.
func ledger(f *field.Field) *Circuit {
	b := NewBuilder(f, "counter", 3, 1)
	b.SetPreprocessed(1, []field.Elem{f.One(), 0, f.One(), 0, f.One(), 0, f.One(), 0})
	i, shuffled, flag := b.Main(0), b.Main(1), b.Prep(0)
	b.When(b.First(), func() { b.AssertEqual(i, b.Public(0)) })
	b.When(b.Transition(), func() { b.AssertEqual(i.AddConst(1), b.Next(0)) })
	b.When(b.Last(), func() { b.AssertEqual(flag, b.Const(0)) })
	b.AssertEqual(b.PrepNext(0), flag.Not())
	b.AssertZero(b.Main(2))
	one := b.Const(1)
	b.Local(LocalTuple{[]Expr{i}, one, 1}, LocalTuple{[]Expr{shuffled}, one.Neg(), 1})
	t := b.Table()
	t.Lookups = append(t.Lookups, Lookup{Kind: Exclusive, Bus: "rows", Tuples: []Tuple{
		{Flag: flag.id, Fields: []NodeID{i.id, one.id}, Count: one.id, Weight: 1},
		{Flag: flag.Not().id, Fields: []NodeID{i.id, b.Const(2).id}, Count: one.id, Weight: 1},
	}})
	t.Nodes = b.Table().Nodes // 1 - flag and the constant 2 may be new
	g := NewBuilder(f, "giver", 3, 0)
	g.Provide("rows", g.Main(2), g.Main(0), g.Main(1))
	return &Circuit{Name: "ledger", Field: f, Tables: []Table{t, g.Table()}}
}

func rowsOf(f *field.Field, width int, v ...uint64) matrix.Matrix {
	m := matrix.Matrix{Width: width}
	for _, u := range v {
		m.Values = append(m.Values, f.FromUint(u))
	}
	return m
}

func ledgerWitness(f *field.Field) ([]matrix.Matrix, [][]field.Elem) {
	counter := rowsOf(f, 3,
		5, 12, 0,
		6, 5, 0,
		7, 6, 0,
		8, 7, 0,
		9, 8, 0,
		10, 9, 0,
		11, 10, 0,
		12, 11, 0)
	giver := matrix.New(8, 3)
	for r := range 8 {
		copy(giver.Row(r), []field.Elem{f.FromUint(uint64(5 + r)), f.FromUint(uint64(1 + r%2)), f.One()})
	}
	return []matrix.Matrix{counter, giver}, [][]field.Elem{{f.FromUint(5)}, nil}
}

// TestCheck accepts an honest witness and places every kind of lie.
func TestCheck(t *testing.T) {
	for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
		c := ledger(f)
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		traces, publics := ledgerWitness(f)
		if err := c.Check(traces, publics); err != nil {
			t.Fatal(err)
		}
		lie := func(table, row, col int, v uint64) error {
			bad, _ := ledgerWitness(f)
			bad[table].Row(row)[col] = f.FromUint(v)
			return c.Check(bad, publics)
		}
		constraint := func(err error, k, row int) {
			t.Helper()
			var e *ConstraintError
			if !errors.As(err, &e) || e.Table != "counter" || e.Constraint != k || e.Row != row || !errors.Is(err, ErrWitness) {
				t.Errorf("%v, want constraint %d on row %d", err, k, row)
			}
		}
		constraint(lie(0, 0, 0, 4), 0, 0)
		constraint(lie(0, 3, 0, 9), 1, 2)
		constraint(lie(0, 7, 0, 9), 1, 6)
		constraint(lie(0, 4, 2, 1), 4, 4)
		constraint(c.Check(traces, [][]field.Elem{{0}, nil}), 0, 0)
		balance := func(err error, bus, table string, row int, excess uint32, message ...uint32) {
			t.Helper()
			var e *BalanceError
			if !errors.As(err, &e) || e.Bus != bus || e.Table != table || e.Row != row || e.Excess != excess ||
				!slices.Equal(e.Message, message) || !errors.Is(err, ErrWitness) {
				t.Errorf("%v, want %d too many of %v on %s, first at %s row %d", err, excess, message, bus, table, row)
			}
		}
		p := f.Modulus()
		balance(lie(0, 3, 1, 77), "counter", "counter", 2, 1, 7)          // 7 is no longer taken
		balance(lie(1, 3, 2, 0), "rows", "counter", 3, 1, 8, 2)           // not given
		balance(lie(1, 3, 2, 3), "rows", "counter", 3, p-2, 8, 2)         // given thrice
		balance(lie(1, 3, 1, 1), "rows", "counter", 3, 1, 8, 2)           // given under the other flag
		balance(lie(1, 0, 2, uint64(p)-1), "rows", "counter", 0, 2, 5, 1) // a negative count
	}
}

// TestCheckShape refuses sizes that the circuit does not have.
func TestCheckShape(t *testing.T) {
	f := field.KoalaBear
	c := ledger(f)
	for what, change := range map[string]func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem){
		"one table":           func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) { return m[:1], p },
		"one list of publics": func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) { return m, p[:1] },
		"no public value":     func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) { p[0] = nil; return m, p },
		"a public value more": func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) {
			p[1] = []field.Elem{0}
			return m, p
		},
		"width": func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) {
			m[1].Width = 4
			return m, p
		},
		"half row": func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) {
			m[1].Values = m[1].Values[:23]
			return m, p
		},
		"seven rows": func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) {
			m[1] = m[1].Rows(0, 7)
			return m, p
		},
		"no rows": func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) {
			m[1] = m[1].Rows(0, 0)
			return m, p
		},
		"half of the preprocessed height": func(m []matrix.Matrix, p [][]field.Elem) ([]matrix.Matrix, [][]field.Elem) {
			m[0] = m[0].Rows(0, 4)
			return m, p
		},
	} {
		if err := c.Check(change(ledgerWitness(f))); !errors.Is(err, ErrWitness) {
			t.Errorf("%s: %v, want ErrWitness", what, err)
		}
	}
}

// TestCheckLongTables: blocks meet without a seam, and the first failing row is reported
// whatever block it is in.
func TestCheckLongTables(t *testing.T) {
	f := field.KoalaBear
	b := NewBuilder(f, "counter", 1, 0)
	b.When(b.Transition(), func() { b.AssertEqual(b.Main(0).AddConst(1), b.Next(0)) })
	c := &Circuit{Field: f, Tables: []Table{b.Table()}}
	m := matrix.New(4*checkBlock, 1)
	for i := range m.Values {
		m.Values[i] = f.FromUint(uint64(i))
	}
	if err := c.Check([]matrix.Matrix{m}, [][]field.Elem{nil}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []int{1, checkBlock - 1, checkBlock, checkBlock + 1, 3 * checkBlock, 4*checkBlock - 1} {
		m.Values[row] ^= 1
		var e *ConstraintError
		if err := c.Check([]matrix.Matrix{m}, [][]field.Elem{nil}); !errors.As(err, &e) || e.Row != row-1 {
			t.Errorf("row %d changed: %v, want row %d", row, err, row-1)
		}
		m.Values[row] ^= 1
	}
}
