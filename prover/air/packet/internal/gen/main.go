// Command gen writes packet's kernels: an interpreter (run) and the folding of constraints
// (fold4, fold5), for AVX-512 and AVX2, for both fields.
package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
)

func main() {
	for _, isa := range []asm.ISA{asm.AVX512, asm.AVX2} {
		g := newGen(isa)
		g.run()
		g.fold(4)
		g.fold(5)
		g.Write(map[asm.ISA]string{asm.AVX2: "kernels_avx2_amd64.s", asm.AVX512: "kernels_avx512_amd64.s"}[isa])
	}
}

// vectors is the number of vectors in a register: packets of 64 rows with AVX-512, of 32
// with AVX2.
const vectors = 4

// gen writes one file. All kernels keep p and p^-1 mod 2^32 in V(0) and V(1).
type gen struct{ asm.Arith }

func newGen(isa asm.ISA) *gen {
	f := asm.NewFile(isa)
	return &gen{asm.Arith{File: f, P: f.V(0), MU: f.V(1)}}
}

// slot is the number of bytes in a register.
func (g *gen) slot() int { return vectors * g.Bytes() }

// at is vector v of the register at offset reg from base.
func (g *gen) at(base, reg string, v int) string {
	return fmt.Sprintf("%d(%s)(%s*1)", v*g.Bytes(), base, reg)
}

// move emits a load or store of a whole vector.
func (g *gen) move(from, to string) {
	if g.ISA == asm.AVX512 {
		g.I("VMOVDQU32 %s, %s", from, to)
	} else {
		g.I("VMOVDQU %s, %s", from, to)
	}
}

// zero clears a register.
func (g *gen) zero(reg string) {
	if g.ISA == asm.AVX512 {
		g.I("VPXORD %s, %s, %s", reg, reg, reg)
	} else {
		g.I("VPXOR %s, %s, %s", reg, reg, reg)
	}
}

// constants loads the field's words from a function's arguments, and the even lanes' mask.
func (g *gen) constants(p, mu string) {
	g.broadcast(p, g.P)
	g.broadcast(mu, g.MU)
	if g.ISA == asm.AVX512 {
		g.I("MOVL $0x5555, AX")
		g.I("KMOVW AX, K1")
	}
}

// broadcast fills a register with a 32-bit argument, through AX.
func (g *gen) broadcast(arg, reg string) {
	g.I("MOVL %s, AX", arg)
	if g.ISA == asm.AVX512 {
		g.I("VPBROADCASTD AX, %s", reg)
		return
	}
	g.I("VMOVD AX, X%s", reg[1:])
	g.I("VPBROADCASTD X%s, %s", reg[1:], reg)
}
