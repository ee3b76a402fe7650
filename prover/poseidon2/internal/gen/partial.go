package main

import (
	"fmt"

	"rpp-node/prover/poseidon2/internal/plan"
)

// Partial rounds, of one half, whose elements stay in registers.
//
// Let x be the input of the S-box in round j, its round constant added; T the sum of all
// other elements, c the next constant. The S-box's output S gives σ = T + S, every other
// element s becomes d·s + σ, and x becomes T + c - S. Three chains of dependent
// instructions meet here, and what is done early and late follows from keeping each below
// the S-box's own, five products:
//
//   - The sign of x changes in each round: -x is what one chain of multiply-adds gives as
//     b + S, with b = -(T + c) in even rounds and T + c in odd ones.
//   - The sum of round j is T = Σ d·s + n·σ, over the n other elements as they were one
//     round before. So Σ d·s is added up while σ is still unknown.
//   - σ = e - x or e + x, where e = 2T + c does not wait for the S-box. Both are reduced
//     (fold), e early, and x as soon as it is known.
type partial struct {
	*kernel
	regs  [][2]string // of each lane: for a pair, what becomes A, and the A before it
	x     string
	e, g  string   // e; b without its part n·σ
	temps []string // the others
}

func (k *kernel) partialRounds() {
	p := &partial{kernel: k, x: k.V(0)}
	next := 1
	for i := range k.Lanes {
		r := [2]string{k.V(next), k.V(next)}
		next++
		if k.Lanes[i].Pair() {
			r[1] = k.V(next)
			next++
		}
		p.regs = append(p.regs, r)
	}
	p.e, p.g = k.V(next), k.V(next+1)
	p.temps = k.Vs(next+2, next+8)
	p.enter()
	k.emit(fmt.Sprintf("LEAQ %d(%s), %s", 8*k.Partial, table, round))
	p.nextSum(0, 0)
	k.emit(fmt.Sprintf("MOVL $%d, %s", k.Rounds/2, count))
	k.Label("partial")
	p.round(0)
	p.round(1)
	k.emit("DECL "+count, "JNZ "+k.L("partial"))
	if k.Rounds%2 == 1 {
		p.round(0)
	}
	p.leave()
}

// enter loads the elements, brings their factor to R and makes lanes of them. The state's
// sum before the first round is nothing's: with e = x, the first round adds σ = 0.
func (p *partial) enter() {
	k := p.kernel
	sums := p.temps[2:6]
	q, h := p.temps[0], p.temps[1]
	for j, s := range sums {
		k.emit("VMOVDQU64 " + row(half, k.Width+j) + ", " + s)
	}
	load := func(i int, d string) {
		k.emit("VPADDQ " + row(half, i) + ", " + sums[i%4] + ", " + d)
		k.emit(k.positive(d)...)
	}
	load(0, p.x)
	for i := range k.Lanes {
		load(k.Lanes[i].Plus, p.regs[i][0])
		if k.Lanes[i].Pair() {
			load(k.Lanes[i].Minus, p.regs[i][1])
		}
	}
	at := k.Enter
	scale := func(r string) {
		k.emit(k.montgomery(r, at, q, h)...)
		at += plan.MontgomeryWords
	}
	scale(p.x)
	k.emit(k.add(k.c(k.First), p.x, p.x))
	for i := range k.Lanes {
		r := p.regs[i]
		if k.Lanes[i].Pair() {
			t := p.temps[2]
			k.emit(k.set(k.c(plan.Complement), t), k.sub(r[1], t, t), k.add(r[0], t, t),
				k.add(r[1], r[0], r[0]), k.set(t, r[1]))
			scale(r[0])
			scale(r[1])
		} else {
			scale(r[0])
		}
	}
	k.emit(p.fold(p.x, p.e, q)...)
}

// fold writes x mod p, or that plus p, to d.
func (p *partial) fold(x, d, q string) []string {
	k := p.kernel
	s := []string{k.zero(q), k.hi(k.c(plan.Barrett), x, q)}
	if d != x {
		s = append(s, k.set(x, d))
	}
	return append(s, k.lo(k.c(plan.NegP), q, d))
}

