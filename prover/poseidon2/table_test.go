package poseidon2

import (
	"math"
	"testing"

	"rpp-node/prover/poseidon2/internal/plan"
)

// span bounds a number of the AVX-512 kernel.
type span struct{ lo, hi float64 }

func (s span) add(o span) span            { return span{s.lo + o.lo, s.hi + o.hi} }
func (s span) sub(o span) span            { return span{s.lo - o.hi, s.hi - o.lo} }
func (s span) times(c float64) span       { return span{s.lo * c, s.hi * c} }
func (s span) join(o span) span           { return span{min(s.lo, o.lo), max(s.hi, o.hi)} }
func exactly(v uint64) span               { return span{float64(v), float64(v)} }
func (s span) within(lo, hi float64) bool { return lo <= s.lo && s.hi <= hi }

// TestKernelBounds follows the sizes of all numbers of the AVX-512 kernel through the
// rounds, as internal/gen computes them: no factor of a product is negative or needs more
// than its 52, or 32, bits.
func TestKernelBounds(t *testing.T) {
	for name, perm := range instances {
		k := &kernelBounds{T: t, name: name, Plan: perm.arranged, table: perm.table, p: float64(perm.f.Modulus())}
		k.folded = span{0, 2 * k.p}
		x := k.full(span{0, 4 * k.p}, true) // doubled words and constants
		k.full(k.partial(x), false)
	}
}

type kernelBounds struct {
	*testing.T
	*plan.Plan
	name   string
	table  []uint64
	p      float64
	folded span
}

const radix = 1 << 52

func (k *kernelBounds) require(ok bool, what string, s span) {
	k.Helper()
	if !ok {
		k.Errorf("%s: %s may be from %g p to %g p", k.name, what, s.lo/k.p, s.hi/k.p)
	}
}

// external is the external matrix and the odd multiple of p.
func (k *kernelBounds) external(x span) span {
	return x.times(float64(7 * (k.Width/4 + 1))).add(exactly(k.table[plan.Odd]))
}

// full returns what follows the last full round.
func (k *kernelBounds) full(in span, matrix bool) span {
	x := in.add(exactly(k.table[plan.Odd]))
	if matrix {
		x = k.external(in)
	}
	for range plan.HalfRounds {
		k.require(x.within(1, 1<<42), "an S-box's argument", x)
		x2 := span{1, 1 + x.hi*x.hi/radix + k.p}
		x3 := span{1, 1 + x2.hi*x.hi/radix + k.p}
		out := x3.add(span{0, k.p}) // the next constant
		if k.Degree == 7 {
			k.require(x2.hi < 1<<32 && x3.hi < 1<<31, "a square or cube", x2.join(x3))
			x4 := span{-k.p, x2.hi * x2.hi / radix}
			k.require(x4.within(-1<<31, 1<<31-1), "a fourth power", x4)
			high := -x4.lo * x3.hi / radix
			out = span{-high - 1 - k.p, high + k.p}
		}
		x = k.external(out.times(2))
	}
	k.require(x.within(1, 1<<42), "what leaves the full rounds", x)
	return x
}

// partial returns the elements that leave the partial rounds.
func (k *kernelBounds) partial(in span) span {
	p := k.p
	k.require(in.hi*2+float64(k.table[plan.Complement]) < 1<<42 && in.hi-in.lo < float64(k.table[plan.Complement]), "what enters the partial rounds", in)
	entered := span{0, p + (2*in.hi+float64(k.table[plan.Complement]))*p/radix + 1}
	x, y := entered.add(span{0, p}), entered
	type lane struct{ now, before span }
	lanes := make([]lane, len(k.Lanes))
	for i := range lanes {
		lanes[i] = lane{entered, entered}
	}
	n := float64(k.Width - 1)
	update := func(j int) (u span) { // gives U
		recover := exactly(k.table[k.Partial+plan.PartialWords*j+plan.Recover])
		sigma := recover.add(y.times(2)).sub(k.folded)
		if j%2 == 1 {
			sigma = recover.sub(y.times(2)).add(k.folded)
		}
		for i := range lanes {
			l := &k.Lanes[i]
			d := k.product(l, lanes[i].before)
			weight := 1.
			if l.Pair() {
				weight = 2
			}
			u = u.add(d.times(weight))
			a := d.add(sigma)
			k.require(a.lo >= 0, "a lane", a)
			lanes[i] = lane{a, lanes[i].now}
			if !l.Pair() {
				lanes[i].before = a
			}
		}
		return u
	}
	for j := range k.Rounds {
		h := x.hi * x.hi / radix
		k.require(x.lo >= 0 && h <= p, "the first element", x)
		u := update(j)
		b := exactly(k.table[k.Partial+plan.PartialWords*j+plan.NextSum]).sub(y.times(2 * n)).add(k.folded.times(n))
		if j%2 == 0 {
			b = b.sub(u)
		} else {
			b = b.add(u)
		}
		k.require(b.lo >= 0 && b.hi < radix, "b", b)
		factor := 2 * p // -x² or -x⁴; for the last product at most as large as x³ or x
		x = b.add(span{-factor * max(x.hi, 2*p) / radix, p})
		y = k.folded
	}
	update(k.Rounds)
	out := k.folded
	for i := range lanes {
		out = out.join(lanes[i].now.join(lanes[i].now.add(k.folded)))
	}
	return out.add(span{0, p}).times(2)
}

func (k *kernelBounds) product(l *plan.Lane, a span) span {
	part := a.hi * math.Pow(2, -float64(l.Shift))
	switch {
	case l.Kind == plan.Keep:
		return a
	case l.Kind == plan.Scale:
		k.require(a.hi*float64(l.Factor) < radix, "a product by a small integer", a)
		return k.folded
	case l.Negative:
		return span{-part, k.p}
	default:
		return span{-k.p, part}
	}
}
