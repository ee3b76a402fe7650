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
	w, wmu := g.V(2), g.V(3)
	if scalar {
		g.I("VPBROADCASTD (BX)(R10*1), %s", w)
		if o == op.MulScalar {
			g.I("VPBROADCASTD 4(BX)(R10*1), %s", wmu)
		}
	}
	for v := range vectors {
		acc, t := g.acc(v), g.temps(v)
		t4 := [4]string(t[:4])
		a, b := acc, g.at("DI", "R10", v)
		if readsA {
			a = g.at("DI", "R9", v)
			if o != op.Sub || flags&op.AccB == 0 {
				// A multiplication reads its operand twice.
				g.move(a, acc)
				a = acc
			}
		}
		switch o {
		case op.Broadcast:
			g.move(w, acc)
		case op.Neg:
			g.zero(t[1])
			g.Sub(t[1], a, acc, t[0])
		case op.Double:
			g.Add(a, a, acc, t[0])
		case op.Square:
			g.square(a, acc, t4)
		case op.Cube:
			g.square(a, t[4], t4)
			g.Mul(t[4], a, acc, t4)
		case op.AddScalar:
			g.Add(w, a, acc, t[0])
		case op.SubFromScalar:
			g.Sub(w, a, acc, t[0])
		case op.MulScalar:
			g.MulFixed(a, w, wmu, acc, t4)
		case op.Add:
			g.Add(b, a, acc, t[0])
		case op.Sub:
			if flags&op.AccB != 0 {
				g.move(a, t[1])
				g.Sub(t[1], acc, acc, t[0])
			} else {
				g.Sub(a, b, acc, t[0])
			}
		case op.Mul:
			g.Mul(b, a, acc, t4)
		}
		if flags&op.Store != 0 {
			g.move(acc, g.at("DI", "R8", v))
		}
	}
}

// square emits d = x², for d other than the temporaries.
func (g *gen) square(x, d string, t [4]string) {
	g.OddToEven(x, t[0])
	g.I("VPMULUDQ %s, %s, %s", t[0], t[0], t[1])
	g.I("VPMULUDQ %s, %s, %s", x, x, t[0])
	g.Reduce(t[0], t[1], d, t[2], t[3])
}
