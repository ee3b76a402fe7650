package bench

import "rpp-node/prover/keccak"

// The columns of KeccakF, in the order of upstream's KeccakCols
// (keccak-air/src/columns.rs), and their first positions. A lane of 64 bits is four
// limbs of 16 bits, least significant first, or 64 columns of one bit.
const (
	colStep      = 0                        // [24]: which round this row is
	colExport    = colStep + keccak.Rounds  // whether the last row's output is to be read
	colPreimage  = colExport + 1            // [y][x][limb]: the permutation's input
	colA         = colPreimage + stateLimbs // [y][x][limb]: the round's input
	colC         = colA + stateLimbs        // [x][bit]: parity of each column of A
	colCPrime    = colC + 5*laneBits        // [x][bit]: C after theta's mixing
	colAPrime    = colCPrime + 5*laneBits   // [y][x][bit]: A after theta
	colAPrime2   = colAPrime + 25*laneBits  // [y][x][limb]: after rho, pi and chi
	colFirstBits = colAPrime2 + stateLimbs  // [bit]: lane (0, 0) of the former
	colFirstIota = colFirstBits + laneBits  // [limb]: lane (0, 0) after iota

	KeccakWidth = colFirstIota + laneLimbs // 2633
)

const (
	laneBits   = 64
	limbBits   = 16
	laneLimbs  = laneBits / limbBits
	stateLimbs = 25 * laneLimbs
)

// limbColumn is the place of a limb of lane (x, y) within a state of limbs, bitColumn
// that of a bit within a state of bits.
func limbColumn(x, y, limb int) int { return (5*y+x)*laneLimbs + limb }
func bitColumn(x, y, z int) int     { return (5*y+x)*laneBits + z }

// rhoPi says where bit z of lane (x, y) after rho and pi comes from: which lane of
// A', and which of its bits.
func rhoPi(x, y, z int) (fromX, fromY, fromZ int) {
	fromX, fromY = (x+3*y)%5, x
	return fromX, fromY, (z + laneBits - keccak.Rotation[fromX][fromY]) % laneBits
}
