package main

import (
	"fmt"

	"rpp-node/prover/poseidon2/internal/plan"
)

// Partial rounds, of one half, whose elements stay in registers.
//
// Let x be the input of the S-box in round j, its round constant added; T the sum of all
// other elements, c the next constant. The S-box's output S gives σ = T + S, every other
// element s becomes d·s + σ, and x becomes T + c - S. Chains of dependent instructions
// meet here, and what is done early and what late follows from keeping each below the
// S-box's own, five products:
//
//   - The sign of x changes in each round: what one chain of multiply-adds gives is b + S,
//     which is -x with b = -(T + c) in even rounds, and x with b = T + c after -x in odd
//     ones.
//   - T = U + n·σ, where U = Σ d·s over the n other elements of the round before: U is
//     added up while σ is still unknown.
//   - σ = e - x or e + x (by the parity again), where e = 2T + c follows from b and does
//     not wait for the S-box. b, as y, and x are reduced.
type partial struct {
	*kernel
	lanes [][2]*value // A in the last round and in the one before; the same of an element alone
	x, y  *value
	*reducer
	free []string
}

func (k *kernel) partialRounds() {
	p := &partial{kernel: k, reducer: k.reducer()}
	next := 0
	register := func() *value {
		next++
		return fixed(k.V(next - 1))
	}
	p.x, p.y = register(), register()
	for i := range k.Lanes {
		a := register()
		l := [2]*value{a, a}
		if k.Lanes[i].Pair() {
			l[1] = register()
		}
		p.lanes = append(p.lanes, l)
	}
	p.enter(k.Vs(next, 32))
	for _, c := range []*any{&p.barrett, &p.negP, &p.p} {
		if 32-next > temporary {
			k.emit(fmt.Sprintf("%s %s, %s", broadcast, *c, k.V(next)))
			*c = k.V(next)
			next++
		}
	}
	p.free = k.Vs(next, 32)
	k.emit(fmt.Sprintf("LEAQ %d(%s), %s", 8*k.Partial, table, round), fmt.Sprintf("MOVL $%d, %s", k.Rounds/2, count))
	k.Label("partial")
	p.rounds(2)
	k.emit("DECL "+count, "JNZ "+k.L("partial"))
	p.rounds(k.Rounds % 2)
	p.leave()
}

// temporary is how many registers the temporary values of a round need.
const temporary = 7

func (p *partial) block() *block {
	for _, l := range p.lanes {
		*l[0], *l[1] = *fixed(l[0].reg), *fixed(l[1].reg)
	}
	p.x, p.y = fixed(p.x.reg), fixed(p.y.reg)
	return &block{free: append([]string(nil), p.free...)}
}

// enter loads the elements, brings their factor to R and makes lanes of them. There is no
// round before the first: lanes are what gives the first elements with σ = 0, and y is
// half of what makes σ vanish.
func (p *partial) enter(free []string) {
	p.free = free
	k, b := p.kernel, p.block()
	r := &reducer{p: b.set(k.c(plan.P))}
	element := func(i int) *value {
		x := b.load(row(half, i))
		return k.positive(b, b.add(row(half, k.Width+i%4), x))
	}
	at := k.Enter
	scale := func(x, d *value) {
		b.copy(r.montgomery(b, x, k.c(at), k.c(at+1)), d)
		at += plan.MontgomeryWords
	}
	x := element(0)
	scale(x, p.y)
	v := r.montgomery(b, x, k.c(at), k.c(at+1))
	at += plan.MontgomeryWords
	b.into(p.x, "VPADDQ", k.c(k.First), v)
	for i := range k.Lanes {
		l := &k.Lanes[i]
		if !l.Pair() {
			scale(element(l.Plus), p.lanes[i][0])
			continue
		}
		plus, minus := element(l.Plus), element(l.Minus)
		scale(b.add(plus, minus), p.lanes[i][1])
		scale(b.sub(b.add(k.c(plan.Complement), plus), minus), p.lanes[i][0])
	}
	k.emit(b.scheduled()...)
}

// rounds writes n rounds, of which the first is even.
func (p *partial) rounds(n int) {
	if n == 0 {
		return
	}
	b := p.block()
	for j := range n {
		p.round(b, j)
	}
	p.emit(b.scheduled()...)
	p.emit(fmt.Sprintf("ADDQ $%d, %s", 8*n*plan.PartialWords, round))
}

func (p *partial) round(b *block, j int) {
	k := p.kernel
	constant := func(word int) constant {
		return constant(fmt.Sprintf("%d(%s)", 8*(plan.PartialWords*j+word), round))
	}
	s := p.sbox(b)
	small := &value{}
	p.fold(b, p.x, small)
	u := p.products(b)
	g := b.lo(k.c(plan.MinusTwoWeight), p.y, b.set(constant(plan.NextSum)))
	if j%2 == 0 {
		g = b.sub(g, u)
	} else {
		g = b.add(g, u)
	}
	sum := b.lo(k.c(plan.Weight), small, g)
	b.into(p.x, "VPADDQ", s, sum)
	sigma := b.add(p.y, p.y)
	if j%2 == 0 {
		sigma = b.sub(b.add(constant(plan.Recover), sigma), small)
	} else {
		sigma = b.add(b.sub(b.set(constant(plan.Recover)), sigma), small)
	}
	for i := range p.lanes {
		l := &p.lanes[i]
		b.into(l[1], "VPADDQ", sigma, l[1])
		l[0], l[1] = l[1], l[0]
	}
	p.fold(b, sum, p.y)
}

