package field

// Vectors of extension elements keep the layout []E everywhere; the kernels take it apart
// into a vector for each coefficient and put it together again, which costs a third of a
// multiplication. All slices of a call have the lengths that the operation says, any
// length; dst may be one of the operands.

// extState is what a kernel is given beside its vectors. Its layout is known to
// internal/gen.
type extState struct {
	p, mu, w, wmu uint32
	one, half     uint32                             // the integers 1 and (p+1)/2
	m             uint64                             // p·2^32
	mat           [MaxDegree * MaxDegree]Elem        // row i, column j: coefficient i of X^j·factor
	add           E                                  // an element to be added
	_             [vectorWords + 29*vectorWords]Elem // room for the kernel's own vectors, aligned by it
}

const (
	vectorWords = 16 // 32-bit words of the largest vector

	// extStretch is the number of elements that one call of a kernel works on, in less
	// than 50 µs.
	extStretch = 1 << 13
)

// prepare fills the state's constants.
func (x *Ext) prepare(s *extState) {
	f := x.Base
	s.p, s.mu, s.w, s.wmu, s.m = f.p, f.mu, uint32(x.w), uint32(x.w)*f.mu, f.m()
	s.one, s.half = 1, f.p/2+1
}

// factor sets the state's matrix to that of multiplication by a.
func (x *Ext) factor(s *extState, a E) {
	for j := range x.D {
		column := x.Mul(x.Monomial(j), a)
		for i := range x.D {
			s.mat[i*x.D+j] = column[i]
		}
	}
}

// MulVec sets dst[i] = a[i]·b[i].
func (x *Ext) MulVec(dst, a, b []E) {
	dst, b = dst[:len(a)], b[:len(a)]
	v, lanes := x.variant()
	if lanes == 0 {
		for i := range a {
			x.MulTo(&dst[i], &a[i], &b[i])
		}
		return
	}
	var s extState
	x.prepare(&s)
	for len(a) >= lanes {
		n := min(len(a)&-lanes, extStretch)
		v.mul(&dst[0], &a[0], &b[0], n, &s)
		dst, a, b = dst[n:], a[n:], b[n:]
	}
	if len(a) > 0 {
		d, p, q := [vectorWords]E{}, part(a), part(b)
		v.mul(&d[0], &p[0], &q[0], lanes, &s)
		copy(dst, d[:])
	}
}

// part is a vector that begins with the elements of a.
func part[T E | Elem](a []T) (v [vectorWords]T) {
	copy(v[:], a)
	return v
}

// MulAddVec sets dst[i] += a[i]·b[i].
func (x *Ext) MulAddVec(dst, a, b []E) {
	dst, b = dst[:len(a)], b[:len(a)]
	v, lanes := x.variant()
	if lanes == 0 {
		for i := range a {
			dst[i] = x.Add(dst[i], x.Mul(a[i], b[i]))
		}
		return
	}
	var s extState
	x.prepare(&s)
	for len(a) >= lanes {
		n := min(len(a)&-lanes, extStretch)
		v.mulAdd(&dst[0], &a[0], &b[0], n, &s)
		dst, a, b = dst[n:], a[n:], b[n:]
	}
	if len(a) > 0 {
		d, p, q := part(dst), part(a), part(b)
		v.mulAdd(&d[0], &p[0], &q[0], lanes, &s)
		copy(dst, d[:])
	}
}

// MulBaseVec sets dst[i] = a[i]·b[i] for b in the base field.
func (x *Ext) MulBaseVec(dst, a []E, b []Elem) {
	dst, b = dst[:len(a)], b[:len(a)]
	v, lanes := x.variant()
	if lanes == 0 {
		for i := range a {
			dst[i] = x.MulBase(a[i], b[i])
		}
		return
	}
	var s extState
	x.prepare(&s)
	for len(a) >= lanes {
		n := min(len(a)&-lanes, extStretch)
		v.mulBase(&dst[0], &a[0], &b[0], n, &s)
		dst, a, b = dst[n:], a[n:], b[n:]
	}
	if len(a) > 0 {
		d, p, q := [vectorWords]E{}, part(a), part(b)
		v.mulBase(&d[0], &p[0], &q[0], lanes, &s)
		copy(dst, d[:])
	}
}

// ScaleVec sets dst[i] = factor·a[i].
func (x *Ext) ScaleVec(dst []E, factor E, a []E) { x.AffineVec(dst, E{}, factor, a) }

// AffineVec sets dst[i] = add + factor·a[i].
func (x *Ext) AffineVec(dst []E, add, factor E, a []E) {
	dst = dst[:len(a)]
	v, lanes := x.variant()
	if lanes == 0 {
		for i := range a {
			dst[i] = x.Add(add, x.Mul(factor, a[i]))
		}
		return
	}
	var s extState
	x.prepare(&s)
	x.factor(&s, factor)
	s.add = add
	for len(a) >= lanes {
		n := min(len(a)&-lanes, extStretch)
		v.affine(&dst[0], &a[0], n, &s)
		dst, a = dst[n:], a[n:]
	}
	if len(a) > 0 {
		d, p := [vectorWords]E{}, part(a)
		v.affine(&d[0], &p[0], lanes, &s)
		copy(dst, d[:])
	}
}

// ScaleAddVec sets dst[i] += factor·a[i].
func (x *Ext) ScaleAddVec(dst []E, factor E, a []E) {
	dst = dst[:len(a)]
	v, lanes := x.variant()
	if lanes == 0 {
		for i := range a {
			dst[i] = x.Add(dst[i], x.Mul(factor, a[i]))
		}
		return
	}
	var s extState
	x.prepare(&s)
	x.factor(&s, factor)
	for len(a) >= lanes {
		n := min(len(a)&-lanes, extStretch)
		v.scaleAdd(&dst[0], &a[0], n, &s)
		dst, a = dst[n:], a[n:]
	}
	if len(a) > 0 {
		d, p := part(dst), part(a)
		v.scaleAdd(&d[0], &p[0], lanes, &s)
		copy(dst, d[:])
	}
}

// FoldVec sets dst[i] = (lo + hi)/2 + factor·(lo - hi)·inv[i] for the neighbours lo and hi
// at 2i and 2i+1 of word. dst may be word itself.
func (x *Ext) FoldVec(dst, word []E, factor E, inv []Elem) {
	dst, word = dst[:len(inv)], word[:2*len(inv)]
	v, lanes := x.variant()
	if lanes == 0 {
		half := x.Base.half
		for i := range dst {
			lo, hi := word[2*i], word[2*i+1]
			mean := x.MulBase(x.Add(lo, hi), half)
			dst[i] = x.Add(mean, x.Mul(factor, x.MulBase(x.Sub(lo, hi), inv[i])))
		}
		return
	}
	var s extState
	x.prepare(&s)
	x.factor(&s, factor)
	for len(inv) >= lanes {
		n := min(len(inv)&-lanes, extStretch)
		v.fold(&dst[0], &word[0], &inv[0], n, &s)
		dst, word, inv = dst[n:], word[2*n:], inv[n:]
	}
	if len(inv) > 0 {
		var d [vectorWords]E
		var w [2 * vectorWords]E
		copy(w[:], word)
		p := part(inv)
		v.fold(&d[0], &w[0], &p[0], lanes, &s)
		copy(dst, d[:])
	}
}
