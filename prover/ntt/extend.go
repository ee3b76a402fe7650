package ntt

import "rpp-node/prover/field"

// For calls body over disjoint ranges that cover [0, n), perhaps concurrently.
type For = func(n int, body func(from, to int))

// Extend replaces columns' values on from·H by the values of the same polynomials on
// shift·K, |H| = 2^log, |K| = 2^(log+logBlowup). values is a matrix of |K| rows of the
// given width; the first |H| hold the input, in the given order, and what the rest holds
// does not matter. The output is in bit-reversed order.
func Extend(f *field.Field, each For, values []field.Elem, width, log, logBlowup int, in Order, from, shift field.Elem) {
	ExtendTo(f, each, values, values, width, log, logBlowup, in, from, shift)
}

// ExtendTo is Extend into the |K| rows of dst, from the |H| rows of values. Both may begin
// at the same place.
func ExtendTo(f *field.Field, each For, dst, values []field.Elem, width, log, logBlowup int, in Order, from, shift field.Elem) {
	inverse := treeOf(treeKey{f, log, f.One(), true})
	last := lastNodes(f, log, inverse)
	// f(from·X) instead of f: one inverse tree serves all cosets
	forward := treeOf(treeKey{f, log + logBlowup, f.Mul(shift, f.Inv(from)), false})
	panels(f, each, width, log, buffers(logBlowup), func(w *worker, at int) {
		w.interpolate(view{values, at, width}, in, inverse, last, view{})
		w.cosets(view{dst, at, width}, forward, logBlowup)
	})
}

// Interpolate sets dst to the coefficients, lowest first, of the polynomials whose values
// on from·H, |H| = 2^log, the columns of values are, rows in the given order. Both have
// 2^log rows of the given width, and may be the same.
func Interpolate(f *field.Field, each For, dst, values []field.Elem, width, log int, in Order, from field.Elem) {
	inverse := treeOf(treeKey{f, log, from, true})
	last := lastNodes(f, log, inverse)
	panels(f, each, width, log, 1, func(w *worker, at int) {
		w.interpolate(view{values, at, width}, in, inverse, last, view{dst, at, width})
	})
}

// Evaluate sets dst, 2^log rows of the given width, to the values on shift·H, |H| = 2^log,
// in bit-reversed order, of the polynomials whose 2^logCoeffs coefficients, lowest first,
// are the columns of coeffs. dst may begin where coeffs does. Polynomials longer than the
// coset are first reduced modulo X^|H| - shift^|H|, which agrees with them there.
func Evaluate(f *field.Field, each For, dst, coeffs []field.Elem, width, logCoeffs int, shift field.Elem, log int) {
	if logCoeffs > log {
		fold(f, each, dst, coeffs, width<<log, f.Exp2(shift, log))
		coeffs, logCoeffs = dst, log
	}
	logBlowup := log - logCoeffs
	forward := treeOf(treeKey{f, log, shift, false})
	panels(f, each, width, logCoeffs, buffers(logBlowup), func(w *worker, at int) {
		w.load(view{coeffs, at, width})
		w.cosets(view{dst, at, width}, forward, logBlowup)
	})
}

// foldWords is how much fold works on at a time.
const foldWords = 4 << 10

// fold reduces polynomials modulo X^M - wrap. M rows of coefficients have n elements.
func fold(f *field.Field, each For, dst, coeffs []field.Elem, n int, wrap field.Elem) {
	each((n+foldWords-1)/foldWords, func(from, to int) {
		var store [foldWords]field.Elem // dst may begin where coeffs does
		for at := from * foldWords; at < min(to*foldWords, n); at += foldWords {
			sum := store[:min(foldWords, n-at)]
			top := len(coeffs) - n + at
			copy(sum, coeffs[top:])
			for top -= n; top >= 0; top -= n {
				f.ScaleVec(sum, sum, wrap)
				f.AddVec(sum, sum, coeffs[top:top+len(sum)])
			}
			copy(dst[at:], sum)
		}
	})
}
