package lookup_test

import (
	"errors"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
)

// sender is a table that sends n messages of one column on a bus.
func sender(f *field.Field, bus string, n int, weight uint32) air.Table {
	b := air.NewBuilder(f, "sender", 1, 0)
	for range n {
		b.Send(bus, b.Const(1), weight, b.Main(0))
	}
	return b.Table()
}

// TestPacking: messages of degree 1 share a column while its degree stays within the
// budget that the table's constraints give, 2^logChunks + 1.
func TestPacking(t *testing.T) {
	f := field.KoalaBear
	for _, c := range []struct{ degree, messages, columns int }{
		{1, 1, 1}, {2, 1, 1}, {2, 5, 5}, {3, 1, 1}, {3, 2, 1}, {3, 5, 3},
		{4, 4, 1}, {5, 4, 1}, {5, 5, 2}, {5, 9, 3}, {6, 8, 1}, {9, 9, 2},
	} {
		b := air.NewBuilder(f, "t", 1, 0)
		power := b.Main(0)
		for range c.degree - 1 {
			power = power.Mul(b.Main(0))
		}
		b.AssertZero(power)
		for range c.messages {
			b.Send("bus", b.Const(1), 1, b.Main(0))
		}
		l := lookup.New(&air.Circuit{Field: f, Tables: []air.Table{b.Table()}})
		if got := len(l.Tables[0].Columns); got != c.columns {
			t.Errorf("degree %d, %d messages: %d columns, want %d", c.degree, c.messages, got, c.columns)
		}
		if got := l.Tables[0].Width(); got != c.columns+1 {
			t.Errorf("degree %d, %d messages: width %d, want %d", c.degree, c.messages, got, c.columns+1)
		}
	}
}

// TestNamelessBus: a bus may be called "" and is still one bus over all tables.
func TestNamelessBus(t *testing.T) {
	f := field.KoalaBear
	a, b := sender(f, "", 2, 1), sender(f, "", 1, 1)
	b.Lookups[0].Kind = air.Exclusive
	l := lookup.New(&air.Circuit{Field: f, Tables: []air.Table{a, b}})
	if len(l.BusNames) != 1 {
		t.Fatalf("buses %q, want one", l.BusNames)
	}
	for i := range l.Tables {
		for _, c := range l.Tables[i].Columns {
			if c.Bus != 0 {
				t.Errorf("table %d: bus %d, want 0", i, c.Bus)
			}
		}
	}
}

// TestChunks: upstream's rule for quotient chunks, with and without a hint.
func TestChunks(t *testing.T) {
	f := field.BabyBear
	for degree, want := range []int{0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4} {
		b := air.NewBuilder(f, "t", 1, 0)
		power := b.Const(1)
		for range degree {
			power = power.Mul(b.Main(0))
		}
		b.AssertZero(power)
		hinted := air.NewBuilder(f, "t", 1, 0)
		hinted.AssertZero(hinted.Main(0))
		hinted.SetMaxDegree(degree)
		for _, tab := range []air.Table{b.Table(), hinted.Table()} {
			if got := lookup.New(&air.Circuit{Field: f, Tables: []air.Table{tab}}).Tables[0].LogChunks; got != want {
				t.Errorf("degree %d (hint %d): 2^%d chunks, want 2^%d", degree, tab.MaxDegree, got, want)
			}
		}
	}
	// A hint replaces the degree of the constraints, not that of the lookups.
	b := air.NewBuilder(f, "t", 1, 0)
	b.SetMaxDegree(2)
	b.Send("bus", b.Const(1), 1, b.Main(0).Square().Square())
	if got := lookup.New(&air.Circuit{Field: f, Tables: []air.Table{b.Table()}}).Tables[0].LogChunks; got != 2 {
		t.Errorf("a message of degree 4 under a hint of 2: 2^%d chunks, want 2^2", got)
	}
}

// TestHeightBound goes to the last sum of weights below p and to the first at p: over
// tables, columns and branches, of which only the heaviest counts.
func TestHeightBound(t *testing.T) {
	f := field.KoalaBear // p - 1 = 127·2^24
	check := func(what string, heights []int, fits bool, tables ...air.Table) {
		t.Helper()
		err := lookup.New(&air.Circuit{Field: f, Tables: tables}).CheckHeights(f, heights)
		if fits && err != nil || !fits && !errors.Is(err, lookup.ErrMultiplicity) {
			t.Errorf("%s: %v, fits %v", what, err, fits)
		}
	}
	one := sender(f, "a", 1, 127)
	check("127·2^24", []int{24}, true, one)
	check("127·2^24 + 1", []int{24, 0}, false, one, sender(f, "a", 1, 1))
	check("another bus", []int{24, 0}, false, one, sender(f, "b", 1, 1))
	check("127 messages", []int{24}, true, sender(f, "a", 127, 1))
	check("128 messages", []int{24}, false, sender(f, "a", 128, 1))
	check("a product above 64 bits", []int{24}, false, sender(f, "a", 1, 1<<32-1))
	check("2^33 in all", []int{1, 1}, false, sender(f, "a", 1, 1<<32-1), sender(f, "a", 1, 1<<32-1))
	branches := sender(f, "a", 1, 0)
	branches.Lookups = nil
	l := air.Lookup{Kind: air.Exclusive, Bus: "a"}
	for _, w := range []uint32{127, 100, 1} {
		l.Tuples = append(l.Tuples, air.Tuple{Weight: w})
	}
	branches.Lookups = []air.Lookup{l}
	check("branches of 127, 100 and 1", []int{24}, true, branches)
	l.Tuples[2].Weight = 128
	check("a branch of 128", []int{24}, false, branches)
}
