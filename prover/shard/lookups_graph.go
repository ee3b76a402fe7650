package shard

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
)

// lookupGraph writes a table's lookups into its graph, over the base field: an element of
// the extension is one expression for each coefficient, and the challenges are public
// values. So one compiled program does it all.
type lookupGraph struct {
	*extGraph
	layout *lookup.Layout
	table  *lookup.Table
	beta   []ext // its powers
	prefix []ext // by bus
	end    ext   // the terminal
}

// lookupPublics is the number of public values that a table's lookups add.
func lookupPublics(x *field.Ext, l *lookup.Layout) int {
	return x.D * (l.MaxWidth + len(l.BusNames) + 1)
}

// lookupValues are these public values.
func lookupValues(x *field.Ext, l *lookup.Layout, ch *lookup.Challenges, terminal field.E) []field.Elem {
	var out []field.Elem
	put := func(values ...field.E) {
		for _, v := range values {
			out = append(out, v[:x.D]...)
		}
	}
	put(x.Powers(ch.Beta, l.MaxWidth)...)
	put(ch.Prefix...)
	put(terminal)
	return out
}

// newLookupGraph extends t by the permutation columns and the lookups' public values.
func newLookupGraph(x *field.Ext, t *air.Table, l *lookup.Layout, table *lookup.Table) *lookupGraph {
	b := air.Extend(x.Base, t, x.D*table.Width(), lookupPublics(x, l))
	g := &lookupGraph{extGraph: newExtGraph(x, b), layout: l, table: table}
	at := t.Publics
	next := func() ext {
		at += x.D
		return g.consecutive(at-x.D, b.Public)
	}
	for range l.MaxWidth {
		g.beta = append(g.beta, next())
	}
	for range l.BusNames {
		g.prefix = append(g.prefix, next())
	}
	g.end = next()
	return g
}

// denominator is prefix - Σ field_k·β^(w-1-k).
func (g *lookupGraph) denominator(c *lookup.Column, tp *air.Tuple) ext {
	d := g.prefix[c.Bus]
	for k, id := range tp.Fields {
		d = g.sub(d, g.scale(g.beta[len(tp.Fields)-1-k], g.b.Node(id)))
	}
	return d
}

// live is 1 + Σ flag·(denominator - 1) and Σ flag·count over the branches of an exclusive
// column: of the branch whose flag is set, if there is one.
func (g *lookupGraph) live(c *lookup.Column) (denominator ext, count air.Expr) {
	denominator, count = g.one(), g.b.Const(0)
	for i := range c.Tuples {
		tp := &c.Tuples[i]
		flag := g.b.Node(tp.Flag)
		denominator = g.add(denominator, g.scale(g.sub(g.denominator(c, tp), g.one()), flag))
		count = count.Add(flag.Mul(g.b.Node(tp.Count)))
	}
	return denominator, count
}

// sides are the two sides of a column's constraint U·f = V.
func (g *lookupGraph) sides(c *lookup.Column) (u, v ext) {
	if c.Exclusive {
		u, count := g.live(c)
		return u, g.lift(count)
	}
	u, v = g.one(), g.lift(g.b.Const(0))
	for i := range c.Tuples {
		tp := &c.Tuples[i]
		d := g.denominator(c, tp)
		v = g.add(g.mul(v, d), g.scale(u, g.b.Node(tp.Count)))
		u = g.mul(u, d)
	}
	return u, v
}

// assertColumns asserts the lookup constraints, in the verifier's order, on the
// permutation columns, which begin at main column at: D constraints for each of its.
func (g *lookupGraph) assertColumns(at int) {
	perm := func(k int) ext { return g.consecutive(at+k*g.x.D, g.b.Main) }
	sum := perm(0)
	after := sum
	for k := range g.table.Columns {
		f := perm(k + 1)
		u, v := g.sides(&g.table.Columns[k])
		g.assertZero(g.sub(g.mul(u, f), v))
		after = g.add(after, f)
	}
	g.assertZero(g.scale(sum, g.b.First()))
	next := g.consecutive(at, g.b.Next)
	g.assertZero(g.scale(g.sub(next, after), g.b.Transition()))
	g.assertZero(g.scale(g.sub(g.end, after), g.b.Last()))
}

// fractions makes the outputs of the lookup columns: the D coefficients of every fraction,
// those of their sum, then for each denominator its norm and its count. A message with
// count 0 is left out, whatever its denominator, because the inverse of 0 comes out as 0;
// one that counts must not have norm 0.
func (g *lookupGraph) fractions() {
	var total ext
	var checks []air.Expr
	quotient := func(count air.Expr, denominator ext) ext {
		conjugates, norm := g.norm(denominator)
		checks = append(checks, norm, count)
		return g.scale(conjugates, g.inverse(norm).Mul(count))
	}
	total = g.lift(g.b.Const(0))
	for k := range g.table.Columns {
		c := &g.table.Columns[k]
		f := g.lift(g.b.Const(0))
		if c.Exclusive {
			d, count := g.live(c)
			f = quotient(count, d)
		} else {
			for i := range c.Tuples {
				tp := &c.Tuples[i]
				f = g.add(f, quotient(g.b.Node(tp.Count), g.denominator(c, tp)))
			}
		}
		g.assertZero(f)
		total = g.add(total, f)
	}
	g.assertZero(total)
	for _, e := range checks {
		g.b.AssertZero(e)
	}
}
