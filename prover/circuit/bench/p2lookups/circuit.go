package p2lookups

import (
	"rpp-node/prover/air"
	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// The tables, in the circuit's order.
const (
	tableP2     = iota // the permutations
	tableNodes         // asks perm for each of them, as trees do: two children, their parent
	tableBlocks        // asks perm_full for each blockStride-th, as sponges do: state before and after
)

// Rows of blocks are a quarter of the permutations: a tree has an inner node for each
// leaf, and few leaves are messages of more than a block.
const (
	logBlockStride = 2
	blockStride    = 1 << logBlockStride
)

// logRowsMin leaves blocks the four rows that the bench profile's commitments need.
const logRowsMin = logBlockStride + 2

// Benchmark is the circuit of 2^n permutations, 2^n lookups of 24 columns and 2^(n-2) of
// 32.
func Benchmark() bench.Benchmark {
	return bench.Benchmark{
		Name:       "p2-lookups",
		LogRowsMin: logRowsMin,
		Field:      gadget.Field,
		Lower:      []int{tableP2: 0, tableNodes: 0, tableBlocks: logBlockStride},
		Tables: func(*field.Field) []air.Table {
			return []air.Table{
				tableP2:     gadget.P2(),
				tableNodes:  asking("nodes", gadget.DigestLen, gadget.AskPerm),
				tableBlocks: asking("blocks", gadget.StateLen, gadget.AskPermFull),
			}
		},
		Fill: fill,
	}
}

// asking is a table without constraints of its own: each row asks one question, whose
// answer is the last columns.
func asking(name string, answer int, ask func(b *air.Builder, count air.Expr, in, out []air.Expr)) air.Table {
	b := air.NewBuilder(gadget.Field, name, gadget.StateLen+answer, 0)
	ask(b, b.Const(1), gadget.Columns(b, 0, gadget.StateLen), gadget.Columns(b, gadget.StateLen, answer))
	return b.Table()
}

// chunkRows permutations are filled and copied at a time, which a cache holds.
const chunkRows = 256

// fill has permutation i of (16i, 16i + 1, …, 16i + 15) in row i.
func fill(f *field.Field, traces []matrix.Matrix, workers int) [][]field.Elem {
	p2 := traces[tableP2]
	bench.ForRanges(p2.Height()/blockStride, workers, func(from, to int) {
		from, to = from*blockStride, to*blockStride
		for ; from < to; from += chunkRows {
			fillRows(f, traces, from, min(from+chunkRows, to))
		}
	})
	return make([][]field.Elem, len(traces))
}

// fillRows fills the rows of permutations [from, to) in every table; both are multiples of
// blockStride.
func fillRows(f *field.Field, traces []matrix.Matrix, from, to int) {
	p2 := traces[tableP2].Rows(from, to)
	gadget.FillP2(p2, func(i int, in []field.Elem) (count, full uint64) {
		next := f.FromUint(uint64(from+i) * gadget.StateLen)
		for k := range in {
			in[k] = next
			next = f.Add(next, f.One())
		}
		if i%blockStride == 0 {
			full = 1
		}
		return 1, full
	})
	for i := range p2.Height() {
		row := p2.Row(i)
		put(traces[tableNodes].Row(from+i), row)
		if i%blockStride == 0 {
			put(traces[tableBlocks].Row((from+i)/blockStride), row)
		}
	}
}

// put writes the question and as much of the answer as dst holds.
func put(dst, p2 []field.Elem) {
	copy(dst, p2[:gadget.StateLen])
	copy(dst[gadget.StateLen:], gadget.P2Answer(p2))
}
