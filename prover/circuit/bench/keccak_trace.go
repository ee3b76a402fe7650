package bench

import (
	"fmt"
	"math/bits"

	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
	"rpp-node/prover/matrix"
)

// KeccakState is the 25 lanes of a state, lane (x, y) at x + 5y.
type KeccakState = [25]uint64

// KeccakTrace lays out the permutations of inputs, in order, in 2^logRows rows. The rest
// is filled with permutations of the zero state; the last one is cut where the rows
// end, since nothing constrains the row after the last. It panics if the inputs need
// more rows.
func KeccakTrace(f *field.Field, inputs []KeccakState, logRows, workers int) matrix.Matrix {
	rows := 1 << logRows
	if len(inputs) > rows/keccak.Rounds {
		panic(fmt.Sprintf("bench: %d permutations of %d rows do not fit 2^%d rows", len(inputs), keccak.Rounds, logRows))
	}
	m := matrix.New(rows, KeccakWidth)
	n := (rows + keccak.Rounds - 1) / keccak.Rounds
	forRanges(n, workers, func(from, to int) {
		for i := from; i < to; i++ {
			var input KeccakState
			if i < len(inputs) {
				input = inputs[i]
			}
			first := i * keccak.Rounds
			fillKeccak(f, m.Rows(first, min(first+keccak.Rounds, rows)), input)
		}
	})
	return m
}

// KeccakInputs are the inputs of the sample traces: lane k of permutation i is
// (25i + k + 1)·0x9E3779B97F4A7C15, modulo 2^64.
func KeccakInputs(permutations int) []KeccakState {
	in := make([]KeccakState, permutations)
	for i := range in {
		for k := range in[i] {
			in[i][k] = uint64(25*i+k+1) * 0x9E3779B97F4A7C15
		}
	}
	return in
}

// fillKeccak fills the rounds of one permutation, as many as there are rows, which are
// zero at first.
func fillKeccak(f *field.Field, m matrix.Matrix, input KeccakState) {
	state := input
	for r := range m.Height() {
		row := keccakRow{f: f, row: m.Row(r)}
		row.row[colStep+r] = f.One()
		for i, lane := range input {
			row.limbs(colPreimage+i*laneLimbs, lane)
		}
		row.round(&state, keccak.RC[r])
	}
}

type keccakRow struct {
	f   *field.Field
	row []field.Elem
}

func (k keccakRow) limbs(at int, lane uint64) {
	for i := range laneLimbs {
		k.row[at+i] = k.f.FromUint(lane >> (i * limbBits) & (1<<limbBits - 1))
	}
}

func (k keccakRow) bits(at int, lane uint64) {
	cols, one := k.row[at:at+laneBits], k.f.One()
	for z := range cols {
		cols[z] = one & -field.Elem(lane>>z&1)
	}
}

// round fills the columns of one round and replaces the state by its output.
func (k keccakRow) round(a *KeccakState, rc uint64) {
	var c, cPrime [5]uint64
	for x := range c {
		c[x] = a[x] ^ a[x+5] ^ a[x+10] ^ a[x+15] ^ a[x+20]
		k.bits(colC+x*laneBits, c[x])
	}
	for x := range cPrime {
		cPrime[x] = c[x] ^ c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
		k.bits(colCPrime+x*laneBits, cPrime[x])
	}
	var aPrime KeccakState
	for i, lane := range a {
		k.limbs(colA+i*laneLimbs, lane)
		aPrime[i] = lane ^ c[i%5] ^ cPrime[i%5]
		k.bits(colAPrime+i*laneBits, aPrime[i])
	}
	b := func(x, y int) uint64 {
		fromX, fromY, _ := rhoPi(x, y, 0)
		return bits.RotateLeft64(aPrime[fromX+5*fromY], keccak.Rotation[fromX][fromY])
	}
	for i := range a {
		x, y := i%5, i/5
		a[i] = b(x, y) ^ (b((x+2)%5, y) &^ b((x+1)%5, y))
		k.limbs(colAPrime2+i*laneLimbs, a[i])
	}
	k.bits(colFirstBits, a[0])
	a[0] ^= rc
	k.limbs(colFirstIota, a[0])
}
