package main

import "fmt"

// absorb emits func(state *uint64, rows *uint32, stride, words int): the words, at least
// one, of four rows enter the states.
func (n *narrow) absorb() {
	n.Text("absorb", 0, 32)
	n.room("state+0(FP)")
	n.I("MOVQ rows+8(FP), %s", strided.base)
	n.I("MOVQ stride+16(FP), %s", strided.s1)
	n.I("MOVQ words+24(FP), BX")
	strided.prepare(n.File, 4)

	n.Label("block")
	n.I("CMPQ BX, $%d", blockWords)
	n.I("JLT %s", n.L("tail"))
	n.prefetch()
	for i := 0; i+4 <= blockLanes; i += 4 {
		n.transpose4(strided.at(8*i), func(k int) string { return lane("R12", i+k) })
	}
	for i := range 4 {
		n.word("MOVQ", strided.at(8*(blockLanes-1))(i), fmt.Sprintf("%d(R12)", laneBytes*(blockLanes-1)+8*i))
	}
	n.Call("permute")
	n.I("ADDQ $%d, %s", blockBytes, strided.base)
	n.I("SUBQ $%d, BX", blockWords)
	n.I("JMP %s", n.L("block"))

	// A short block, lane by lane; an odd last word stands alone.
	n.Label("tail")
	n.I("TESTQ BX, BX")
	n.I("JZ %s", n.L("done"))
	n.I("MOVQ R12, DI")
	n.Label("lane")
	n.I("CMPQ BX, $2")
	n.I("JLT %s", n.L("odd"))
	for i := range 4 {
		n.word("MOVQ", strided.at(0)(i), fmt.Sprintf("%d(DI)", 8*i))
	}
	n.I("ADDQ $8, %s", strided.base)
	n.I("ADDQ $%d, DI", laneBytes)
	n.I("SUBQ $2, BX")
	n.I("JNZ %s", n.L("lane"))
	n.I("JMP %s", n.L("last"))
	n.Label("odd")
	for i := range 4 {
		n.word("MOVL", strided.at(0)(i), fmt.Sprintf("%d(DI)", 8*i))
	}
	n.Label("last")
	n.Call("permute")
	n.Label("done")
	n.Return()
}

// word emits a copy of a lane: by MOVL, of its lower half, the upper one being 0.
func (n *narrow) word(load, from, to string) {
	n.I("%s %s, AX", load, from)
	n.I("MOVQ AX, %s", to)
}

// prefetch emits requests for the same block of the four rows that come next.
func (n *narrow) prefetch() {
	n.I("LEAQ (%s)(%s*4), AX", strided.base, strided.s1)
	next := strided
	next.base = "AX"
	for i := range 4 {
		for _, offset := range []int{0, 64, blockBytes - 1} {
			n.I("PREFETCHT1 %s", next.at(offset)(i))
		}
	}
}

// transpose4 emits a copy of four lanes of each of four rows: lane k of row i becomes
// element i of k.
func (n *narrow) transpose4(row, to func(i int) string) {
	r, p := n.Vs(0, 4), n.Vs(4, 8)
	for i := range 4 {
		n.I("VMOVDQU %s, %s", row(i), r[i])
	}
	n.transposed(r, p)
	for k := range 4 {
		n.I("VMOVDQU %s, %s", r[k], to(k))
	}
}

// transposed emits the transposition of r, overwriting p.
func (n *narrow) transposed(r, p []string) {
	for i := 0; i < 4; i += 2 {
		n.I("VPUNPCKLQDQ %s, %s, %s", r[i+1], r[i], p[i])
		n.I("VPUNPCKHQDQ %s, %s, %s", r[i+1], r[i], p[i+1])
	}
	for i := range 2 {
		n.I("VPERM2I128 $0x20, %s, %s, %s", p[i+2], p[i], r[i])
		n.I("VPERM2I128 $0x31, %s, %s, %s", p[i+2], p[i], r[i+2])
	}
}

// squeeze emits func(dst *uint32, state *uint64): the four digests.
func (n *narrow) squeeze() {
	n.Text("squeeze", 0, 16)
	n.I("MOVQ dst+0(FP), DI")
	n.I("MOVQ state+8(FP), R12")
	n.digests("DI")
	n.Return()
}

// digests emits the stores of the first four lanes of all states.
func (n *narrow) digests(base string) {
	n.transpose4(func(i int) string { return lane("R12", i) }, packed(base, digestBytes))
}

// compress emits func(dst, src *uint32, groups int, state *uint64): digests of four pairs
// a group.
func (n *narrow) compress() {
	n.Text("compress", 0, 32)
	n.I("MOVQ dst+0(FP), DI")
	n.I("MOVQ src+8(FP), SI")
	n.I("MOVQ groups+16(FP), BX")
	n.room("state+24(FP)")
	n.Label("group")
	for half := range 2 {
		row := func(i int) string { return fmt.Sprintf("%d(SI)", pairBytes*i+pairBytes/2*half) }
		n.transpose4(row, func(k int) string { return lane("R12", 4*half+k) })
	}
	n.I("VPXOR Y0, Y0, Y0")
	for i := 8; i < 25; i++ {
		n.I("VMOVDQU Y0, %s", lane("R12", i))
	}
	n.Call("permute")
	n.digests("DI")
	n.I("ADDQ $%d, SI", 4*pairBytes)
	n.I("ADDQ $%d, DI", 4*digestBytes)
	n.I("DECQ BX")
	n.I("JNZ %s", n.L("group"))
	n.Return()
}
