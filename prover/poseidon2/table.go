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
	factor = t.full(t.Initial, p.external[0], factor)
	enter := f.Mul(t.r, f.Inv(factor))
	t.enter(enter)
	t.update()
	t.partial()
	factor = t.full(t.Final, p.external[1], f.Double(t.r))
	t.montgomery(t.Out, f.Mul(f.FromUint(1<<32), f.Inv(factor)))
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
		plan.Offset:         plan.OffsetMultiple * p,
		plan.Complement:     plan.ComplementMultiple * p,
		plan.TwoP:           2 * p,
		plan.Weight:         uint64(t.Width) - 1,
		plan.MinusTwoWeight: 1<<52 - 2*(uint64(t.Width)-1),
	} {
		t.words[at] = v
	}
}

// montgomery places the constant that multiplies by v.
func (t *tableBuilder) montgomery(at int, v field.Elem) {
	c := uint64(t.f.Uint(t.f.Neg(t.f.Mul(v, t.r))))
	t.words[at] = c
	t.words[at+1] = c * t.words[plan.MU] & lowBits
}

// full places the constants of full rounds which the state enters with the given factor,
// and returns the factor after them. They are odd; where sums may be negative, they make
// them positive.
func (t *tableBuilder) full(at int, rounds [fullRoundsHalf][]field.Elem, factor field.Elem) field.Elem {
	f, p := t.f, t.P()
	for _, rc := range rounds {
		for _, c := range rc {
			v := uint64(f.Uint(f.Mul(c, factor)))
			if v%2 == 0 {
				v += p
			}
			if t.Degree > 3 {
				v += t.words[plan.Offset]
			}
			t.words[at] = v
			at++
		}
		d := uint64(t.Degree)
		factor = f.Mul(f.Double(f.Exp(factor, d)), f.Inv(f.Exp(t.r, d-1)))
	}
	return factor
}

// enter places what brings the state to the factor r, and makes the lanes of the two
// rounds before the first of it, as if σ had been zero there.
func (t *tableBuilder) enter(v field.Elem) {
	f := t.f
	at := t.Enter
	place := func(v field.Elem) {
		t.montgomery(at, v)
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
		t.montgomery(leave, d)
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
