package field

// Let m(X) be the product of X - z^(p^k) over the D conjugates of z. Its coefficients lie
// in the base field, and q(X) = m(X)/(X - z) has degree D-1, so for x in the base field
//
//	1/(z - x) = -q(x)/m(x) :
//
// one inverse in the base field, and a sum of D powers of x times constants.

// differenceBlock points are worked on at a time, in the first level of cache.
const differenceBlock = 1 << 10

// InverseDifferences sets dst[i] to 1/(z - at[i]), or to 0 where at[i] = z.
func (x *Ext) InverseDifferences(dst []E, z E, at []Elem) {
	x.differences(dst, z, x.One(), at, false)
}

// BarycentricWeights sets dst[i] to what multiplies the value at at[i] of a polynomial of
// degree below N = 2^log in its value at z, at[i] being one of the N points of shift·H:
// with s = shift^N,
//
//	f(z) = (z^N - s)/(N·s) · Σ at[i]·f(at[i])/(z - at[i]).
//
// It takes any part of the points. z is none of them.
func (x *Ext) BarycentricWeights(dst []E, z E, shift Elem, log int, at []Elem) {
	f := x.Base
	s := f.Exp2(shift, log)
	scale := f.Inv(f.Mul(f.FromUint(1<<log), s))
	x.differences(dst, z, x.MulBase(x.SubBase(x.Exp2(z, log), s), scale), at, true)
}

// differences sets dst[i] to factor/(z - at[i]), or if times to factor·at[i]/(z - at[i]).
func (x *Ext) differences(dst []E, z, factor E, at []Elem, times bool) {
	f, d := x.Base, x.D
	dst = dst[:len(at)]
	// q, lowest degree first, and m from it.
	q, degree := [MaxDegree + 1]E{x.One()}, 0
	multiply := func(root E) {
		degree++
		for i := degree; i >= 0; i-- {
			term := x.Neg(x.Mul(root, q[i]))
			if i > 0 {
				term = x.Add(term, q[i-1])
			}
			q[i] = term
		}
	}
	for k := 1; k < d; k++ {
		multiply(x.Frobenius(z, k))
	}
	quotient := q
	multiply(z)
	var m [MaxDegree]Elem
	for i := range d {
		m[i] = q[i][0]
	}
	factor = x.Neg(factor)
	for i := range d {
		quotient[i] = x.Mul(quotient[i], factor)
	}
	y := make([]Elem, min(len(at), differenceBlock))
	for len(at) > 0 {
		n := min(len(at), differenceBlock)
		points, y := at[:n], y[:n]
		f.AddScalarVec(y, points, m[d-1])
		for i := d - 2; i >= 0; i-- {
			f.MulVec(y, y, points)
			f.AddScalarVec(y, y, m[i])
		}
		f.BatchInv(y)
		if times {
			f.MulVec(y, y, points)
		}
		x.polyVec(dst[:n], quotient[:d], points, y)
		dst, at = dst[n:], at[n:]
	}
}

// polyVec sets dst[i] to y[i]·Σ coeffs[j]·at[i]^j, there being D coefficients.
func (x *Ext) polyVec(dst []E, coeffs []E, at, y []Elem) {
	v, lanes := x.variant()
	if lanes == 0 {
		for i, point := range at {
			var sum E
			for j := x.D - 1; j >= 0; j-- {
				sum = x.Add(x.MulBase(sum, point), coeffs[j])
			}
			dst[i] = x.MulBase(sum, y[i])
		}
		return
	}
	var s extState
	x.prepare(&s)
	for j, c := range coeffs {
		for i := range x.D {
			s.mat[i*x.D+j] = c[i]
		}
	}
	for len(at) >= lanes {
		n := min(len(at)&-lanes, extStretch)
		v.poly(&dst[0], &at[0], &y[0], n, &s)
		dst, at, y = dst[n:], at[n:], y[n:]
	}
	if len(at) > 0 {
		d, p, q := [vectorWords]E{}, part(at), part(y)
		v.poly(&d[0], &p[0], &q[0], lanes, &s)
		copy(dst, d[:])
	}
}