// round is round j, or any of the same parity.
func (p *partial) round(parity int) {
	k, t := p.kernel, p.temps
	x, e, b := p.x, p.e, p.g
	m, q, small, h, w := t[0], t[1], t[2], t[3], t[4]
	k.emit(k.zero(m), k.lo(k.c(plan.MU), x, m))
	k.emit(p.fold(x, small, q)...)
	k.emit(k.zero(q), k.lo(m, x, q),
		k.zero(h), k.hi(x, x, h),
		k.set(k.c(plan.P), w), k.sub(h, w, w),
		k.hi(k.c(plan.P), q, w), // -x²
		k.lo(k.c(plan.Weight), small, b))
	if k.Degree == 3 {
		k.emit(k.zero(q), k.lo(m, w, q), k.zero(h), k.hi(w, x, h))
	} else {
		w3 := t[5]
		k.emit(k.zero(q), k.lo(m, w, q),
			k.zero(h), k.hi(w, x, h),
			k.set(k.c(plan.P), w3), k.sub(h, w3, w3),
			k.hi(k.c(plan.P), q, w3), // x³
			k.mulu(w, w, h),
			k.zero(q), k.lo(k.c(plan.MU), h, q),
			"VPSRLQ $52, "+h+", "+h,
			k.set(k.c(plan.P), w), k.sub(h, w, w),
			k.hi(k.c(plan.P), q, w), // -x⁴
			k.mulu(w, w3, h),
			k.zero(q), k.lo(k.c(plan.MU), h, q),
			"VPSRLQ $52, "+h+", "+h)
	}
	k.emit(k.sub(h, b, x), k.hi(k.c(plan.P), q, x))
	recover := fmt.Sprintf("%d(%s)", 8*plan.Recover, round)
	if parity == 0 {
		k.emit(k.sub(small, e, small), // σ = e - x
			k.add(b, b, b), k.set(recover, e), k.sub(b, e, e))
	} else {
		k.emit(k.add(small, e, small), k.add(b, b, e), k.add(recover, e, e))
	}
	// e between 2p and 4p: never less than x.
	k.emit(k.set(k.c(plan.MinusTwo), q), k.hi(k.c(plan.Barrett), e, q), k.lo(k.c(plan.NegP), q, e))
	for i := range k.Lanes {
		k.emit(k.add(small, p.regs[i][0], p.regs[i][0]))
		p.regs[i][0], p.regs[i][1] = p.regs[i][1], p.regs[i][0]
		p.multiply(i)
	}
	p.nextSum(1-parity, plan.PartialWords)
	k.emit(fmt.Sprintf("ADDQ $%d, %s", 8*plan.PartialWords, round))
}

// multiply multiplies lane i by its constant.
func (p *partial) multiply(i int) {
	k, l, r := p.kernel, &p.Lanes[i], p.regs[i][0]
	at := k.Update + plan.UpdateWords*i
	low, copied, q := p.temps[0], p.temps[1], p.temps[3]
	switch l.Kind {
	case plan.Shift:
		if l.Negative {
			k.emit(k.set(k.c(plan.Complement), low), k.sub(r, low, r))
		}
		k.emit(k.and(k.c(at+plan.LowMask), r, low), k.set(r, copied),
			k.set(k.c(plan.P), r), k.hi(k.c(at+plan.HighPart), copied, r),
			k.lo(k.c(at+plan.LowPart), low, r))
	case plan.Scale:
		k.emit(k.zero(copied), k.lo(k.c(at+plan.Multiplier), r, copied))
		k.emit(p.fold(copied, r, q)...)
	}
}

// nextSum prepares b for a round of the given parity, from the lanes as they are before σ
// is added. The round's constants are at words from where round points to.
func (p *partial) nextSum(parity, at int) {
	k := p.kernel
	var pairs, alone []string
	for i := range k.Lanes {
		if k.Lanes[i].Pair() {
			pairs = append(pairs, p.regs[i][0])
		} else {
			alone = append(alone, p.regs[i][0])
		}
	}
	sum, other := p.g, p.temps[0]
	k.emit(k.add(pairs[0], pairs[1], sum), k.add(alone[0], alone[1], other))
	for i := 2; i < len(pairs) || i < len(alone); i++ {
		if i < len(pairs) {
			k.emit(k.add(pairs[i], sum, sum))
		}
		if i < len(alone) {
			k.emit(k.add(alone[i], other, other))
		}
	}
	k.emit(k.add(sum, sum, sum),
		k.add(fmt.Sprintf("%d(%s)", 8*(at+plan.NextSum), round), other, other),
		k.lo(k.c(plan.Weight), p.e, other),
		k.add(other, sum, sum))
	if parity == 0 {
		k.emit(k.set(k.c(plan.Complement), other), k.sub(sum, other, sum))
	}
}

// leave adds the last σ, takes the pairs apart, and stores all elements doubled, so that
// they are even.
func (p *partial) leave() {
	k, q, h, small := p.kernel, p.temps[0], p.temps[1], p.temps[2]
	store := func(r string, i int) {
		k.emit(k.double(r, r), "VMOVDQU64 "+r+", "+row(half, i))
	}
	k.emit(p.fold(p.x, small, q)...)
	if k.Rounds%2 == 0 {
		k.emit(k.set(small, p.x), k.sub(small, p.e, small))
	} else {
		k.emit(k.set(k.c(plan.TwoP), p.x), k.sub(small, p.x, p.x), k.add(small, p.e, small))
	}
	store(p.x, 0)
	at := k.Leave
	for i := range k.Lanes {
		l, r := &k.Lanes[i], p.regs[i]
		k.emit(k.add(small, r[0], r[0]))
		if l.Pair() {
			k.emit(k.montgomery(r[1], at, q, h)...) // B = D times the last A
			at += plan.MontgomeryWords
			k.emit(k.add(k.c(plan.TwoP), r[0], q), k.sub(r[1], q, q), k.add(r[1], r[0], r[0]))
			store(q, l.Minus)
		}
		store(r[0], l.Plus)
	}
}
