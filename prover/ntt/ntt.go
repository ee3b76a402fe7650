package ntt

import (
	"math/bits"

	"rpp-node/prover/field"
)

// chunk elements are worked on at a time by the vector kernels, to stay in the first
// level of cache.
const chunk = 512

// vectorHalf is the smallest half-length for which the vector kernels pay.
const vectorHalf = 16

// Log returns log2(n) for a power of two.
func Log(n int) int { return bits.Len(uint(n)) - 1 }

// Forward evaluates the polynomial with coefficients a, in natural order, at the powers
// of Root(log2(len(a))). Values replace coefficients, in bit-reversed order.
func Forward(f *field.Field, a []field.Elem) {
	var tmp [chunk]field.Elem
	for k := Log(len(a)) - 1; k >= 0; k-- {
		h := 1 << k
		w := twiddles(f, k, false)
		for s := 0; s < len(a); s += 2 * h {
			u, v := a[s:s+h], a[s+h:s+2*h]
			if h < vectorHalf {
				for i := range u {
					x, y := u[i], v[i]
					u[i], v[i] = f.Add(x, y), f.Mul(f.Sub(x, y), w[i])
				}
				continue
			}
			for c := 0; c < h; c += chunk {
				e := min(c+chunk, h)
				t := tmp[:e-c]
				f.SubVec(t, u[c:e], v[c:e])
				f.AddVec(u[c:e], u[c:e], v[c:e])
				f.MulVec(v[c:e], t, w[c:e])
			}
		}
	}
}

// Inverse is the inverse of Forward: values in bit-reversed order are replaced by
// coefficients in natural order.
func Inverse(f *field.Field, a []field.Elem) {
	var tmp [chunk]field.Elem
	for k := range Log(len(a)) {
		h := 1 << k
		w := twiddles(f, k, true)
		for s := 0; s < len(a); s += 2 * h {
			u, v := a[s:s+h], a[s+h:s+2*h]
			if h < vectorHalf {
				for i := range u {
					x, y := u[i], f.Mul(v[i], w[i])
					u[i], v[i] = f.Add(x, y), f.Sub(x, y)
				}
				continue
			}
			for c := 0; c < h; c += chunk {
				e := min(c+chunk, h)
				t := tmp[:e-c]
				f.MulVec(t, v[c:e], w[c:e])
				f.SubVec(v[c:e], u[c:e], t)
				f.AddVec(u[c:e], u[c:e], t)
			}
		}
	}
	f.ScaleVec(a, a, f.Inv(f.FromUint(uint64(len(a)))))
}

// Coset evaluates polynomials on a coset shift·H of some size.
type Coset struct {
	f      *field.Field
	size   int
	powers []field.Elem // shift^i, i < size
	wrap   field.Elem   // shift^size
}

// NewCoset prepares evaluation on shift·H, H the subgroup of order 2^log.
func NewCoset(f *field.Field, shift field.Elem, log int) *Coset {
	return &Coset{f: f, size: 1 << log, powers: f.Powers(f.One(), shift, 1<<log), wrap: f.Exp2(shift, log)}
}

// Evaluate sets dst, of the coset's size, to the values of the polynomial with the given
// coefficients, in bit-reversed order. A polynomial longer than the coset is first
// reduced modulo X^size - shift^size, which agrees with it there; a shorter one is
// padded.
func (c *Coset) Evaluate(dst, coeffs []field.Elem) {
	f, n := c.f, len(coeffs)
	if n <= c.size {
		f.MulVec(dst[:n], coeffs, c.powers[:n])
		clear(dst[n:])
	} else {
		copy(dst, coeffs[n-c.size:])
		for at := n - 2*c.size; at >= 0; at -= c.size {
			f.ScaleVec(dst, dst, c.wrap)
			f.AddVec(dst, dst, coeffs[at:at+c.size])
		}
		f.MulVec(dst, dst, c.powers)
	}
	Forward(f, dst)
}
