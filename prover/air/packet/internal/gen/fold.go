package main

import "fmt"

// fold emits sums[e] += Σ_k coefs[k][e]·register(offsets[k]) for the d coefficients e of an
// extension, over all rows of a packet.
//
// Products are below p², and p < 2^31. A sum of them is kept as 64-bit words below
// 2^32·p. Two products may be added to it: 2^32·p + 2p² < 2·2^32·p, because 2p < 2^32, and
// that is below 2^64. Then one subtraction of 2^32·p, where the word is not below it,
// restores the bound. The lower half of 2^32·p is zero, so that the subtraction and the
// choice (the smaller of two words that wrap around) may look at the upper 32 bits alone.
// At the end, the sum is below 2^32·p, what the Montgomery reduction asks for.
func (g *gen) fold(d int) {
	g.Text(fmt.Sprintf("fold%d", d), 0, 48)
	even, odd := g.Vs(0, d), g.Vs(d, 2*d)
	x, xOdd := g.V(2*d), g.V(2*d+1)
	w, t := g.V(2*d+2), g.V(2*d+3)
	limit := g.V(2*d + 4)

	g.I("MOVQ sums+0(FP), DX")
	g.I("MOVQ regs+8(FP), DI")
	if g.Lanes() == 16 {
		g.I("MOVL $0x5555, AX")
		g.I("KMOVW AX, K1")
	}
	g.I("MOVL $%d, BX", vectors)
	g.Label("vector")
	g.broadcast("p+40(FP)", limit)
	g.I("VPSLLQ $32, %s, %s", limit, limit)
	for e := range d {
		g.zero(even[e])
		g.zero(odd[e])
	}
	g.I("MOVQ offsets+16(FP), SI")
	g.I("MOVQ n+24(FP), CX")
	g.I("MOVQ coefs+32(FP), R8")

	term := func(k int) {
		g.I("MOVL %d(SI), R9", 4*k)
		g.move("(DI)(R9*1)", x)
		g.OddToEven(x, xOdd)
		for e := range d {
			g.I("VPBROADCASTD %d(R8), %s", 4*(k*d+e), w)
			g.I("VPMULUDQ %s, %s, %s", w, x, t)
			g.I("VPADDQ %s, %s, %s", t, even[e], even[e])
			g.I("VPMULUDQ %s, %s, %s", w, xOdd, t)
			g.I("VPADDQ %s, %s, %s", t, odd[e], odd[e])
		}
	}
	bound := func() {
		for i := range 2 * d {
			r := g.V(i)
			g.I("VPSUBD %s, %s, %s", limit, r, t)
			g.I("VPMINUD %s, %s, %s", t, r, r)
		}
	}
	g.I("SUBQ $2, CX")
	g.I("JLT %s", g.L("rest"))
	g.Label("pairs")
	term(0)
	term(1)
	bound()
	g.I("ADDQ $8, SI")
	g.I("ADDQ $%d, R8", 8*d)
	g.I("SUBQ $2, CX")
	g.I("JGE %s", g.L("pairs"))
	g.Label("rest")
	g.I("ADDQ $2, CX")
	g.I("JEQ %s", g.L("reduce"))
	term(0)
	bound()
	g.Label("reduce")

	p, mu := g.V(2*d+4), g.V(2*d+3)
	g.broadcast("p+40(FP)", p)
	g.broadcast("mu+44(FP)", mu)
	a := g.Arith
	a.P, a.MU = p, mu
	for e := range d {
		a.Reduce(even[e], odd[e], even[e], x, xOdd)
		out := fmt.Sprintf("%d(DX)", e*g.slot())
		a.Add(out, even[e], even[e], x)
		g.move(even[e], out)
	}
	g.I("ADDQ $%d, DX", g.Bytes())
	g.I("ADDQ $%d, DI", g.Bytes())
	g.I("DECL BX")
	g.I("JNE %s", g.L("vector"))
	g.Return()
}
