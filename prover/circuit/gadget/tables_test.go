package gadget

import (
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
	"rpp-node/prover/matrix"
)

// Widths and degrees are what circuits count on.
func TestShapes(t *testing.T) {
	c := &air.Circuit{Field: Field, Tables: []air.Table{P2(), Sponge(), Forest{1, 3}.Table(), Range8()}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	layout := lookup.New(c)
	for i, want := range []struct{ width, prep, degree, columns, logChunks int }{
		{166, 0, 3, 2, 1},
		{31, 0, 3, 4, 1},
		{24, 3, 0, 4, 0},
		{1, 1, 0, 1, 0},
	} {
		tb, l := &c.Tables[i], layout.Tables[i]
		if tb.Width != want.width || tb.PrepWidth != want.prep {
			t.Errorf("%s: width %d + %d, want %d + %d", tb.Name, tb.Width, tb.PrepWidth, want.width, want.prep)
		}
		if d := tb.BaseDegree(tb.Degrees(Field)); d != want.degree {
			t.Errorf("%s: degree %d, want %d", tb.Name, d, want.degree)
		}
		if len(l.Columns) != want.columns || l.LogChunks != want.logChunks {
			t.Errorf("%s: %d lookup columns and 2^%d quotient chunks, want %d and 2^%d", tb.Name, len(l.Columns), l.LogChunks, want.columns, want.logChunks)
		}
	}
}

func TestRange8(t *testing.T) {
	ask := func(count map[int]int, answered Bytes) error {
		var s says
		for v, n := range count {
			for range n {
				s.say(callerByte, num(v))
			}
		}
		return check(&s, []air.Table{Range8()}, []matrix.Matrix{answered.Trace()})
	}
	var b Bytes
	for _, v := range []int{0, 7, 7, 255} {
		b.Ask(num(v))
	}
	if err := ask(map[int]int{0: 1, 7: 2, 255: 1}, b); err != nil {
		t.Error(err)
	}
	for _, v := range []int{256, 1 << 16, int(Field.Modulus()) - 1} {
		b := b
		b.Ask(num(v))
		failsIn(t, ask(map[int]int{0: 1, 7: 2, 255: 1, v: 1}, b), "", busRange8)
	}
	failsIn(t, ask(map[int]int{0: 1, 7: 2, 255: 1, 3: 1}, b), "", busRange8)
}

// Equal questions share a row; rows are in the order of the first question; what is left
// over is padding that answers nothing.
func TestPermutations(t *testing.T) {
	p := NewPermutations()
	a, b := join(Digest(elems(8, 1)), Digest(elems(8, 9))), join(Digest(elems(8, 30)), Digest{})
	wantA, wantB := Permute(a), Permute(b)
	for range 3 {
		if got := p.Ask(a); got != wantA.digest() {
			t.Fatal("Ask: another answer than the permutation")
		}
	}
	if p.AskFull(b) != wantB || p.AskFull(a) != wantA || p.AskNode(Digest(a[:8]), Digest(a[8:])) != wantA.digest() {
		t.Fatal("another answer than the permutation")
	}
	block := Digest(elems(8, 5))
	if p.AskHashOfBlock(testDomain, block) != Hash(testDomain, block[:]) {
		t.Fatal("AskHashOfBlock: another answer than Hash")
	}
	if p.Count() != 3 {
		t.Fatalf("%d rows, want 3", p.Count())
	}
	m, err := p.Trace(2)
	if err != nil {
		t.Fatal(err)
	}
	table := P2()
	if err := (&air.Circuit{Field: Field, Tables: []air.Table{stripped(table)}}).Check([]matrix.Matrix{m}, make([][]field.Elem, 1)); err != nil {
		t.Error(err)
	}
	for i, want := range []struct {
		in           State
		count, fully uint32
	}{{a, 4, 1}, {b, 0, 1}, {join(block, capacity(testDomain, 8)), 1, 0}, {State{}, 0, 0}} {
		row := m.Row(i)
		out := Permute(want.in)
		switch {
		case State(row[:StateLen]) != want.in, State(row[p2Count-StateLen:p2Count]) != out:
			t.Errorf("row %d: another permutation", i)
		case Field.Uint(row[p2Count]) != want.count || Field.Uint(row[p2FullCount]) != want.fully:
			t.Errorf("row %d: answers %d and %d times, want %d and %d", i, Field.Uint(row[p2Count]), Field.Uint(row[p2FullCount]), want.count, want.fully)
		}
	}
	if _, err := p.Trace(1); err == nil {
		t.Error("three permutations in two rows: no error")
	}
}

// stripped is a table without its messages.
func stripped(t air.Table) air.Table {
	t.Lookups = nil
	return t
}
