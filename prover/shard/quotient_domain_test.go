package shard

import (
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/system"
)

// TestQuotientDomain compares points, successors, the vanishing polynomial and selectors
// with their definitions, for every size of a packet.
func TestQuotientDomain(t *testing.T) {
	for _, x := range extensions {
		f := x.Base
		for n := range 6 {
			for blowup := range 4 {
				d := newQuotientDomain(&system.System{Ext: x, FRI: fri.Params{LogBlowup: blowup}}, n)
				w := f.Root(n + blowup)
				point := func(r int) field.Elem {
					return f.Mul(f.Generator(), f.Exp(w, uint64(field.ReverseBits(r, n+blowup))))
				}
				vanish := func(v field.Elem) field.Elem { return f.Sub(f.Exp2(v, n), f.One()) }
				for r := range 1 << (n + blowup) {
					v := point(r)
					if d.point(r) != v || d.vanishing(r>>n) != vanish(v) {
						t.Fatalf("2^%d rows, blow-up 2^%d: row %d is another point", n, blowup, r)
					}
					if point(d.next(r)) != f.Mul(v, f.Root(n)) {
						t.Fatalf("2^%d rows, blow-up 2^%d: row %d has another successor", n, blowup, r)
					}
				}
				for size := 1; size <= 1<<n; size *= 2 {
					out := make([]field.Elem, size)
					for from := 0; from < 1<<(n+blowup); from += size {
						for o, want := range map[air.Op]func(v field.Elem) field.Elem{
							air.OpFirst: func(v field.Elem) field.Elem { return f.Mul(vanish(v), f.Inv(f.Sub(v, f.One()))) },
							air.OpLast:  func(v field.Elem) field.Elem { return f.Mul(vanish(v), f.Inv(f.Sub(v, f.RootInv(n)))) },
							air.OpTrans: func(v field.Elem) field.Elem { return f.Sub(v, f.RootInv(n)) },
						} {
							d.selector(out, o, from)
							for i, v := range out {
								if v != want(point(from+i)) {
									t.Fatalf("2^%d rows, blow-up 2^%d: selector %d on row %d", n, blowup, o, from+i)
								}
							}
						}
					}
				}
			}
		}
	}
}
