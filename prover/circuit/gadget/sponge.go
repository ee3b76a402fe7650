package gadget

import (
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Columns of Sponge.
const (
	spongeBlock    = 0                          // the block that replaces the rate
	spongeCapacity = spongeBlock + Rate         // the capacity before the permutation
	spongeOut      = spongeCapacity + DigestLen // the rate after it
	spongeID       = spongeOut + DigestLen      // the message
	spongeIndex    = spongeID + 1               // the block's number in the message
	spongeFamily   = spongeIndex + 1
	spongeTag      = spongeFamily + 1
	spongeLength   = spongeTag + 1    // elements of the message, as its caller claims
	spongeReal     = spongeLength + 1 // this row absorbs a block
	spongeLast     = spongeReal + 1   // it is its message's last
	spongeWidth    = spongeLast + 1
)

// Sponge is the table of Hash: a row absorbs one block, the rows of a message follow one
// another. It takes feed(id, index, block) on each row and reports hash(id, family, tag,
// length, digest) on the last.
//
// A message begins on the first row and after every last row, and only there; there its
// index is 0 and its capacity is the initial one. A row that is not the last is followed
// by a real row of the same message, whose index is one more and whose capacity is the
// permutation's. So each report is of a whole message.
//
// What the caller must see to: ids of messages are pairwise different, which holds
// because it takes exactly one report for each id (two messages under one id would
// report twice, and feeds could not be told apart); it feeds each index of an id once;
// the length that it takes is the length of what it fed. Sponge puts the length into the
// capacity and compares it with nothing.
//
// Rows that are not real send and take nothing; the cells of such a row are free but for
// its two flags.
func Sponge() air.Table {
	b := air.NewBuilder(Field, "sponge", spongeWidth, 0)
	real, last := b.Main(spongeReal), b.Main(spongeLast)
	goesOn := real.Sub(last) // 1 where the message goes on in the next row
	b.AssertBool(real)
	b.AssertBool(last)
	b.AssertZero(last.Mul(real.Not()))
	b.When(b.First(), func() { spongeBegins(b, Columns(b, 0, spongeWidth)) })
	b.When(b.Last(), func() { b.AssertZero(goesOn) })
	b.When(b.Transition(), func() {
		next := NextColumns(b, 0, spongeWidth)
		b.AssertZero(next[spongeReal].Mul(real.Not())) // real rows come first
		b.When(last.Mul(next[spongeReal]), func() { spongeBegins(b, next) })
		b.When(goesOn, func() {
			b.AssertZero(next[spongeReal].Not())
			b.AssertEqual(next[spongeIndex], b.Main(spongeIndex).AddConst(1))
			for _, c := range []int{spongeID, spongeFamily, spongeTag, spongeLength} {
				b.AssertEqual(next[c], b.Main(c))
			}
		})
	})

	id, block := b.Main(spongeID), Columns(b, spongeBlock, Rate)
	in := Exprs(block, Columns(b, spongeCapacity, DigestLen))
	out := Columns(b, spongeOut, DigestLen)
	b.Receive(busFeed, real, 1, Exprs([]air.Expr{id, b.Main(spongeIndex)}, block)...)
	head := []air.Expr{id, b.Main(spongeFamily), b.Main(spongeTag), b.Main(spongeLength)}
	b.Send(busHash, last, 1, Exprs(head, out)...)
	AskPerm(b, last, in, out)
	// The capacity after the permutation is the next row's: it needs no column here.
	AskPermFull(b, goesOn, in, Exprs(out, NextColumns(b, spongeCapacity, DigestLen)))
	return b.Table()
}

// spongeBegins asserts that row is the first of a message.
func spongeBegins(b *air.Builder, row []air.Expr) {
	b.AssertZero(row[spongeIndex])
	initial := []air.Expr{row[spongeTag], row[spongeLength], row[spongeFamily]}
	for i := range DigestLen {
		want := b.Const(0)
		if i < len(initial) {
			want = initial[i]
		}
		b.AssertEqual(row[spongeCapacity+i], want)
	}
}

// Message is a message of Sponge: what its rows claim.
type Message struct {
	ID     uint64
	Domain Domain
	Length int
	Blocks []Digest
}

// NewMessage cuts elems into blocks.
func NewMessage(id uint64, d Domain, elems []field.Elem) Message {
	m := Message{ID: id, Domain: d, Length: len(elems)}
	for first := true; first || len(elems) > 0; first = false {
		var block Digest
		elems = elems[copy(block[:], elems):]
		m.Blocks = append(m.Blocks, block)
	}
	return m
}

// SpongeTrace is the trace of Sponge for these messages in 2^logHeight rows.
func SpongeTrace(messages []Message, p *Permutations, logHeight int) (matrix.Matrix, error) {
	rows := 0
	for _, m := range messages {
		rows += len(m.Blocks)
	}
	if rows > 1<<logHeight {
		return matrix.Matrix{}, fmt.Errorf("sponge: %d blocks do not fit 2^%d rows; use a larger variant", rows, logHeight)
	}
	t := matrix.New(1<<logHeight, spongeWidth)
	at := 0
	for _, m := range messages {
		m.fill(t.Rows(at, at+len(m.Blocks)), p)
		at += len(m.Blocks)
	}
	return t, nil
}

func (m *Message) fill(rows matrix.Matrix, p *Permutations) {
	inner := capacity(m.Domain, m.Length)
	for i, block := range m.Blocks {
		row := rows.Row(i)
		copy(row[spongeBlock:], block[:])
		copy(row[spongeCapacity:], inner[:])
		row[spongeID] = Field.FromUint(m.ID)
		row[spongeIndex] = Field.FromUint(uint64(i))
		row[spongeFamily] = Field.FromUint(uint64(m.Domain.Family))
		row[spongeTag] = Field.FromUint(uint64(m.Domain.Tag))
		row[spongeLength] = Field.FromUint(uint64(m.Length))
		row[spongeReal] = Field.One()
		if i == len(m.Blocks)-1 {
			out := p.Ask(join(block, inner))
			copy(row[spongeOut:], out[:])
			row[spongeLast] = Field.One()
			continue
		}
		out := p.AskFull(join(block, inner))
		copy(row[spongeOut:], out[:DigestLen])
		inner = Digest(out[DigestLen:])
	}
}
