package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
)

// bits emits func(dst *uint32, lanes *uint64, n int, one uint32): 64 words a lane, each
// one or 0 by a bit, the lowest first.
func bits(f *asm.File) {
	var flags []uint32
	for i := range 32 {
		flags = append(flags, 1<<i)
	}
	var table string
	if f.ISA == asm.AVX2 {
		table = f.Words("flags", flags...)
	}
	f.Text("bits", 0, 28)
	f.I("MOVQ dst+0(FP), DI")
	f.I("MOVQ lanes+8(FP), SI")
	f.I("MOVQ n+16(FP), CX")
	f.I("MOVL one+24(FP), AX")
	broadcast(f, 0)
	f.I("SHLQ $1, CX")
	if f.ISA == asm.AVX2 {
		for i := range 4 {
			load(f, fmt.Sprintf("%s+%d(SB)", table, 32*i), f.V(4+i))
		}
	}
	f.Label("half")
	for i := range 32 / f.Lanes() {
		v := f.V(8 + i)
		if f.ISA == asm.AVX512 {
			f.I("KMOVW %d(SI), K1", 2*i)
			f.I("VMOVDQA32.Z %s, K1, %s", f.V(0), v)
		} else {
			if i == 0 {
				f.I("VPBROADCASTD (SI), %s", f.V(1))
			}
			f.I("VPAND %s, %s, %s", f.V(1), f.V(4+i), v)
			f.I("VPCMPEQD %s, %s, %s", f.V(4+i), v, v)
			f.I("VPAND %s, %s, %s", f.V(0), v, v)
		}
		store(f, v, at(f, "DI", i))
	}
	f.I("ADDQ $4, SI")
	f.I("ADDQ $128, DI")
	f.I("DECQ CX")
	f.I("JNZ %s", f.L("half"))
	f.Return()
}

// limbs emits func(dst *uint32, lanes *uint64, n int): four words a lane, its limbs of 16
// bits as elements, the lowest first.
func limbs(f *asm.File, p prime) {
	f.Text("limbs"+p.Name, 0, 24)
	a := asm.NewArith(f, p.Prime, f.V(0), f.V(1))
	// v·2^32 is the reduction of v·2^64.
	r2 := uint32(p.field.FromUint(uint64(uint32(p.field.One()))))
	for i, w := range []uint32{r2, r2 * p.MU} {
		f.I("MOVL $0x%08x, AX", w)
		broadcast(f, 2+i)
	}
	f.I("MOVQ dst+0(FP), DI")
	f.I("MOVQ lanes+8(FP), SI")
	f.I("MOVQ n+16(FP), CX")
	element := func() { a.MulFixed(f.V(4), f.V(2), f.V(3), f.V(4), [4]string(f.Vs(5, 9))) }
	advance := func(lanes int, next string) {
		f.I("ADDQ $%d, SI", 8*lanes)
		f.I("ADDQ $%d, DI", 16*lanes)
		f.I("SUBQ $%d, CX", lanes)
		f.I("JMP %s", f.L(next))
	}
	many := f.Bytes() / 16
	f.Label("vector")
	f.I("CMPQ CX, $%d", many)
	f.I("JLT %s", f.L("lane"))
	f.I("VPMOVZXWD (SI), %s", f.V(4))
	element()
	store(f, f.V(4), "(DI)")
	advance(many, "vector")
	f.Label("lane")
	f.I("TESTQ CX, CX")
	f.I("JZ %s", f.L("done"))
	f.I("VPMOVZXWD (SI), X4") // clears the rest of the register
	element()
	f.I("VMOVDQU X4, (DI)")
	advance(1, "lane")
	f.Label("done")
	f.Return()
}
