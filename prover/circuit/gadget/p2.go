package gadget

import (
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

var permLayout = bench.NewPermutation(Field, StateLen)

// Columns of P2: the permutation's, then how often the row answers on each bus.
var (
	p2Count     = permLayout.Width()
	p2FullCount = p2Count + 1
	p2Width     = p2FullCount + 1 // 166
)

// P2 is the table of permutations: a row is one, and offers (in, out[0..8]) on perm and
// (in, out) on perm_full, each as often as its count says.
//
// Every row, padding too, satisfies the permutation's constraints, so that all it can
// offer is true, whatever the counts: they are unconstrained, as in any lookup table.
// One row answers equal questions, of which empty subtrees ask many. Nothing about
// uniqueness may be concluded from an answer.
func P2() air.Table {
	b := air.NewBuilder(Field, "p2", p2Width, 0)
	in, out := permLayout.Constrain(b, 0)
	b.Provide(busPerm, b.Main(p2Count), Exprs(in, out[:DigestLen])...)
	b.Provide(busPermFull, b.Main(p2FullCount), Exprs(in, out)...)
	return b.Table()
}

// FillP2 writes rows of P2's trace into m: row i permutes what question(i, in) writes into
// in, and answers as often as it says. All else that m held is written over.
func FillP2(m matrix.Matrix, question func(i int, in []field.Elem) (count, full uint64)) {
	for i := range m.Height() {
		row := m.Row(i)
		count, full := question(i, row[:StateLen])
		row[p2Count], row[p2FullCount] = Field.FromUint(count), Field.FromUint(full)
	}
	permLayout.Fill(m, 0)
}

// P2Answer is the part of a row of P2's trace that is its permutation's output.
func P2Answer(row []field.Elem) []field.Elem { return row[p2Count-StateLen : p2Count] }

// Permutations records the questions that the rows of other tables ask of P2, and makes
// its trace: rows in the order of the first question, so that the trace is a function of
// the witness.
type Permutations struct {
	index map[State]int
	rows  []permutationRow
}

type permutationRow struct {
	in, out     State
	count, full uint64
}

// NewPermutations starts a record.
func NewPermutations() *Permutations {
	return &Permutations{index: map[State]int{}}
}

// Count is the number of different permutations asked for: the rows that P2 needs.
func (p *Permutations) Count() int { return len(p.rows) }

func (p *Permutations) row(in State) *permutationRow {
	i, ok := p.index[in]
	if !ok {
		i = len(p.rows)
		p.index[in] = i
		p.rows = append(p.rows, permutationRow{in: in, out: Permute(in)})
	}
	return &p.rows[i]
}

// Ask records a question on perm and returns the answer.
func (p *Permutations) Ask(in State) Digest {
	r := p.row(in)
	r.count++
	return r.out.digest()
}

// AskNode is Ask for an inner node.
func (p *Permutations) AskNode(left, right Digest) Digest { return p.Ask(join(left, right)) }

// AskHashOfBlock is Ask for a message of one whole block.
func (p *Permutations) AskHashOfBlock(d Domain, block Digest) Digest {
	return p.Ask(join(block, capacity(d, Rate)))
}

// AskFull records a question on perm_full and returns the answer.
func (p *Permutations) AskFull(in State) State {
	r := p.row(in)
	r.full++
	return r.out
}

// Trace is P2's trace of 2^logHeight rows. Padding rows permute zeros and answer
// nothing.
func (p *Permutations) Trace(logHeight int) (matrix.Matrix, error) {
	height := 1 << logHeight
	if len(p.rows) > height {
		return matrix.Matrix{}, fmt.Errorf("p2: %d permutations do not fit 2^%d rows; use a larger variant", len(p.rows), logHeight)
	}
	m := matrix.New(height, p2Width)
	FillP2(m, func(i int, in []field.Elem) (count, full uint64) {
		if i >= len(p.rows) {
			return 0, 0
		}
		r := &p.rows[i]
		copy(in, r.in[:])
		return r.count, r.full
	})
	return m, nil
}
