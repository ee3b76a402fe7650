package device

import (
	"rpp-node/prover/field"
	"rpp-node/prover/ntt"
)

func gather(f *field.Field, m []field.Elem, w, log, c int, in ntt.Order) []field.Elem {
	col := make([]field.Elem, 1<<log)
	for r := range col {
		if in == ntt.Natural {
			col[field.ReverseBits(r, log)] = m[r*w+c]
		} else {
			col[r] = m[r*w+c]
		}
	}
	ntt.Inverse(f, col)
	return col
}

func ifrom(f *field.Field, col []field.Elem, from field.Elem) {
	f.MulVec(col, col, f.Powers(f.One(), f.Inv(from), len(col)))
}

func extend(f *field.Field, each func(int, func(int, int)), m []field.Elem, w, log, lb int, in ntt.Order, from, shift field.Elem) {
	each(w, func(a, b int) {
		out := make([]field.Elem, 1<<(log+lb))
		cs := ntt.NewCoset(f, shift, log+lb)
		for c := a; c < b; c++ {
			col := gather(f, m, w, log, c, in)
			ifrom(f, col, from)
			cs.Evaluate(out, col)
			for r := range out {
				m[r*w+c] = out[r]
			}
		}
	})
}

func interpolate(f *field.Field, each func(int, func(int, int)), dst, m []field.Elem, w, log int, in ntt.Order, from field.Elem) {
	each(w, func(a, b int) {
		for c := a; c < b; c++ {
			col := gather(f, m, w, log, c, in)
			ifrom(f, col, from)
			for r := range col {
				dst[r*w+c] = col[r]
			}
		}
	})
}

func evaluate(f *field.Field, each func(int, func(int, int)), dst, m []field.Elem, w, logC int, shift field.Elem, log int) {
	each(w, func(a, b int) {
		out := make([]field.Elem, 1<<log)
		col := make([]field.Elem, 1<<logC)
		cs := ntt.NewCoset(f, shift, log)
		for c := a; c < b; c++ {
			for r := range col {
				col[r] = m[r*w+c]
			}
			cs.Evaluate(out, col)
			for r := range out {
				dst[r*w+c] = out[r]
			}
		}
	})
}
