package shard

import (
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/system"
)

// open evaluates, for every matrix that is cut, the part of its polynomials that lies in
// the shard's range of coefficients: Σ c_k·z^k for k in [j·N/2^s, (j+1)·N/2^s).
func (p *Participant) open(t *Task) Result {
	j, s := p.job, p.job.Plan.LogShards
	var out Result
	for _, r := range j.Rounds {
		if r.Kind == system.Quotient {
			continue // the conductor's
		}
		for i := range r.Mats {
			m := &r.Mats[i]
			if !j.Sharded(m) {
				continue
			}
			n := 1 << m.LogHeight
			from, to := t.Shard*n>>s, (t.Shard+1)*n>>s
			sum := OpenSum{Round: r.Kind, Mat: i}
			for _, z := range j.Points(m, p.ch.Zeta) {
				sum.Points = append(sum.Points, PartialSums(p.dev, j.Sys.Ext, p.polys[r.Kind][i], from, to, z))
			}
			out.Sums = append(out.Sums, sum)
		}
	}
	return out
}

// PartialSums returns, for each polynomial, the sum of its terms with exponents in
// [from, to) at z.
func PartialSums(dev device.Device, x *field.Ext, poly device.Poly, from, to int, z field.E) []field.E {
	var powers extSlices
	powers.fill(x, x.Exp(z, uint64(from)), z, to-from)
	out := make([]field.E, len(poly.Cols))
	dev.For(len(out), func(a, b int) {
		for c := a; c < b; c++ {
			out[c] = powers.dot(x, poly.Cols[c][from:to])
		}
	})
	return out
}

// extSlices holds extension elements by coefficient.
type extSlices [field.MaxDegree][]field.Elem

// fill sets element i to start·step^i, i < n.
func (s *extSlices) fill(x *field.Ext, start, step field.E, n int) {
	for e := range x.D {
		s[e] = make([]field.Elem, n)
	}
	for i := range n {
		for e := range x.D {
			s[e][i] = start[e]
		}
		start = x.Mul(start, step)
	}
}

// dot returns Σ s_i·v_i over the first len(v) elements.
func (s *extSlices) dot(x *field.Ext, v []field.Elem) (r field.E) {
	for e := range x.D {
		r[e] = x.Base.Dot(s[e][:len(v)], v)
	}
	return r
}
