package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
	"rpp-node/prover/poseidon2/internal/plan"
)

// The AVX-512 kernel permutes sixteen states, whose words lie side by side, as two times
// eight states of 64-bit lanes: the even words, then the odd ones. There is a second one,
// of the even words alone, for no more than eight states: it takes little more than half as
// long.
//
// Arithmetic. VPMADD52LUQ and VPMADD52HUQ add the low or the high 52 bits of a product of
// 52-bit integers to a 64-bit lane. With R = 2^52 a lane has 21 bits to spare above a
// reduced element, so that sums are plain additions, and a product is reduced in
// Montgomery's way whatever the size of its factors below 2^52:
//
//	x·y/R = (x·y - q·p)/R, q = x·y·p^-1 mod R, or (x·y + q·p)/R, q = -x·y·p^-1 mod R
//
// The quotient needs no low half of the product: x·y·p^-1 = y·(x·p^-1), and x·p^-1 mod R
// serves all products by x. The low halves of x·y and of q·p are equal, or add up to R
// unless both are zero, so that the high halves alone give the result. Where the second
// form is used (one addition less) the low half of x·y is never zero, because x is odd:
// see sbox.
//
// Everything is homogeneous: round constants come multiplied by the power of two (and of
// R) that the state has gathered until then, and the state is only brought back to R,
// where x^3/R^2 and x^7/R^6 keep the factor, for the partial rounds, in which one element
// passes the S-box and the others do not.
type kernel struct {
	*asm.File
	*plan.Plan
	halves []string // their scratch: both, or that of the even words
}

// General registers.
const (
	words = "DI"  // the states: row i holds element i of all
	table = "R8"  // constants, as package plan lays them out
	even  = "R9"  // scratch of the even words: an element a row, then rows of sums
	odd   = "R10" // scratch of the odd words
	half  = "R11" // one of the two
	round = "BX"  // constants of the round
	count = "CX"
	phase = "DX" // 0 in the first full rounds, 1 in the last
	skip  = "AX"
)

// Offsets of the scratch in the buffer behind words.
const (
	evenOffset = plan.WordsBytes
	oddOffset  = evenOffset + plan.ScratchBytes
)

func (k *kernel) c(word int) constant { return constant(fmt.Sprintf("%d(%s)", 8*word, table)) }

func row(base string, i int) string { return fmt.Sprintf("%d(%s)", 64*i, base) }

// emit writes instructions.
func (k *kernel) emit(seq ...string) {
	for _, s := range seq {
		k.I("%s", s)
	}
}

// permute writes the kernel:
//
//	func permute…(words *uint32, table *uint64, skip uint64)
//
// With skip not zero, the caller is about to overwrite the rate: only the last elements
// are brought into canonical form.
func (k *kernel) permute(name string) {
	k.Text("permute"+name, 0, 24)
	k.emit("MOVQ words+0(FP), "+words, "MOVQ table+8(FP), "+table, "MOVQ skip+16(FP), "+skip)
	k.emit(fmt.Sprintf("LEAQ %d(%s), %s", evenOffset, words, even), fmt.Sprintf("LEAQ %d(%s), %s", oddOffset, words, odd))
	k.fullConstants()
	k.enterFull()
	k.emit(fmt.Sprintf("LEAQ %d(%s), %s", 8*(k.Initial+k.Width), table, round), "XORL "+phase+", "+phase)
	k.Label("full")
	k.emit(fmt.Sprintf("MOVL $%d, %s", plan.HalfRounds, count))
	k.Label("round")
	k.fullRound()
	k.emit("DECL "+count, "JNZ "+k.L("round"))
	k.emit("TESTL "+phase+", "+phase, "JNZ "+k.L("out"))
	k.emit("MOVQ "+even+", "+half, fmt.Sprintf("MOVL $%d, %s", len(k.halves), phase))
	k.Label("half")
	k.partialRounds()
	k.emit("MOVQ "+odd+", "+half, "DECL "+phase, "JNZ "+k.L("half"))
	k.fullConstants()
	k.emit(fmt.Sprintf("LEAQ %d(%s), %s", 8*(k.Final+k.Width), table, round), "MOVL $1, "+phase, "JMP "+k.L("full"))
	k.Label("out")
	k.out()
	k.Return()
}
