package ntt

import (
	"rpp-node/prover/field"
)

// For calls body over disjoint ranges that cover [0, n), perhaps concurrently.
type For = func(n int, body func(from, to int))

// Extend replaces columns' values on from·H by the values of the same polynomials on
// shift·K, |H| = 2^log, |K| = 2^(log+logBlowup). values is a matrix of |K| rows of the
// given width; the first |H| hold the input, in the given order, the rest is ignored. The
// output is in bit-reversed order.
func Extend(f *field.Field, each For, values []field.Elem, width, log, logBlowup int, in Order, from, shift field.Elem) {
	one := f.One()
	nodes := treeOf(treeKey{f, log, one, true})
	last := lastNodes(f, log, nodes)
	out := treeOf(treeKey{f, log + logBlowup, f.Mul(shift, f.Inv(from)), false})
	panels(f, each, width, log, buffers(logBlowup), func(w *worker, at, columns int) {
		w.interpolate(view{values, at, width}, columns, in, nodes, last, view{})
		w.cosets(view{values, at, width}, columns, out, logBlowup)
	})
}

// Interpolate sets dst to the coefficients, lowest first, of the polynomials whose values
// on from·H, |H| = 2^log, the columns of values are, rows in the given order. Both have
// 2^log rows of the given width, and may be the same.
func Interpolate(f *field.Field, each For, dst, values []field.Elem, width, log int, in Order, from field.Elem) {
	nodes := treeOf(treeKey{f, log, from, true})
	last := lastNodes(f, log, nodes)
	panels(f, each, width, log, 1, func(w *worker, at, columns int) {
		w.interpolate(view{values, at, width}, columns, in, nodes, last, view{dst, at, width})
	})
}

// Evaluate sets dst, 2^log rows of the given width, to the values on shift·H, |H| = 2^log,
// in bit-reversed order, of the polynomials with the 2^logCoeffs coefficients that the
// columns of coeffs hold, lowest first. dst may begin where coeffs does.
func Evaluate(f *field.Field, each For, dst, coeffs []field.Elem, width, logCoeffs int, shift field.Elem, log int) {
	if logCoeffs > log {
		fold(f, each, dst, coeffs, width<<log, f.Exp2(shift, log))
		coeffs, logCoeffs = dst, log
	}
	logBlowup := log - logCoeffs
	out := treeOf(treeKey{f, log, shift, false})
	panels(f, each, width, logCoeffs, buffers(logBlowup), func(w *worker, at, columns int) {
		for r := range 1 << logCoeffs {
			copy(w.coeffs[r*w.columns:][:columns], coeffs[r*width+at:])
		}
		w.cosets(view{dst, at, width}, columns, out, logBlowup)
	})
}

// fold reduces polynomials modulo X^M - wrap. Their coefficients lie in rows; M rows have
// n elements.
func fold(f *field.Field, each For, dst, coeffs []field.Elem, n int, wrap field.Elem) {
	const chunk = 1 << 12
	each((n+chunk-1)/chunk, func(from, to int) {
		for at := from * chunk; at < min(to*chunk, n); at += chunk {
			end := min(at+chunk, n)
			d := dst[at:end]
			high := len(coeffs) - n
			sum := make([]field.Elem, len(d))
			copy(sum, coeffs[high+at:high+end])
			for high -= n; high >= 0; high -= n {
				f.ScaleVec(sum, sum, wrap)
				f.AddVec(sum, sum, coeffs[high+at:high+end])
			}
			copy(d, sum)
		}
	})
}

// cosets sets dst to the values on the cosets that extend a subgroup, from the
// coefficients, which the last of them overwrites.
func (w *worker) cosets(dst view, columns int, nodes []twiddle, logBlowup int) {
	for k := range 1 << logBlowup {
		work := w.work
		if k == 1<<logBlowup-1 {
			work = w.coeffs
		}
		w.evaluate(dst, columns, nodes, 1<<logBlowup+k, work)
		dst.at += dst.stride << w.log
	}
}

// panels calls body for every panel of a matrix's columns.
func panels(f *field.Field, each For, width, log, buffers int, body func(w *worker, at, columns int)) {
	each((width+panelColumns-1)/panelColumns, func(from, to int) {
		w, store := newWorker(f, log, buffers)
		defer store.Put()
		for i := from; i < to; i++ {
			at := i * panelColumns
			columns := min(width-at, panelColumns)
			w.columns = (columns + lane - 1) / lane * lane
			body(w, at, columns)
		}
	})
}

// buffers is the number of buffers of a worker: coefficients, and values of a coset
// while they are still needed.
func buffers(logBlowup int) int { return min(2, 1<<logBlowup) }

// ScratchBytes is the memory that workers use while they extend or evaluate.
func ScratchBytes(log, logBlowup, workers int) int {
	return workers * buffers(logBlowup) * 4 * panelColumns << log
}
