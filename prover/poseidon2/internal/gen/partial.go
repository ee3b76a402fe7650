package main

import (
	"fmt"

	"rpp-node/prover/poseidon2/internal/plan"
)

// Partial rounds, of one half. The elements of pairs stay in registers; those alone are
// kept among the rows of the elements, because registers are better used for constants.
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
	lanes [][2]*value // of pairs: A in the last round and in the one before
	x, y  *value
	sigma *value // σ of the round before the last, yet to be added to lanes[…][0]
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
	p.x, p.y, p.sigma = register(), register(), register()
	for i := range k.Lanes {
		var l [2]*value
		if k.Lanes[i].Pair() {
			l = [2]*value{register(), register()}
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
const temporary = 10

func (p *partial) block() *block {
	for _, l := range p.lanes {
		for _, v := range l {
			if v != nil {
				*v = *fixed(v.reg)
			}
		}
	}
	p.x, p.y, p.sigma = fixed(p.x.reg), fixed(p.y.reg), fixed(p.sigma.reg)
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
	b.op("VPXORQ", p.sigma, p.sigma, p.sigma)
	x := element(0)
	b.copy(scale(x), p.y)
	b.into(p.x, "VPADDQ", k.c(k.First), scale(x))
	for i := range k.Lanes {
		l := &k.Lanes[i]
		plus := element(l.Plus)
		if !l.Pair() {
			b.store(scale(plus), row(half, l.Plus))
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
		s = p.sbox(b, m, func() { p.fold(b, p.x, small) })
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
	p.nextSigma(b, j, small, constant(plan.Recover))
	p.fold(b, sum, p.y)
}

// nextSigma writes e - x or e + x to sigma.
func (p *partial) nextSigma(b *block, j int, small *value, recover constant) {
	twice := b.add(p.y, p.y)
	if j%2 == 0 {
		b.into(p.sigma, "VPSUBQ", small, b.add(recover, twice))
	} else {
		b.into(p.sigma, "VPADDQ", small, b.sub(b.set(recover), twice))
	}
}

// products adds σ to the lanes, multiplies them and returns their sum, U. It takes two sums
// at a time, because additions that follow each other cost two cycles each.
func (p *partial) products(b *block) *value {
	var waiting []*value // products that are not ready yet
	var sums [2]*value
	add := func() {
		if v := waiting[0]; sums[0] == nil {
			sums[0] = b.set(v)
		} else {
			sums[0] = b.add(v, sums[0])
		}
		sums[0], sums[1] = sums[1], sums[0]
		waiting = waiting[1:]
	}
	for _, pairs := range []bool{true, false} {
		for i := range p.lanes {
			l := &p.Lanes[i]
			if l.Pair() != pairs {
				continue
			}
			waiting = append(waiting, p.product(b, i))
			if len(waiting) > lag {
				add()
			}
		}
		if pairs {
			for len(waiting) > 0 {
				add()
			}
			sums[0], sums[1] = b.double(sums[0]), b.double(sums[1])
		}
	}
	for len(waiting) > 0 {
		add()
	}
	return b.add(sums[0], sums[1])
}

// product adds σ to lane i and multiplies it.
func (p *partial) product(b *block, i int) *value {
	l, last := &p.Lanes[i], p.lanes[i][0]
	if !l.Pair() {
		at := row(half, l.Plus)
		d := p.multiply(b, i, b.add(at, p.sigma))
		b.store(d, at)
		return d
	}
	b.into(last, "VPADDQ", p.sigma, last)
	d := p.lanes[i][1]
	b.copy(p.multiply(b, i, d), d)
	p.lanes[i][0], p.lanes[i][1] = d, last
	return d
}

// sbox gives x^3 or x^7, which may be negative. Products are taken negative where that
// makes a sum of an accumulation; low halves may be zero here. m is x·p^-1 mod R. What
// between makes stands in the middle, where registers are free.
func (p *partial) sbox(b *block, m *value, between func()) *value {
	k, x := p.kernel, p.x
	// negative is what is left of R times a product, given its high half and q.
	negative := func(h, q *value) *value { return b.hi(p.p, q, b.sub(b.set(p.p), h)) }
	x2 := negative(b.hi(x, x, b.zero()), b.lo(m, x, b.zero())) // -x²
	q, h := b.lo(m, x2, b.zero()), b.hi(x2, x, b.zero())
	between()
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
	before := b.set(p.sigma)
	p.nextSigma(b, k.Rounds, small, constant(fmt.Sprintf("%d(%s)", 8*plan.Recover, round)))
	x := small
	if k.Rounds%2 == 1 {
		x = b.sub(b.set(k.c(plan.TwoP)), small)
	}
	store(x, 0)
	at := k.Leave
	for i := range k.Lanes {
		l := &k.Lanes[i]
		if !l.Pair() {
			d := p.multiply(b, i, b.add(row(half, l.Plus), before))
			store(b.add(p.sigma, d), l.Plus)
			continue
		}
		last := p.lanes[i][0]
		b.into(last, "VPADDQ", before, last)
		v := b.add(p.sigma, p.multiply(b, i, p.lanes[i][1]))
		d := p.montgomery(b, last, k.c(at), k.c(at+1)) // B = D times the last A
		at += plan.MontgomeryWords
		store(b.sub(b.add(k.c(plan.TwoP), v), d), l.Minus)
		store(b.add(v, d), l.Plus)
	}
	k.emit(b.lines()...)
}