// products multiplies the lanes and returns their sum, U.
func (p *partial) products(b *block) *value {
	var u *value
	add := func(pairs bool) {
		for i := range p.lanes {
			if p.Lanes[i].Pair() != pairs {
				continue
			}
			d := p.lanes[i][1]
			if v := p.multiply(b, i, d); v != d {
				b.copy(v, d)
			}
			if u == nil {
				u = b.set(d)
			} else {
				u = b.add(d, u)
			}
		}
	}
	add(true)
	u = b.add(u, u)
	add(false)
	return u
}

// sbox gives x^3 or x^7, which may be negative. Products are taken negative where that
// makes a sum of an accumulation; the low half of a product that is added may be zero.
func (p *partial) sbox(b *block) *value {
	k, x := p.kernel, p.x
	// negative is what is left of R times a product, given its high half and q.
	negative := func(h, q *value) *value { return b.hi(p.p, q, b.sub(b.set(p.p), h)) }
	m := b.lo(k.c(plan.MU), x, b.zero())
	x2 := negative(b.hi(x, x, b.zero()), b.lo(m, x, b.zero())) // -x²
	h, q := b.hi(x2, x, b.zero()), b.lo(m, x2, b.zero())
	if k.Degree == 7 {
		x3 := negative(h, q)
		t := b.mulu(x2, x2)
		x4 := negative(b.shifted("VPSRLQ", "$52", t), b.lo(k.c(plan.MU), t, b.zero())) // -x⁴
		t = b.mulu(x4, x3)
		h, q = b.shifted("VPSRLQ", "$52", t), b.lo(k.c(plan.MU), t, b.zero())
	}
	return b.hi(p.p, q, b.sub(b.zero(), h))
}

// multiply multiplies a by the constant of lane i. The result may lie between -p and 0.
func (p *partial) multiply(b *block, i int, a *value) *value {
	k, l := p.kernel, &p.Lanes[i]
	at := k.Update + plan.UpdateWords*i
	switch l.Kind {
	case plan.Shift:
		low := b.and(k.c(at+plan.LowMask), a)
		if l.Negative {
			d := b.lo(k.c(at+plan.LowPart), low, b.zero())
			return b.sub(d, b.hi(k.c(at+plan.HighPart), a, b.zero()))
		}
		return b.lo(k.c(at+plan.LowPart), low, b.hi(k.c(at+plan.HighPart), a, b.zero()))
	case plan.Scale:
		d := p.scale(b, l.Factor, a, at)
		p.fold(b, d, d)
		return d
	}
	return a
}

// scale multiplies by small powers of two, and by one more than these, with fewer loads.
func (p *partial) scale(b *block, factor uint64, a *value, at int) *value {
	for by := 1; by < 5; by++ {
		switch s := fmt.Sprintf("$%d", by); factor {
		case 1 << by:
			return b.shifted("VPSLLQ", s, a)
		case 1<<by + 1:
			return b.add(a, b.shifted("VPSLLQ", s, a))
		}
	}
	return b.lo(p.c(at+plan.Multiplier), a, b.zero())
}

// leave updates the lanes once more, takes the pairs apart, and stores all elements
// doubled, so that they are even.
func (p *partial) leave() {
	k, b := p.kernel, p.block()
	store := func(v *value, i int) { b.store("VMOVDQU64", b.shifted("VPSLLQ", "$1", v), row(half, i)) }
	small := &value{}
	p.fold(b, p.x, small)
	e := b.set(constant(fmt.Sprintf("%d(%s)", 8*plan.Recover, round)))
	x, sigma := small, b.add(p.y, p.y)
	if k.Rounds%2 == 0 {
		sigma = b.sub(b.add(sigma, e), small)
	} else {
		sigma = b.add(b.sub(e, sigma), small)
		x = b.sub(b.set(k.c(plan.TwoP)), small)
	}
	store(x, 0)
	at := k.Leave
	for i := range k.Lanes {
		l := &k.Lanes[i]
		last := p.lanes[i][0]
		v := b.add(sigma, p.multiply(b, i, p.lanes[i][1]))
		if l.Pair() {
			d := p.montgomery(b, last, k.c(at), k.c(at+1)) // B = D times the last A
			at += plan.MontgomeryWords
			store(b.sub(b.add(k.c(plan.TwoP), v), d), l.Minus)
			v = b.add(v, d)
		}
		store(v, l.Plus)
	}
	k.emit(b.scheduled()...)
}
