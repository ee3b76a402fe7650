package shard

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
)

// fractions evaluates the messages of lookup columns over blocks of rows. It belongs to
// one goroutine.
type fractions struct {
	x      *field.Ext
	ch     *lookup.Challenges
	powers []field.E // of β
	denom  extVec
	tmp    []field.Elem
}

func newFractions(x *field.Ext, l *lookup.Layout, ch *lookup.Challenges) *fractions {
	return &fractions{x: x, ch: ch, powers: x.Powers(ch.Beta, l.MaxWidth), denom: newExtVec(x.D), tmp: make([]field.Elem, blockRows)}
}

// denominators sets out[i] to prefix - Σ field_k·β^(w-1-k) for the n rows of the block
// that m has just run.
func (d *fractions) denominators(out []field.E, c *lookup.Column, tp *air.Tuple, m *air.Machine) {
	x, f, n := d.x, d.x.Base, len(out)
	prefix := d.ch.Prefix[c.Bus]
	for e := range x.D {
		v := d.denom[e][:n]
		for i := range v {
			v[i] = prefix[e]
		}
		for k, id := range tp.Fields {
			f.MulAddVec(v, m.Pinned(id)[:n], f.Neg(d.powers[len(tp.Fields)-1-k][e]), d.tmp[:n])
		}
	}
	for i := range out {
		out[i] = d.denom.at(i, x.D)
	}
}

// uv sets u and v, for the n rows of the block, to the two sides of a column's constraint
// U·f = V. scratch has room for n elements.
func (d *fractions) uv(u, v, scratch []field.E, c *lookup.Column, m *air.Machine) {
	x := d.x
	for i := range u {
		u[i], v[i] = x.One(), field.E{}
	}
	for t := range c.Tuples {
		tp := &c.Tuples[t]
		d.denominators(scratch, c, tp, m)
		count := m.Pinned(tp.Count)
		if c.Exclusive {
			flag := m.Pinned(tp.Flag)
			for i := range u {
				u[i] = x.Add(u[i], x.MulBase(x.Sub(scratch[i], x.One()), flag[i]))
				v[i] = x.AddBase(v[i], x.Base.Mul(flag[i], count[i]))
			}
			continue
		}
		for i := range u {
			v[i] = x.Add(x.Mul(v[i], scratch[i]), x.MulBase(u[i], count[i]))
			u[i] = x.Mul(u[i], scratch[i])
		}
	}
}
