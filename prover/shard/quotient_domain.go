package shard

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/system"
)

// quotientDomain is the coset of a table's committed rows. Row r is the point g·w^rev(r),
// w of order B·N; the first N of them are one coset of the trace domain, the next N
// another, and the vanishing polynomial is constant on each.
type quotientDomain struct {
	f        *field.Field
	log      int // of the committed height
	logTrace int
	last     field.Elem   // the last point of the trace domain
	roots    []field.Elem // roots[k] is w^(2^k)
}

func newQuotientDomain(s *system.System, logTrace int) *quotientDomain {
	f := s.Ext.Base
	d := &quotientDomain{f: f, log: logTrace + s.FRI.LogBlowup, logTrace: logTrace, last: f.RootInv(logTrace)}
	for k := range d.log {
		d.roots = append(d.roots, f.Root(d.log-k))
	}
	return d
}

// next is the committed row that holds the trace row after the one in committed row r.
func (d *quotientDomain) next(r int) int {
	step := 1 << (d.log - d.logTrace)
	return field.ReverseBits((field.ReverseBits(r, d.log)+step)&(1<<d.log-1), d.log)
}

// point is the point of row r.
func (d *quotientDomain) point(r int) field.Elem {
	x := d.f.Generator()
	for k := range d.log { // bit k of r is bit log-1-k of the exponent
		if r>>k&1 == 1 {
			x = d.f.Mul(x, d.roots[d.log-1-k])
		}
	}
	return x
}

// vanishing is the value of the vanishing polynomial on rows [chunk·N, (chunk+1)·N).
func (d *quotientDomain) vanishing(chunk int) field.Elem {
	return d.f.Sub(d.f.Exp2(d.point(chunk<<d.logTrace), d.logTrace), d.f.One())
}

func (d *quotientDomain) vanishingInv(chunk int) field.Elem { return d.f.Inv(d.vanishing(chunk)) }

// selector sets out to a selector's values on rows from, from+1, …: an aligned power of
// two of them, in one chunk.
func (d *quotientDomain) selector(out []field.Elem, o air.Op, from int) {
	f := d.f
	// Row from + i is the point of from times that of i over g, by halves: rows with bit k
	// set are w^(2^(log-1-k)) times those without.
	out[0] = d.point(from)
	for k := 0; 1<<k < len(out); k++ {
		f.ScaleVec(out[1<<k:2<<k], out[:1<<k], d.roots[d.log-1-k])
	}
	at := f.One()
	if o != air.OpFirst {
		at = d.last
	}
	f.AddScalarVec(out, out, f.Neg(at))
	if o == air.OpTrans {
		return
	}
	f.BatchInv(out) // no x is a point of the trace domain
	f.ScaleVec(out, out, d.vanishing(from>>d.logTrace))
}
