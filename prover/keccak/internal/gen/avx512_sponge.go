package main

import (
	"fmt"

	"rpp-node/prover/keccak"
)

// absorb emits func(state *uint64, rows *uint32, stride, words int): the words, at least
// one, of eight rows enter the states.
func (w *wide) absorb() {
	w.Text("absorb", 0, 32)
	w.I("MOVQ state+0(FP), DI")
	w.I("MOVQ rows+8(FP), %s", strided.base)
	w.I("MOVQ stride+16(FP), %s", strided.s1)
	w.I("MOVQ words+24(FP), CX")
	strided.prepare(w.File, 8)
	w.loadState("DI")

	w.Label("block")
	w.I("CMPQ CX, $%d", blockWords)
	w.I("JLT %s", w.L("tail"))
	w.prefetch()
	w.transpose8(0, strided.at(0), "")
	w.transpose8(8, strided.at(64), "")
	w.lane16("")
	w.Call("permute")
	w.I("ADDQ $%d, %s", blockBytes, strided.base)
	w.I("SUBQ $%d, CX", blockWords)
	w.I("JMP %s", w.L("block"))

	// A short block: the words that exist, by masks; then the lanes that it leaves alone
	// come back from memory.
	w.Label("tail")
	w.I("TESTQ CX, CX")
	w.I("JZ %s", w.L("done"))
	w.storeState("DI", blockLanes)
	w.I("MOVQ $-1, AX")
	w.I("BZHIQ CX, AX, AX")
	for _, k := range []string{"K2", "K3", "K4"} {
		w.I("KMOVW AX, %s", k)
		w.I("SHRQ $16, AX")
	}
	w.transpose8(0, strided.at(0), "K2")
	w.transpose8(8, strided.at(64), "K3")
	w.lane16("K4")
	w.I("INCQ CX")
	w.I("SHRQ $1, CX")
	for i := blockLanes - 1; i > 0; i-- {
		w.I("CMPQ CX, $%d", i)
		w.I("JGT %s", w.L("kept"))
		w.I("VMOVDQU64 %d(DI), %s", 64*i, w.V(i))
	}
	w.Label("kept")
	w.Call("permute")
	w.Label("done")
	w.storeState("DI", 25)
	w.Return()
}

// prefetch emits requests for the same block of the eight rows that come next: rows are
// too short for the processor's own prefetching to see where they lead.
func (w *wide) prefetch() {
	w.I("LEAQ (%s)(%s*8), AX", strided.base, strided.s1)
	next := strided
	next.base = "AX"
	for i := range 8 {
		for _, offset := range []int{0, 64, blockBytes - 1} {
			w.I("PREFETCHT1 %s", next.at(offset)(i))
		}
	}
}

// load emits a load of 16·n/8 words, those of the mask if there is one; the others are 0.
func (w *wide) load(from, mask, to string) {
	if mask == "" {
		w.I("VMOVDQU64 %s, %s", from, to)
	} else {
		w.I("VMOVDQU32.Z %s, %s, %s", from, mask, to)
	}
}

// transpose8 emits the loads of eight lanes of each row into the registers of lanes first
// and following.
func (w *wide) transpose8(first int, row func(i int) string, mask string) {
	lane := w.Vs(first, first+8)
	u := append([]string{w.V(16)}, w.temp...)
	for i := range 8 {
		w.load(row(i), mask, u[i])
	}
	// Pairs of rows: even lanes in even places, odd lanes in odd ones.
	for i := 0; i < 8; i += 2 {
		w.I("VPUNPCKLQDQ %s, %s, %s", u[i+1], u[i], lane[i])
		w.I("VPUNPCKHQDQ %s, %s, %s", u[i+1], u[i], lane[i+1])
	}
	// Then blocks of two rows: their 4×4 transposition for even lanes and for odd ones.
	const even, odd = 0x88, 0xdd
	blocks := func(select_ int, x, y, d string) { w.I("VSHUFI64X2 $0x%x, %s, %s, %s", select_, y, x, d) }
	for p := range 2 {
		blocks(even, lane[p], lane[p+2], u[p])
		blocks(odd, lane[p], lane[p+2], u[p+2])
		blocks(even, lane[p+4], lane[p+6], u[p+4])
		blocks(odd, lane[p+4], lane[p+6], u[p+6])
	}
	for p := range 2 {
		blocks(even, u[p], u[p+4], lane[p])
		blocks(odd, u[p], u[p+4], lane[p+4])
		blocks(even, u[p+2], u[p+6], lane[p+2])
		blocks(odd, u[p+2], u[p+6], lane[p+6])
	}
}

