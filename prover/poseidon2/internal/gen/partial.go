package main

import (
	"fmt"

	"rpp-node/prover/poseidon2/internal/plan"
)

// Partial rounds, of one half, whose elements stay in registers, but for the one that is
// not multiplied.
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
	p := &partial{kernel: k, reducer: &reducer{k.c(plan.P), k.c(plan.NegP), k.c(plan.Barrett), k.c(plan.One)}}
	next := 0
	register := func() *value {
		next++
		return fixed(k.V(next - 1))
	}
	p.x, p.y = register(), register()
	for i := range k.Lanes {
		if k.Lanes[i].Kind == plan.Keep {
			p.lanes = append(p.lanes, [2]*value{})
			continue
		}
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
const temporary = 8

func (p *partial) block() *block {
	for _, l := range p.lanes {
		if l[0] != nil {
			*l[0], *l[1] = *fixed(l[0].reg), *fixed(l[1].reg)
		}
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
	r := &reducer{p: b.set(k.c(plan.P)), one: k.c(plan.One)}
	element := func(i int) *value { return b.add(row(half, k.Width+i%4), b.load(row(half, i))) }
	at := k.Enter
	scale := func(x *value) *value {
		v := r.montgomeryOdd(b, x, k.c(at), k.c(at+1))
		at += plan.MontgomeryWords
		return v
	}
	x := element(0)
	b.copy(scale(x), p.y)
	b.into(p.x, "VPADDQ", k.c(k.First), scale(x))
	for i := range k.Lanes {
		l := &k.Lanes[i]
		plus := element(l.Plus)
		if l.Kind == plan.Keep {
			b.store(scale(plus), row(half, l.Plus))
			continue
		}
		if !l.Pair() {
			b.copy(scale(plus), p.lanes[i][0])
			continue
		}
		// Elements are odd, as the multiple of p is that goes to sum and difference.
		plus = b.add(k.c(plan.Complement), plus)
		minus := element(l.Minus)
		b.copy(scale(b.add(plus, minus)), p.lanes[i][1])
		b.copy(scale(b.sub(plus, minus)), p.lanes[i][0])
	}
	k.emit(b.lines()...)
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
	p.emit(b.lines()...)
	p.emit(fmt.Sprintf("ADDQ $%d, %s", 8*n*plan.PartialWords, round))
}

func (p *partial) round(b *block, j int) {
	k := p.kernel
	constant := func(word int) constant {
		return constant(fmt.Sprintf("%d(%s)", 8*(plan.PartialWords*j+word), round))
	}
	var s, u *value
	small := &value{}
	chain := b.sequence(func() {
		m := b.lo(k.c(plan.MU), p.x, b.zero())
		p.fold(b, p.x, small)
		s = p.sbox(b, m)
	})
	products := b.sequence(func() { u = p.products(b) })
	b.insts = append(b.insts, spread(products, chain)...)
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
		if at := row(half, p.Lanes[i].Plus); l[1] == nil {
			b.store(b.add(at, sigma), at)
			continue
		}
		b.into(l[1], "VPADDQ", sigma, l[1])
		l[0], l[1] = l[1], l[0]
	}
	p.fold(b, sum, p.y)
}

// products multiplies the lanes and returns their sum, U.
func (p *partial) products(b *block) *value {
	var u *value
	var waiting []*value // products that are not ready yet
	add := func() {
		if u == nil {
			u = b.set(waiting[0])
		} else {
			u = b.add(waiting[0], u)
		}
		waiting = waiting[1:]
	}
	for _, pairs := range []bool{true, false} {
		for i := range p.lanes {
			l := &p.Lanes[i]
			if l.Pair() != pairs {
				continue
			}
			if l.Kind == plan.Keep {
				u = b.add(row(half, l.Plus), u)
				continue
			}
			d := p.lanes[i][1]
			if v := p.multiply(b, i, d); v != d {
				b.copy(v, d)
			}
			if waiting = append(waiting, d); len(waiting) > lag {
				add()
			}
		}
		for len(waiting) > 0 {
			add()
		}
		if pairs {
			u = b.double(u)
		}
	}
	return u
}

// sbox gives x^3 or x^7, which may be negative. Products are taken negative where that
// makes a sum of an accumulation; the low half of a product that is added may be zero. m is x·p^-1 mod R.
func (p *partial) sbox(b *block, m *value) *value {
	k, x := p.kernel, p.x
	// negative is what is left of R times a product, given its high half and q.
	negative := func(h, q *value) *value { return b.hi(p.p, q, b.sub(b.set(p.p), h)) }
	x2 := negative(b.hi(x, x, b.zero()), b.lo(m, x, b.zero())) // -x²
	h, q := b.hi(x2, x, b.zero()), b.lo(m, x2, b.zero())
	if k.Degree == 7 {
		x3 := negative(h, q)
		t := b.mulu(x2, x2)
		x4 := negative(b.high(t), b.lo(k.c(plan.MU), t, b.zero())) // -x⁴
		t = b.mulu(x4, x3)
		h, q = b.high(t), b.lo(k.c(plan.MU), t, b.zero())
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
			return b.into(nil, "VPSLLQ", s, a)
		case 1<<by + 1:
			return b.add(a, b.into(nil, "VPSLLQ", s, a))
		}
	}
	return b.lo(p.c(at+plan.Multiplier), a, b.zero())
}

// leave updates the lanes once more, takes the pairs apart, and stores all elements
// doubled, so that they are even, with the constants of the next round.
func (p *partial) leave() {
	k, b := p.kernel, p.block()
	store := func(v *value, i int) {
		b.store(b.double(b.add(k.c(k.Final+i), v)), row(half, i))
	}
	odd := b.set(k.c(plan.Odd))
	for j := range 4 { // there is no matrix, and no sums
		b.store(odd, row(half, k.Width+j))
	}
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
		if l.Kind == plan.Keep {
			store(b.add(row(half, l.Plus), sigma), l.Plus)
			continue
		}
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
	k.emit(b.lines()...)
}
