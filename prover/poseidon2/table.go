package poseidon2

import (
	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2/internal/plan"
)

// tableBuilder fills the constants of the AVX-512 kernel (internal/gen says how they are
// used). The kernel's elements carry a factor, the same for the whole state; its products
// are divided by r = 2^52.
type tableBuilder struct {
	*plan.Plan
	f     *field.Field
	perm  *Perm
	words []uint64
	r     field.Elem
}

const lowBits = 1<<52 - 1

// newTable makes the table.
func newTable(p *Perm) []uint64 {
	t := &tableBuilder{Plan: p.arranged, f: p.f, perm: p, words: make([]uint64, p.arranged.Words), r: p.f.FromUint(1 << 52)}
	t.head()
	f := t.f
	factor := f.FromUint(1 << 33) // Montgomery words, doubled
	factor = t.full(t.Initial, p.external[0], factor, true)
	enter := f.Mul(t.r, f.Inv(factor))
	t.enter(enter)
	t.update()
	t.partial()
	factor = t.full(t.Final, p.external[1], f.Double(t.r), false)
	t.montgomery(t.Out, f.Mul(f.FromUint(1<<32), f.Inv(factor)), true)
	return t.words
}

func (t *tableBuilder) head() {
	p := t.P()
	mu := p
	for range 6 {
		mu *= 2 - p*mu
	}
	for at, v := range map[int]uint64{
		plan.MU:             mu & lowBits,
		plan.NegMU:          -mu & lowBits,
		plan.P:              p,
		plan.NegP:           1<<52 - p,
		plan.Barrett:        (1 << 52) / p,
		plan.One:            1,
		plan.Even:           1<<33 - 2,
		plan.Odd:            p,
		plan.Complement:     plan.ComplementMultiple * p,
		plan.TwoP:           2 * p,
		plan.Weight:         uint64(t.Width) - 1,
		plan.MinusTwoWeight: 1<<52 - 2*(uint64(t.Width)-1),
	} {
		t.words[at] = v
	}
	if t.Degree > 3 {
		t.words[plan.Odd] *= plan.OddMultiple
	}
}

// montgomery places the constant that multiplies by v, for odd factors or for any.
func (t *tableBuilder) montgomery(at int, v field.Elem, odd bool) {
	if !odd {
		v = t.f.Neg(v)
	}
	c := uint64(t.f.Uint(t.f.Mul(v, t.r)))
	cmu := c * t.words[plan.MU]
	if odd {
		cmu = -cmu
	}
	t.words[at] = c
	t.words[at+1] = cmu & lowBits
}

// full places the constants of full rounds which the state enters with the given factor,
// and returns the factor after them. Half of each round's constants, as results are doubled
// after they are added, goes back through the matrix to the round before; those of the
// first round go as they are through matrix to what is added to the state at first.
func (t *tableBuilder) full(at int, rounds [fullRoundsHalf][]field.Elem, factor field.Elem, matrix bool) field.Elem {
	f := t.f
	degree := uint64(t.Degree)
	for r := range 1 + len(rounds) {
		for i := range t.Width {
			switch {
			case r == 0:
			case t.Degree == 3:
				t.words[at+t.Width*r+i] = 1
			}
		}
	}
	for r, rc := range rounds {
		c := make([]field.Elem, len(rc))
		for i, v := range rc {
			c[i] = f.Mul(v, f.Mul(factor, f.Half()))
		}
		if r > 0 || matrix {
			t.perm.externalInverse(c)
		}
		for i, v := range c {
			w := &t.words[at+t.Width*r+i]
			switch u := uint64(f.Uint(v)); {
			case r == 0 && matrix:
				*w = 2 * u
			case r == 0 || t.Degree == 3:
				*w += u
			default: // it is subtracted
				*w -= u
			}
		}
		factor = f.Mul(f.Double(f.Exp(factor, degree)), f.Inv(f.Exp(t.r, degree-1)))
	}
	return factor
}

// enter places what brings the state to the factor r, and makes the lanes of the two
// rounds before the first of it, as if σ had been zero there.
func (t *tableBuilder) enter(v field.Elem) {
	f := t.f
	at := t.Enter
	place := func(v field.Elem) {
		t.montgomery(at, v, true)
		at += plan.MontgomeryWords
	}
	place(f.Mul(v, f.Half()))
	place(v)
	leave := t.Leave
	for i := range t.Lanes {
		l := &t.Lanes[i]
		d := ratio(f, l.D)
		inverse := f.Inv(d)
		if !l.Pair() {
			place(f.Mul(v, inverse))
			continue
		}
		v := f.Mul(v, f.Mul(f.Half(), inverse))
		place(f.Mul(v, inverse))
		place(v)
		t.montgomery(leave, d, false)
		leave += plan.MontgomeryWords
	}
}

func (t *tableBuilder) update() {
	for i := range t.Lanes {
		l := &t.Lanes[i]
		at := t.Update + plan.UpdateWords*i
		switch l.Kind {
		case plan.Shift:
			t.words[at+plan.LowMask] = 1<<l.Shift - 1
			t.words[at+plan.HighPart] = 1 << (52 - l.Shift)
			t.words[at+plan.LowPart] = 1<<52 - t.Odd<<(t.Adicity-l.Shift)
			if l.Negative {
				t.words[at+plan.LowPart] = t.Odd << (t.Adicity - l.Shift)
			}
		case plan.Scale:
			t.words[at+plan.Multiplier] = l.Factor
		}
	}
}

func (t *tableBuilder) partial() {
	f := t.f
	constant := func(round int) uint64 {
		if round >= t.Rounds {
			return 0
		}
		return uint64(f.Uint(f.Mul(t.perm.internal[round], t.r)))
	}
	t.words[t.First] = constant(0)
	p, n := t.P(), t.words[plan.Weight]
	for j := range t.Rounds + 1 {
		row := t.words[t.Partial+plan.PartialWords*j:]
		switch {
		case j == 0: // e = x, and y is half of x without its constant
			row[plan.Recover] = 4*p + constant(0)
		case j%2 == 0: // e = 2y - c
			row[plan.Recover] = 4*p - constant(j)
		default: // e = -2y - c
			row[plan.Recover] = 8*p - constant(j)
		}
		row[plan.NextSum] = n*row[plan.Recover] + constant(j+1)
		if j%2 == 0 {
			row[plan.NextSum] = t.words[plan.Complement] - row[plan.NextSum]
		}
	}
}
