package gadget

import (
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// spongeRow is a row of Sponge as a liar writes it: everything but the output, which the
// permutation gives.
type spongeRow struct {
	block, capacity Digest
	id, index       int
	d               Domain
	length          int
	real, last      int
}

// honestRows are the rows of a message, and what follows the last.
func honestRows(m Message) []spongeRow {
	var rows []spongeRow
	inner := capacity(m.Domain, m.Length)
	for i, block := range m.Blocks {
		r := spongeRow{block: block, capacity: inner, id: int(m.ID), index: i, d: m.Domain, length: m.Length, real: 1}
		if i == len(m.Blocks)-1 {
			r.last = 1
		}
		rows = append(rows, r)
		s := Permute(join(block, inner))
		inner = Digest(s[DigestLen:])
	}
	return rows
}

// spongeCheck checks rows against a caller that feeds and takes exactly what these rows
// take and report, and a P2 that answers all that they ask truly: only Sponge's own
// constraints, and the link by perm_full, can fail.
func spongeCheck(rows []spongeRow, logHeight int) error {
	m := matrix.New(1<<logHeight, spongeWidth)
	p := NewPermutations()
	var s says
	for i, r := range rows {
		row := m.Row(i)
		out := Permute(join(r.block, r.capacity))
		copy(row[spongeBlock:], r.block[:])
		copy(row[spongeCapacity:], r.capacity[:])
		copy(row[spongeOut:], out[:DigestLen])
		row[spongeID], row[spongeIndex] = num(r.id), num(r.index)
		row[spongeFamily], row[spongeTag], row[spongeLength] = num(int(r.d.Family)), num(int(r.d.Tag)), num(r.length)
		row[spongeReal], row[spongeLast] = num(r.real), num(r.last)
		if r.real == 1 {
			s.say(callerFeed, append([]field.Elem{row[spongeID], row[spongeIndex]}, r.block[:]...)...)
		}
		if r.last == 1 {
			s.say(callerTake, append([]field.Elem{row[spongeID], row[spongeFamily], row[spongeTag], row[spongeLength]}, out[:DigestLen]...)...)
			p.Ask(join(r.block, r.capacity))
		} else if r.real == 1 {
			p.AskFull(join(r.block, r.capacity))
		}
	}
	p2, err := p.Trace(4)
	if err != nil {
		return err
	}
	return check(&s, []air.Table{Sponge(), P2()}, []matrix.Matrix{m, p2})
}

var testDomain = Domain{Family: 3, Tag: 9}

func TestSponge(t *testing.T) {
	for _, lengths := range [][]int{{0}, {1}, {8}, {9}, {16, 0, 17, 8}, {64}} {
		var rows []spongeRow
		var messages []Message
		for i, n := range lengths {
			m := NewMessage(uint64(i), testDomain, elems(n, uint64(50*i)))
			messages = append(messages, m)
			r := honestRows(m)
			rows = append(rows, r...)
			last := r[len(r)-1]
			s := Permute(join(last.block, last.capacity))
			if s.digest() != Hash(testDomain, elems(n, uint64(50*i))) {
				t.Errorf("length %d: another digest than Hash", n)
			}
		}
		if err := spongeCheck(rows, 3); err != nil {
			t.Errorf("lengths %v: %v", lengths, err)
		}
		if _, err := SpongeTrace(messages, NewPermutations(), 3); err != nil {
			t.Errorf("lengths %v: %v", lengths, err)
		}
	}
	if _, err := SpongeTrace([]Message{NewMessage(0, testDomain, elems(65, 0))}, NewPermutations(), 3); err == nil {
		t.Error("nine blocks in eight rows: no error")
	}
}

// Each lie is one that no caller and no permutation could notice.
func TestSpongeRefuses(t *testing.T) {
	two := func() []spongeRow { // messages of three and two blocks
		return append(honestRows(NewMessage(0, testDomain, elems(20, 0))), honestRows(NewMessage(1, testDomain, elems(12, 90)))...)
	}
	for _, c := range []struct {
		name      string
		logHeight int
		bus       string // where it is caught if not by a constraint
		lie       func(r []spongeRow) []spongeRow
	}{
		{"a first message that begins with a chosen capacity", 3, "", func(r []spongeRow) []spongeRow { r[0].capacity[5] = num(1); return r }},
		{"a later message that begins with a chosen capacity", 3, "", func(r []spongeRow) []spongeRow { r[4].last = 0; r[3].capacity[7] = num(1); r[3].last = 1; return r[:4] }},
		{"another tag than the capacity's", 3, "", func(r []spongeRow) []spongeRow { r[0].d.Tag++; r[1].d.Tag++; r[2].d.Tag++; return r }},
		{"another family than the capacity's", 3, "", func(r []spongeRow) []spongeRow { r[3].d.Family++; r[4].d.Family++; return r }},
		{"another length than the capacity's", 3, "", func(r []spongeRow) []spongeRow { r[3].length++; r[4].length++; return r }},
		{"the tag changes on the way", 3, "", func(r []spongeRow) []spongeRow { r[2].d.Tag++; return r }},
		{"the family changes on the way", 3, "", func(r []spongeRow) []spongeRow { r[2].d.Family++; return r }},
		{"the length changes on the way", 3, "", func(r []spongeRow) []spongeRow { r[2].length++; return r }},
		{"the id changes on the way", 3, "", func(r []spongeRow) []spongeRow { r[2].id = 9; return r }},
		{"a block left out", 3, "", func(r []spongeRow) []spongeRow { r[2].index = 3; return r }},
		{"a first message that begins with block 1", 3, "", func(r []spongeRow) []spongeRow {
			for i := range 3 {
				r[i].index++
			}
			return r
		}},
		{"a later message that begins with block 1", 3, "", func(r []spongeRow) []spongeRow { r[3].index, r[4].index = 1, 2; return r }},
		{"a capacity that is not carried on", 3, "perm_full", func(r []spongeRow) []spongeRow { r[1].capacity[2] = num(4); return r }},
		{"a message without an end", 3, "", func(r []spongeRow) []spongeRow { r[2].last = 0; return r }},
		{"a message without an end, before padding", 3, "", func(r []spongeRow) []spongeRow { r[4].last = 0; return r }},
		{"a message that ends twice", 3, "", func(r []spongeRow) []spongeRow { r[1].last = 1; return r }},
		{"padding inside a message", 3, "", func(r []spongeRow) []spongeRow { r[1].real = 0; return r }},
		{"padding between messages", 3, "", func(r []spongeRow) []spongeRow {
			return append(append(r[:3:3], spongeRow{}), r[3:]...)
		}},
		{"padding that reports", 3, "", func(r []spongeRow) []spongeRow { return append(r, spongeRow{last: 1}) }},
		{"half a row", 3, "", func(r []spongeRow) []spongeRow { r[4].real = 2; return r }},
		{"a message that goes on past the last row", 0, "", func(r []spongeRow) []spongeRow { return r[:1] }},
		{"a message that goes on from the last row to the first", 1, "", func(r []spongeRow) []spongeRow {
			// Row 1 goes on in row 0, whose capacity is chosen to be what row 1 leaves.
			r = r[:2]
			r[0].last = 1
			r[1] = spongeRow{block: r[1].block, id: 1, capacity: capacity(testDomain, 20), d: testDomain, length: 20, real: 1}
			s := Permute(join(r[1].block, r[1].capacity))
			r[0].capacity = Digest(s[DigestLen:])
			return r
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := spongeCheck(two(), 3); err != nil {
				t.Fatalf("honest rows: %v", err)
			}
			failsIn(t, spongeCheck(c.lie(two()), c.logHeight), "sponge", c.bus)
		})
	}
}