// lane16 emits the loads of the block's last lane.
func (w *wide) lane16(mask string) {
	u := append([]string{w.V(16)}, w.temp...)
	x, y := func(i int) string { return "X" + u[i][1:] }, func(i int) string { return "Y" + u[i][1:] }
	for i := range 8 {
		from := strided.at(128)(i)
		if mask == "" {
			w.I("VMOVQ %s, %s", from, x(i))
		} else {
			w.load(from, mask, x(i))
		}
	}
	for i := 0; i < 8; i += 2 {
		w.I("VPUNPCKLQDQ %s, %s, %s", x(i+1), x(i), x(i))
	}
	for i := 0; i < 8; i += 4 {
		w.I("VINSERTI64X2 $1, %s, %s, %s", x(i+2), y(i), y(i))
	}
	w.I("VINSERTI64X4 $1, %s, %s, %s", y(4), u[0], u[0])
}

// squeeze emits func(dst *uint32, state *uint64): the eight digests.
func (w *wide) squeeze() {
	w.Text("squeeze", 0, 16)
	w.I("MOVQ dst+0(FP), DI")
	w.I("MOVQ state+8(FP), SI")
	for i := range 4 {
		w.I("VMOVDQU64 %d(SI), %s", 64*i, w.V(i))
	}
	w.digests("DI")
	w.Return()
}

// digests emits the stores of the first four lanes of all states.
func (w *wide) digests(base string) {
	for half := range 2 {
		x, y := w.V(2*half), w.V(2*half+1)
		w.I("VPUNPCKLQDQ %s, %s, %s", y, x, w.temp[0])
		w.I("VPUNPCKHQDQ %s, %s, %s", y, x, w.temp[1])
		for i := range 8 {
			from, to := w.temp[i%2], fmt.Sprintf("%d(%s)", digestBytes*i+16*half, base)
			if i < 2 {
				w.I("VMOVDQU64 X%s, %s", from[1:], to)
			} else {
				w.I("VEXTRACTI64X2 $%d, %s, %s", i/2, from, to)
			}
		}
	}
}

// compress emits func(dst, src *uint32, groups int): digests of eight pairs a group.
//
// The first round starts from 17 zero lanes and the last need only make four; that saves
// a thirtieth of the permutation.
func (w *wide) compress() {
	w.Text("compress", 0, 24)
	w.I("MOVQ dst+0(FP), DI")
	w.I("MOVQ src+8(FP), SI")
	w.I("MOVQ groups+16(FP), CX")
	w.Label("group")
	w.transpose8(0, packed("SI", pairBytes), "")
	w.firstOfPair()
	w.Call("middle")
	last := w.lanes(keccak.Rounds - 1)
	w.parity(last)
	w.thetaRho(last, w.deltas(), 0)
	w.chi(last, 0)
	w.iota(keccak.Rounds - 1)
	w.digests("DI")
	w.I("ADDQ $%d, SI", 8*pairBytes)
	w.I("ADDQ $%d, DI", 8*digestBytes)
	w.I("DECQ CX")
	w.I("JNZ %s", w.L("group"))
	w.Return()
}

// firstOfPair emits round 0 of a state whose lanes from the ninth on are 0, whatever the
// registers hold.
func (w *wide) firstOfPair() {
	a, c := w.lanes(0), w.c()
	for x := range c {
		w.I("VMOVDQA64 %s, %s", a[x][0], c[x])
		if index(x, 1) < pairLanes {
			w.I("VPXORQ %s, %s, %s", a[x][1], c[x], c[x])
		}
	}
	d := w.deltas()
	for y := range 5 {
		for x := range 5 {
			if index(x, y) >= pairLanes {
				w.I("VPXORQ %s, %s, %s", a[x][y], a[x][y], a[x][y])
			}
		}
	}
	for y := range 5 {
		w.thetaRho(a, d, y)
		w.chi(a, y)
	}
	w.iota(0)
}
