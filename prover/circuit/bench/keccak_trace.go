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
	m := matrix.New(1<<logRows, KeccakWidth)
	fillKeccakTable(f, m, inputs, workers)
	return m
}

// fillKeccakTable writes the trace into m.
func fillKeccakTable(f *field.Field, m matrix.Matrix, inputs []KeccakState, workers int) {
	rows := m.Height()
	if len(inputs) > rows/keccak.Rounds {
		panic(fmt.Sprintf("bench: %d permutations of %d rows do not fit %d rows", len(inputs), keccak.Rounds, rows))
	}
	n := (rows + keccak.Rounds - 1) / keccak.Rounds
	ForRanges(n, workers, func(from, to int) {
		for i := from; i < to; i++ {
			var input KeccakState
			if i < len(inputs) {
				input = inputs[i]
			}
			first := i * keccak.Rounds
			fillKeccak(f, m.Rows(first, min(first+keccak.Rounds, rows)), input)
		}
	})
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

// fillKeccak fills the rounds of one permutation, as many as there are rows.
func fillKeccak(f *field.Field, m matrix.Matrix, input KeccakState) {
	k := keccakRound{}
	copy(k.inputs[:25], input[:])
	state := input
	for r := range m.Height() {
		copy(k.inputs[25:], state[:])
		k.run(&state)
		row := m.Row(r)
		clear(row[:colPreimage])
		row[colStep+r] = f.One()
		putLimbs(f, row[colPreimage:], k.inputs[:])
		putBits(f, row[colC:], k.mixed[:])
		putLimbs(f, row[colAPrime2:], state[:])
		putBits(f, row[colFirstBits:], state[:1])
		state[0] ^= keccak.RC[r]
		putLimbs(f, row[colFirstIota:], state[:1])
	}
}

// keccakRound is the lanes of a row in the order of their columns.
type keccakRound struct {
	inputs [2 * 25]uint64   // the permutation's and the round's
	mixed  [2*5 + 25]uint64 // C, C' and A'
}

// run computes what follows from a, the round's input, and replaces it by A″.
func (k *keccakRound) run(a *KeccakState) {
	c, cPrime, aPrime := (*[5]uint64)(k.mixed[:]), (*[5]uint64)(k.mixed[5:]), (*KeccakState)(k.mixed[10:])
	for x := range c {
		c[x] = a[x] ^ a[x+5] ^ a[x+10] ^ a[x+15] ^ a[x+20]
	}
	for x := range cPrime {
		cPrime[x] = c[x] ^ c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
	}
	for i, lane := range a {
		aPrime[i] = lane ^ c[i%5] ^ cPrime[i%5]
	}
	var b KeccakState
	for i, s := range rhoPiLanes {
		b[i] = bits.RotateLeft64(aPrime[s.from], s.rotation)
	}
	for y := 0; y < 25; y += 5 {
		for x := range 5 {
			a[y+x] = b[y+x] ^ b[y+(x+2)%5]&^b[y+(x+1)%5]
		}
	}
}

// rhoPiLanes says for each lane after rho and pi where it comes from, and by how much it
// is rotated.
var rhoPiLanes = func() (s [25]struct{ from, rotation int }) {
	for i := range s {
		x, y, _ := rhoPi(i%5, i/5, 0)
		s[i].from, s[i].rotation = x+5*y, keccak.Rotation[x][y]
	}
	return s
}()

// eachBit is putBits, bit by bit.
func eachBit(f *field.Field, dst []field.Elem, lanes []uint64) {
	one := f.One()
	for _, lane := range lanes {
		for z := range dst[:laneBits] {
			dst[z] = one & -field.Elem(lane>>z&1)
		}
		dst = dst[laneBits:]
	}
}

// eachLimb is putLimbs, limb by limb.
func eachLimb(f *field.Field, dst []field.Elem, lanes []uint64) {
	for _, lane := range lanes {
		for i := range dst[:laneLimbs] {
			dst[i] = f.FromUint(lane >> (i * limbBits) & (1<<limbBits - 1))
		}
		dst = dst[laneLimbs:]
	}
}
