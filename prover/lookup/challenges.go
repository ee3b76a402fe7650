package lookup

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

// Challenges are what a batch's lookups draw: β, and for each bus α + (bus+1)·β^W.
type Challenges struct {
	Beta   field.E
	Prefix []field.E
}

// NewChallenges derives them from the sampled pair.
func (l *Layout) NewChallenges(x *field.Ext, alpha, beta field.E) *Challenges {
	c := &Challenges{Beta: beta, Prefix: make([]field.E, len(l.BusNames))}
	step := x.Exp(beta, uint64(l.MaxWidth))
	acc := alpha
	for i := range c.Prefix {
		acc = x.Add(acc, step)
		c.Prefix[i] = acc
	}
	return c
}

// Point is what the lookup constraints of a table see at one point.
type Point struct {
	Nodes       []field.E // all nodes of the table there
	Perm        []field.E // permutation columns, put together again
	PermNext    []field.E
	Terminal    field.E
	First, Last field.E
	Trans       field.E
}

// Eval returns the lookup constraints of a table at a point, in assertion order.
func (t *Table) Eval(x *field.Ext, ch *Challenges, p *Point) []field.E {
	out := make([]field.E, 0, len(t.Columns)+3)
	var sum field.E
	for k := range t.Columns {
		f := p.Perm[k+1]
		u, v := t.Columns[k].fraction(x, ch, p.Nodes)
		out = append(out, x.Sub(x.Mul(u, f), v))
		sum = x.Add(sum, f)
	}
	acc := p.Perm[0]
	after := x.Add(acc, sum)
	return append(out,
		x.Mul(p.First, acc),
		x.Mul(p.Trans, x.Sub(p.PermNext[0], after)),
		x.Mul(p.Last, x.Sub(p.Terminal, after)))
}

// fraction returns U and V of a column.
func (c *Column) fraction(x *field.Ext, ch *Challenges, nodes []field.E) (u, v field.E) {
	denom := func(tp *air.Tuple) field.E {
		var acc field.E
		for _, id := range tp.Fields {
			acc = x.Add(x.Mul(acc, ch.Beta), nodes[id])
		}
		return x.Sub(ch.Prefix[c.Bus], acc)
	}
	if c.Exclusive {
		u = x.One()
		for i := range c.Tuples {
			tp := &c.Tuples[i]
			flag := nodes[tp.Flag]
			u = x.Add(u, x.Mul(flag, x.Sub(denom(tp), x.One())))
			v = x.Add(v, x.Mul(flag, nodes[tp.Count]))
		}
		return u, v
	}
	// (u, v) + m/d = (u·d, v·d + m·u)
	u = x.One()
	for i := range c.Tuples {
		tp := &c.Tuples[i]
		d := denom(tp)
		v = x.Add(x.Mul(v, d), x.Mul(nodes[tp.Count], u))
		u = x.Mul(u, d)
	}
	return u, v
}
