package main

import (
	"fmt"

	"rpp-node/prover/air/packet/internal/op"
	"rpp-node/prover/internal/asm"
)

// The interpreter is threaded code. While it runs,
//
//	SI   the next instruction
//	DI   registers
//	BX   scalars: pairs (w, w·p^-1 mod 2^32)
//	DX   sources: for each, the address of its rows' slices
//	R13  the handlers' addresses
//	V(2), V(3)                  a scalar's pair
//	V(4) …                      temporaries
//	the last `vectors` of them  the accumulator
//
// A handler reads its operands' offsets, moves SI on and knows where to go next long
// before it is done.

const instrBytes = 16

func (g *gen) acc(v int) string {
	return g.V(map[asm.ISA]int{asm.AVX2: 16, asm.AVX512: 32}[g.ISA] - vectors + v)
}

// temps are five temporaries for vector v: distinct for neighbouring vectors as far as
// there are registers.
func (g *gen) temps(v int) [5]string {
	const first, each = 4, 5
	sets := 1
	if g.ISA == asm.AVX512 {
		sets = vectors
	}
	return [5]string(g.Vs(first+v%sets*each, first+v%sets*each+each))
}

func (g *gen) run() {
	names := make([]string, op.Codes)
	for code := range uint32(op.Codes) {
		names[code] = "end"
		if o, flags := op.Of(code); valid(o, flags) {
			names[code] = fmt.Sprintf("op%02x", code)
		}
	}
	table := g.Handlers("handlers", names)

	g.Text("run", 0, 40)
	g.constants("p+32(FP)", "mu+36(FP)")
	g.I("MOVQ code+0(FP), SI")
	g.I("MOVQ regs+8(FP), DI")
	g.I("MOVQ scalars+16(FP), BX")
	g.I("MOVQ sources+24(FP), DX")
	g.I("LEAQ %s+0(SB), R13", table)
	g.I("MOVL (SI), AX")
	g.I("JMP (R13)(AX*8)")

	g.Handler("end")
	g.Return()
	for code := range uint32(op.Codes) {
		o, flags := op.Of(code)
		if !valid(o, flags) {
			continue
		}
		g.Handler(names[code])
		if o == op.Load {
			g.load()
		} else {
			g.operation(o, flags)
		}
		g.I("JMP (R13)(AX*8)")
	}
}

// valid reports whether the compiler makes instructions of that operation and flags.
func valid(o op.Op, flags uint32) bool {
	a, _, _ := o.Shape()
	switch {
	case o == op.End || o >= op.Count:
		return false
	case o == op.Load:
		return flags == 0
	case flags&op.AccB != 0:
		return o == op.Sub && flags&op.AccA == 0
	}
	return a || flags&op.AccA == 0
}

// operation emits the handler of an arithmetic operation.
func (g *gen) operation(o op.Op, flags uint32) {
	readsA, readsB, scalar := o.Shape()
	readsA = readsA && flags&op.AccA == 0
	readsB = readsB && flags&op.AccB == 0
	g.I("MOVL %d(SI), AX", instrBytes)
	if flags&op.Store != 0 {
		g.I("MOVL 4(SI), R8")
	}
	if readsA {
		g.I("MOVL 8(SI), R9")
	}
	if readsB || scalar {
		g.I("MOVL 12(SI), R10")
	}
	g.I("ADDQ $%d, SI", instrBytes)
	w, w1 := g.V(2), g.V(3)
	if scalar {
		g.I("VPBROADCASTD (BX)(R10*1), %s", w)
	}
	switch o {
	case op.MulScalar:
		g.I("VPBROADCASTD 4(BX)(R10*1), %s", w1)
	case op.AddScalar, op.CubeSum:
		g.I("VPSUBD %s, %s, %s", g.P, w, w1)
	case op.SubFromScalar:
		g.I("VPADDD %s, %s, %s", g.P, w, w1)
	case op.Neg:
		g.zero(w)
	}
	for v := range vectors {
		acc, t := g.acc(v), g.temps(v)
		if readsA && flags&op.AccB == 0 {
			g.move(g.at("DI", "R9", v), acc)
		}
		switch {
		case o == op.Add || o == op.Sub:
			g.sum(o, flags, v)
		case o == op.Mul:
			g.Mul(g.at("DI", "R10", v), acc, acc, [4]string(t[:4]))
		default:
			g.unary(o, acc, w, w1, t)
		}
		if flags&op.Store != 0 {
			g.move(acc, g.at("DI", "R8", v))
		}
	}
}

