package field

// MaxDegree is the largest extension degree that an E can hold.
const MaxDegree = 5

// E is an element of a challenge extension: coefficients, lowest degree first; those
// from the extension's degree on are zero.
type E [MaxDegree]Elem

// Ext is an extension of Base of degree D: X^4 - W, or for KoalaBear also the
// trinomial X^5 + X^2 - 1 (Plonky3's koala-bear quintic).
type Ext struct {
	Base *Field
	D    int
	w    Elem
	frob [MaxDegree][MaxDegree]E // frob[k][i] = (X^i)^(p^k)
}

// The extensions from which challenges are drawn.
var (
	KoalaBear4 = newExt(KoalaBear, 4, 3)
	KoalaBear5 = newExt(KoalaBear, 5, 0)
	BabyBear4  = newExt(BabyBear, 4, 11)
)

// ExtOf returns the extension of f of degree d, or nil if there is none.
func ExtOf(f *Field, d int) *Ext {
	for _, x := range []*Ext{KoalaBear4, KoalaBear5, BabyBear4} {
		if x.Base == f && x.D == d {
			return x
		}
	}
	return nil
}

func newExt(f *Field, d int, w uint64) *Ext {
	x := &Ext{Base: f, D: d, w: f.FromUint(w)}
	var gen E
	gen[1] = f.one
	xp := x.Exp(gen, uint64(f.p)) // X^p
	for k := range d {
		power := x.FromBase(f.one)
		step := gen
		if k > 0 {
			step = x.frobWith(&x.frob[k-1], xp)
		}
		for i := range d {
			x.frob[k][i] = power
			power = x.Mul(power, step)
		}
	}
	return x
}

// frobWith applies the linear map whose images of the basis are given.
func (x *Ext) frobWith(images *[MaxDegree]E, a E) (r E) {
	f := x.Base
	m := f.m()
	for k := range x.D {
		var sum uint64
		for i := range x.D {
			sum = below(sum+prod(images[i][k], a[i]), m)
		}
		r[k] = f.reduce(sum)
	}
	return r
}

// FromBase embeds a base element.
func (x *Ext) FromBase(a Elem) E { return E{a} }

// One is the extension's one.
func (x *Ext) One() E { return E{x.Base.one} }

// Monomial is X^i, for i below D.
func (x *Ext) Monomial(i int) E {
	var r E
	r[i] = x.Base.one
	return r
}

// Add returns a + b.
func (x *Ext) Add(a, b E) E {
	f := x.Base
	return E{f.Add(a[0], b[0]), f.Add(a[1], b[1]), f.Add(a[2], b[2]), f.Add(a[3], b[3]), f.Add(a[4], b[4])}
}

// Sub returns a - b.
func (x *Ext) Sub(a, b E) E {
	f := x.Base
	return E{f.Sub(a[0], b[0]), f.Sub(a[1], b[1]), f.Sub(a[2], b[2]), f.Sub(a[3], b[3]), f.Sub(a[4], b[4])}
}

// Neg returns -a.
func (x *Ext) Neg(a E) E { return x.Sub(E{}, a) }

// AddBase returns a + b for b in the base field.
func (x *Ext) AddBase(a E, b Elem) E { a[0] = x.Base.Add(a[0], b); return a }

// SubBase returns a - b for b in the base field.
func (x *Ext) SubBase(a E, b Elem) E { a[0] = x.Base.Sub(a[0], b); return a }

// MulBase returns a·b for b in the base field.
func (x *Ext) MulBase(a E, b Elem) E {
	f := x.Base
	return E{f.Mul(a[0], b), f.Mul(a[1], b), f.Mul(a[2], b), f.Mul(a[3], b), f.Mul(a[4], b)}
}

// Mul returns a·b.
func (x *Ext) Mul(a, b E) (r E) {
	x.MulTo(&r, &a, &b)
	return r
}

func prod(a, b Elem) uint64 { return uint64(a) * uint64(b) }

// MulTo sets r = a·b, any of which may be the same. Long chains of products are twice as
// fast without the copies of Mul.
func (x *Ext) MulTo(r, a, b *E) {
	if x.D == 4 {
		x.mul4(r, a, b)
	} else {
		x.mul5(r, a, b)
	}
}

