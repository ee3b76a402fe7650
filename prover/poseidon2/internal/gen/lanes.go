package main

// Instructions on 64-bit lanes. Operands that may be constants are called m; the others
// are values, or registers.

func (b *block) load(address string) *value { return b.op("VMOVDQU64", address, (*value)(nil)) }
func (b *block) add(m, x any) *value        { return b.into(nil, "VPADDQ", m, x) }
func (b *block) sub(x, m any) *value        { return b.into(nil, "VPSUBQ", m, x) } // x - m
func (b *block) and(m, x any) *value        { return b.into(nil, "VPANDQ", m, x) }
func (b *block) mulu(m, x any) *value       { return b.into(nil, "VPMULUDQ", m, x) }
func (b *block) double(x any) *value        { return b.into(nil, "VPSLLQ", "$1", x) }
func (b *block) high(x any) *value          { return b.into(nil, "VPSRLQ", "$52", x) }

// into writes the result of an operation to d.
func (b *block) into(d *value, name string, m, x any) *value { return b.op(name, m, x, d) }

// copy overwrites d.
func (b *block) copy(v, d *value) { b.op("VMOVDQA64", v, d) }

func (b *block) zero() *value {
	v := &value{}
	return b.late("VPXORQ", v, v, v)
}

// set copies a constant or a register.
func (b *block) set(m any) *value {
	switch m := m.(type) {
	case constant:
		return b.late(broadcast, m, (*value)(nil))
	case *value:
		return b.op("VMOVDQA64", m, (*value)(nil))
	}
	return b.late("VMOVDQA64", m, (*value)(nil))
}

// lo and hi add the half of a product to d.
func (b *block) lo(m, x any, d *value) *value { return b.op("VPMADD52LUQ", m, x, d) }
func (b *block) hi(m, x any, d *value) *value { return b.op("VPMADD52HUQ", m, x, d) }

// reducer has the constants of reductions: in registers where there are enough, for loads
// would be the bottleneck.
type reducer struct{ p, negP, barrett, one any }

// montgomery is -x·c/R, between 0 and 2p, given c and c·p^-1 mod R.
func (r *reducer) montgomery(b *block, x *value, c, cmu any) *value {
	q := b.lo(cmu, x, b.zero())
	h := b.hi(c, x, b.zero())
	return b.hi(r.p, q, b.sub(b.set(r.p), h))
}

// montgomeryOdd is x·c/R for an odd x, positive and below p + 2^20, given c and -c·p^-1 mod
// R.
func (r *reducer) montgomeryOdd(b *block, x *value, c, negCMU any) *value {
	q := b.lo(negCMU, x, b.zero())
	return b.hi(r.p, q, b.hi(c, x, b.set(r.one)))
}

// fold writes x mod p, or that plus p, to d. Bits above the low 52 may be anything.
func (r *reducer) fold(b *block, x, d *value) {
	q := b.hi(r.barrett, x, b.zero())
	if d != x {
		b.copy(x, d)
	}
	b.lo(r.negP, q, d)
}