// sum emits a sum or difference of vector v. Where an operand is the accumulator, it is
// part of a chain, in which latency counts: the other operand is shifted by p beforehand,
// so that only two instructions depend on the accumulator.
func (g *gen) sum(o op.Op, flags uint32, v int) {
	acc, t := g.acc(v), g.temps(v)
	a, b := g.at("DI", "R9", v), g.at("DI", "R10", v)
	switch {
	case flags&op.AccB != 0:
		g.move(a, t[0])
		g.I("VPADDD %s, %s, %s", g.P, t[0], t[1])
		g.smaller("VPSUBD", acc, t[0], t[1], acc, t[2])
	case flags&op.AccA != 0:
		g.move(b, t[0])
		g.I("VPSUBD %s, %s, %s", g.P, t[0], t[1])
		instr := map[op.Op]string{op.Add: "VPADDD", op.Sub: "VPSUBD"}[o]
		g.I("%s %s, %s, %s", instr, t[0], acc, t[2])
		g.I("%s %s, %s, %s", instr, t[1], acc, acc)
		g.I("VPMINUD %s, %s, %s", t[2], acc, acc)
	case o == op.Add:
		g.Add(b, acc, acc, t[0])
	default:
		g.Sub(acc, b, acc, t[0])
	}
}

// smaller emits d = the smaller of x ∘ y0 and x ∘ y1, with one temporary register.
func (g *gen) smaller(instr, x, y0, y1, d, t string) {
	g.I("%s %s, %s, %s", instr, x, y0, t)
	g.I("%s %s, %s, %s", instr, x, y1, d)
	g.I("VPMINUD %s, %s, %s", t, d, d)
}

// unary emits an operation on x, in place. w and w1 are the scalar and, for a sum or
// difference, the scalar shifted by p.
func (g *gen) unary(o op.Op, x, w, w1 string, t [5]string) {
	t4 := [4]string(t[:4])
	switch o {
	case op.Broadcast:
		g.move(w, x)
	case op.Neg:
		g.smaller("VPSUBD", x, w, g.P, x, t[0])
	case op.Double:
		g.Add(x, x, x, t[0])
	case op.Square:
		g.OddToEven(x, t[0])
		g.I("VPMULUDQ %s, %s, %s", t[0], t[0], t[1])
		g.I("VPMULUDQ %s, %s, %s", x, x, t[0])
		g.Reduce(t[0], t[1], x, t[2], t[3])
	case op.Cube:
		g.cube(x, t)
	case op.CubeSum:
		g.I("VPADDD %s, %s, %s", w1, x, x)
		g.cube(x, t)
	case op.AddScalar:
		g.smaller("VPADDD", x, w, w1, x, t[0])
	case op.SubFromScalar:
		g.smaller("VPSUBD", x, w, w1, x, t[0])
	case op.MulScalar:
		g.MulFixed(x, w, w1, x, t4)
	}
}

// cube emits x³ in place, for a signed x in (-p, p): all products are signed. Montgomery's
// reduction takes one of absolute value below p² to (-p, p), because p²/2^32 < p/2 and its
// quotient is below 2^31 in absolute value; so only the last result is made canonical.
func (g *gen) cube(x string, t [5]string) {
	odd, even2, odd2, q0, q1 := t[0], t[1], t[2], t[3], t[4]
	reduce := func() {
		g.I("VPMULDQ %s, %s, %s", g.MU, even2, q0)
		g.I("VPMULDQ %s, %s, %s", g.MU, odd2, q1)
		g.I("VPMULDQ %s, %s, %s", g.P, q0, q0)
		g.I("VPMULDQ %s, %s, %s", g.P, q1, q1)
		g.I("VPSUBQ %s, %s, %s", q0, even2, even2)
		g.I("VPSUBQ %s, %s, %s", q1, odd2, odd2)
	}
	g.OddToEven(x, odd)
	g.I("VPMULDQ %s, %s, %s", x, x, even2)
	g.I("VPMULDQ %s, %s, %s", odd, odd, odd2)
	reduce()
	g.OddToEven(even2, even2)
	g.OddToEven(odd2, odd2)
	g.I("VPMULDQ %s, %s, %s", x, even2, even2)
	g.I("VPMULDQ %s, %s, %s", odd, odd2, odd2)
	reduce()
	g.Merge(even2, odd2)
	g.Canonical(odd2, x, q0)
}