// mul4 multiplies modulo X^4 - W. A sum of four products of reduced words fits 64 bits.
func (x *Ext) mul4(r, a, b *E) {
	f := x.Base
	w := uint64(x.w)
	a0, a1, a2, a3 := uint64(a[0]), uint64(a[1]), uint64(a[2]), uint64(a[3])
	b0, b1, b2, b3 := uint64(b[0]), uint64(b[1]), uint64(b[2]), uint64(b[3])
	c4 := uint64(f.reduce(a1*b3 + a2*b2 + a3*b1))
	c5 := uint64(f.reduce(a2*b3 + a3*b2))
	c6 := uint64(f.reduce(a3 * b3))
	r0 := f.reduce(a0*b0 + w*c4)
	r1 := f.reduce(a0*b1 + a1*b0 + w*c5)
	r2 := f.reduce(a0*b2 + a1*b1 + a2*b0 + w*c6)
	r3 := f.reduce(a0*b3 + a1*b2 + a2*b1 + a3*b0)
	*r = E{r0, r1, r2, r3}
}

// mul5 multiplies modulo X^5 + X^2 - 1, so that X^5 = 1 - X^2, X^6 = X - X^3,
// X^7 = X^2 - X^4 and X^8 = X^3 + X^2 - 1: coefficients of the product are sums of five
// products with the coefficients of b and four differences of them.
func (x *Ext) mul5(r, a, b *E) {
	f := x.Base
	m := f.m()
	a0, a1, a2, a3, a4 := uint64(a[0]), uint64(a[1]), uint64(a[2]), uint64(a[3]), uint64(a[4])
	b0, b1, b2, b3, b4 := uint64(b[0]), uint64(b[1]), uint64(b[2]), uint64(b[3]), uint64(b[4])
	b14 := f.Sub(b[1], b[4])
	b03, b42, b314 := uint64(f.Sub(b[0], b[3])), uint64(f.Sub(b[4], b[2])), uint64(f.Sub(b[3], b14))
	e := uint64(b14)
	r0 := f.reduce(below(a0*b0+a1*b4+a2*b3+a3*b2, m) + a4*e)
	r1 := f.reduce(below(a0*b1+a1*b0+a2*b4+a3*b3, m) + a4*b2)
	r2 := f.reduce(below(a0*b2+a1*e+a2*b03+a3*b42, m) + a4*b314)
	r3 := f.reduce(below(a0*b3+a1*b2+a2*e+a3*b03, m) + a4*b42)
	r4 := f.reduce(below(a0*b4+a1*b3+a2*b2+a3*e, m) + a4*b03)
	*r = E{r0, r1, r2, r3, r4}
}

// Square returns a².
func (x *Ext) Square(a E) E { return x.Mul(a, a) }

// Exp returns a^n.
func (x *Ext) Exp(a E, n uint64) E {
	r := x.One()
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			x.MulTo(&r, &r, &a)
		}
		x.MulTo(&a, &a, &a)
	}
	return r
}

// Exp2 returns a^(2^k).
func (x *Ext) Exp2(a E, k int) E {
	for range k {
		x.MulTo(&a, &a, &a)
	}
	return a
}

// Frobenius returns a^(p^k), for k below D.
func (x *Ext) Frobenius(a E, k int) E { return x.frobWith(&x.frob[k], a) }

// Inv returns 1/a, and 0 for 0. With r = 1 + p + … + p^(D-1), a^r lies in the base
// field and a^(r-1) is a product of conjugates (Itoh and Tsujii).
func (x *Ext) Inv(a E) E {
	conj := x.Frobenius(a, 1)
	for k := 2; k < x.D; k++ {
		conj = x.Mul(conj, x.Frobenius(a, k))
	}
	norm := x.Mul(a, conj)
	return x.MulBase(conj, x.Base.Inv(norm[0]))
}

// Powers returns 1, base, …, base^(n-1).
func (x *Ext) Powers(base E, n int) []E {
	out := make([]E, n)
	const first = 16
	acc := x.One()
	for i := range min(n, first) {
		out[i] = acc
		x.MulTo(&acc, &acc, &base)
	}
	for have := first; have < n; have *= 2 { // acc is base^have
		x.ScaleVec(out[have:min(2*have, n)], acc, out[:min(have, n-have)])
		acc = x.Square(acc)
	}
	return out
}

// FromBasis returns Σ X^i·c[i] for extension elements c: how an extension column is
// put together again from its D committed base columns, opened at a point of the
// extension.
func (x *Ext) FromBasis(c []E) E {
	var r E
	for i, v := range c {
		r = x.Add(r, x.Mul(x.Monomial(i), v))
	}
	return r
}
