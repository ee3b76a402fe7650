package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
)

// transpositions writes the kernels that bring rows of a matrix among the words of sixteen
// states, and digests out of them.
func transpositions(f *asm.File) {
	loadRows16(f)
	loadRows8(f)
	storeDigests(f)
}

// ahead is how far, in bytes, rows are asked for before they are loaded: the memory's
// latency at the speed at which blocks are hashed.
const ahead = 256

// columns transposes 4×4 blocks of words within each 128-bit part of four rows a quarter:
// part l of out[q][c] has column 4·l+c of rows 4·q to 4·q+3. in and out are disjoint.
func columns(f *asm.File, in, out []string) {
	for q := 0; q < len(in); q += 4 {
		a, b := in[q:q+4], out[q:q+4]
		f.I("VPUNPCKLDQ %s, %s, %s", a[1], a[0], b[0])
		f.I("VPUNPCKHDQ %s, %s, %s", a[1], a[0], b[1])
		f.I("VPUNPCKLDQ %s, %s, %s", a[3], a[2], b[2])
		f.I("VPUNPCKHDQ %s, %s, %s", a[3], a[2], b[3])
		f.I("VPUNPCKLQDQ %s, %s, %s", b[2], b[0], a[0])
		f.I("VPUNPCKHQDQ %s, %s, %s", b[2], b[0], a[1])
		f.I("VPUNPCKLQDQ %s, %s, %s", b[3], b[1], a[2])
		f.I("VPUNPCKHQDQ %s, %s, %s", b[3], b[1], a[3])
	}
}

// parts transposes the 4×4 matrix of the 128-bit parts of four vectors, with four
// temporary ones.
func parts(f *asm.File, u, t []string) {
	f.I("VSHUFI32X4 $0x88, %s, %s, %s", u[1], u[0], t[0])
	f.I("VSHUFI32X4 $0x88, %s, %s, %s", u[3], u[2], t[1])
	f.I("VSHUFI32X4 $0xdd, %s, %s, %s", u[1], u[0], t[2])
	f.I("VSHUFI32X4 $0xdd, %s, %s, %s", u[3], u[2], t[3])
	f.I("VSHUFI32X4 $0x88, %s, %s, %s", t[1], t[0], u[0])
	f.I("VSHUFI32X4 $0x88, %s, %s, %s", t[3], t[2], u[1])
	f.I("VSHUFI32X4 $0xdd, %s, %s, %s", t[1], t[0], u[2])
	f.I("VSHUFI32X4 $0xdd, %s, %s, %s", t[3], t[2], u[3])
}

// rowAddresses loads the arguments of a loader and returns how to address row i, given
// that rows are visited in ascending order, four by four.
func rowAddresses(f *asm.File) func(i int) string {
	f.I("MOVQ words+0(FP), DI")
	f.I("MOVQ rows+8(FP), SI")
	f.I("MOVQ stride+16(FP), R8")
	f.I("LEAQ (R8)(R8*2), R9")
	f.I("LEAQ (SI)(R8*4), R10")
	f.I("LEAQ (R10)(R8*4), R11")
	f.I("LEAQ (R11)(R8*4), R12")
	return func(i int) string {
		base := [...]string{"SI", "R10", "R11", "R12"}[i/4]
		return base + [...]string{")", ")(R8*1)", ")(R8*2)", ")(R9*1)"}[i%4]
	}
}

func loadRows16(f *asm.File) {
	f.Text("loadRows16", 0, 24)
	at := rowAddresses(f)
	in, out := f.Vs(0, 16), f.Vs(16, 32)
	for i := range 16 {
		f.I("VMOVDQU32 (%s, %s", at(i), in[i])
		f.I("PREFETCHT0 %d(%s", ahead, at(i))
	}
	columns(f, in, out)
	for c := range 4 {
		u := []string{in[c], in[4+c], in[8+c], in[12+c]}
		parts(f, u, out[4*c:4*c+4])
		for l := range 4 {
			f.I("VMOVDQU32 %s, %d(DI)", u[l], 64*(4*l+c))
		}
	}
	f.Return()
}

// loadRows8 has rows i and i+8 share a vector.
func loadRows8(f *asm.File) {
	f.Text("loadRows8", 0, 24)
	at := rowAddresses(f)
	in, out := f.Vs(0, 8), f.Vs(16, 24)
	for i := range 8 {
		f.I("VMOVDQU (%s, Y%d", at(i), i)
		f.I("PREFETCHT0 %d(%s", ahead, at(i))
	}
	for i := range 8 {
		f.I("VINSERTI64X4 $1, (%s, %s, %s", at(8+i), in[i], in[i])
		f.I("PREFETCHT0 %d(%s", ahead, at(8+i))
	}
	columns(f, in, out)
	for c := range 4 {
		for l, order := range []int{0x88, 0xdd} {
			f.I("VSHUFI32X4 $%#x, %s, %s, %s", order, in[4+c], in[c], out[0])
			f.I("VSHUFI32X4 $0xd8, %s, %s, %s", out[0], out[0], out[0])
			f.I("VMOVDQU32 %s, %d(DI)", out[0], 64*(4*l+c))
		}
	}
	f.Return()
}

func storeDigests(f *asm.File) {
	f.Text("storeDigests", 0, 16)
	f.I("MOVQ digests+0(FP), DI")
	f.I("MOVQ words+8(FP), SI")
	in, out := f.Vs(0, 8), f.Vs(16, 24)
	for i, v := range in {
		f.I("VMOVDQU32 %s, %s", fmt.Sprintf("%d(SI)", 64*i), v)
	}
	columns(f, in, out)
	for r := 0; r < 4; r += 2 {
		u := []string{in[r], in[4+r], in[r+1], in[5+r]}
		parts(f, u, out[:4])
		for l := range 4 {
			f.I("VMOVDQU32 %s, %d(DI)", u[l], 64*(2*l+r/2))
		}
	}
	f.Return()
}
