package main

import "rpp-node/prover/poseidon2/internal/plan"

// Instructions on 64-bit lanes, and their latencies on Zen 5. Operands that may be
// constants are called m; the others are values, or registers.

const (
	latencyALU  = 2
	latencyMul  = 3
	latencyMadd = 4
	latencyLoad = 8
)

func (b *block) load(address string) *value {
	return b.op("VMOVDQU64", load, latencyLoad, false, address, (*value)(nil))
}
func (b *block) add(m, x any) *value { return b.into(nil, "VPADDQ", m, x) }
func (b *block) sub(x, m any) *value { return b.into(nil, "VPSUBQ", m, x) } // x - m
func (b *block) and(m, x any) *value { return b.into(nil, "VPANDQ", m, x) }

// into writes the result of an operation of the four pipes to d.
func (b *block) into(d *value, name string, m, x any) *value {
	return b.op(name, alu, latencyALU, false, m, x, d)
}

func (b *block) shifted(name, by string, x any) *value {
	return b.op(name, shift, latencyALU, false, by, x, (*value)(nil))
}

func (b *block) mulu(m, x any) *value {
	return b.op("VPMULUDQ", mul, latencyMul, false, m, x, (*value)(nil))
}

func (b *block) zero() *value {
	v := &value{}
	return b.op("VPXORQ", none, 0, false, v, v, v)
}

// set copies a constant, a register or a value.
func (b *block) set(m any) *value {
	if c, ok := m.(constant); ok {
		return b.op(broadcast, load, latencyLoad, false, c, (*value)(nil))
	}
	return b.op("VMOVDQA64", none, 0, false, m, (*value)(nil))
}

// copy overwrites d.
func (b *block) copy(v, d *value) { b.op("VMOVDQA64", none, 0, false, v, d) }

// lo and hi add the half of a product to d.
func (b *block) lo(m, x any, d *value) *value {
	return b.op("VPMADD52LUQ", mul, latencyMadd, true, m, x, d)
}
func (b *block) hi(m, x any, d *value) *value {
	return b.op("VPMADD52HUQ", mul, latencyMadd, true, m, x, d)
}

// reducer has the constants of reductions: in registers where there are enough, for loads
// would be the bottleneck.
type reducer struct{ p, negP, barrett any }

func (k *kernel) reducer() *reducer {
	return &reducer{k.c(plan.P), k.c(plan.NegP), k.c(plan.Barrett)}
}

// montgomery is -x·c/R, between 0 and 2p, given c and c·p^-1 mod R.
func (r *reducer) montgomery(b *block, x *value, c, cmu any) *value {
	q := b.lo(cmu, x, b.zero())
	h := b.hi(c, x, b.zero())
	return b.hi(r.p, q, b.sub(b.set(r.p), h))
}

// fold writes x mod p, or that plus p, to d. Bits above the low 52 may be anything.
func (r *reducer) fold(b *block, x, d *value) {
	q := b.hi(r.barrett, x, b.zero())
	if d != x {
		b.copy(x, d)
	}
	b.lo(r.negP, q, d)
}
