package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
)

// transpose emits func(dst, src *uint32, dstStride, srcStride int): a square of as many
// rows and columns as a vector has lanes; strides in words.
func transpose(f *asm.File) {
	f.Text("transpose", 0, 32)
	f.I("MOVQ dst+0(FP), DI")
	f.I("MOVQ src+8(FP), SI")
	f.I("MOVQ dstStride+16(FP), DX")
	f.I("MOVQ srcStride+24(FP), CX")
	f.I("SHLQ $2, DX")
	f.I("SHLQ $2, CX")
	n := f.Lanes()
	a, b := f.Vs(0, n), f.Vs(n, 2*n)
	for i := range n {
		load(f, "(SI)", a[i])
		if i < n-1 {
			f.I("ADDQ CX, SI")
		}
	}
	unpack(f, a, b)
	for i, r := range blocks(f, a, b) {
		store(f, r, "(DI)")
		if i < n-1 {
			f.I("ADDQ DX, DI")
		}
	}
	f.Return()
}

// unpack emits the 4×4 transposition inside every 128-bit block, for each four vectors
// of a: from (4k + i)'s block b, element j, to (4k + j)'s block b, element i. It
// overwrites b.
func unpack(f *asm.File, a, b []string) {
	for k := 0; k < len(a); k += 4 {
		for i := 0; i < 4; i += 2 {
			f.I("VPUNPCKLDQ %s, %s, %s", a[k+i+1], a[k+i], b[k+i])
			f.I("VPUNPCKHDQ %s, %s, %s", a[k+i+1], a[k+i], b[k+i+1])
		}
		for i := range 2 {
			f.I("VPUNPCKLQDQ %s, %s, %s", b[k+2+i], b[k+i], a[k+2*i])
			f.I("VPUNPCKHQDQ %s, %s, %s", b[k+2+i], b[k+i], a[k+2*i+1])
		}
	}
}

// blocks emits the transposition of 128-bit blocks: vector 4k + j, block b, becomes
// vector 4b + j, block k. It returns the registers in which the vectors are.
func blocks(f *asm.File, a, b []string) []string {
	if f.ISA == asm.AVX2 {
		for j := range 4 {
			f.I("VPERM2I128 $0x20, %s, %s, %s", a[4+j], a[j], b[j])
			f.I("VPERM2I128 $0x31, %s, %s, %s", a[4+j], a[j], b[4+j])
		}
		return b
	}
	const even, odd = 0x88, 0xdd // of each operand's four blocks
	for j := range 4 {
		x := func(which, x, y int, from, to []string, d int) {
			f.I("VSHUFI32X4 $%s, %s, %s, %s", fmt.Sprintf("0x%02x", which), from[4*y+j], from[4*x+j], to[4*d+j])
		}
		x(even, 0, 1, a, b, 0) // blocks 0 and 2 of the first and of the second four
		x(odd, 0, 1, a, b, 1)
		x(even, 2, 3, a, b, 2)
		x(odd, 2, 3, a, b, 3)
		x(even, 0, 2, b, a, 0)
		x(even, 1, 3, b, a, 1)
		x(odd, 0, 2, b, a, 2)
		x(odd, 1, 3, b, a, 3)
	}
	return a
}
