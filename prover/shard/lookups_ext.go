package shard

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

// ext is an extension element as expressions over the base field, one for each
// coefficient.
type ext []air.Expr

// extGraph is extension arithmetic in a builder's graph.
type extGraph struct {
	x *field.Ext
	b *air.Builder
	// reduced[k] is X^(D+k)
	reduced []field.E
}

func newExtGraph(x *field.Ext, b *air.Builder) *extGraph {
	g := &extGraph{x: x, b: b}
	for k := range x.D - 1 {
		g.reduced = append(g.reduced, x.Mul(x.Monomial(x.D-1), x.Monomial(k+1)))
	}
	return g
}

// consecutive is an element whose coefficients are leaf(at), leaf(at+1), ….
func (g *extGraph) consecutive(at int, leaf func(int) air.Expr) ext {
	e := make(ext, g.x.D)
	for i := range e {
		e[i] = leaf(at + i)
	}
	return e
}

// lift embeds a base expression.
func (g *extGraph) lift(a air.Expr) ext {
	e := make(ext, g.x.D)
	e[0] = a
	for i := 1; i < len(e); i++ {
		e[i] = g.b.Const(0)
	}
	return e
}

func (g *extGraph) one() ext { return g.lift(g.b.Const(1)) }

func each(a, b ext, f func(a, b air.Expr) air.Expr) ext {
	e := make(ext, len(a))
	for i := range e {
		e[i] = f(a[i], b[i])
	}
	return e
}

func (g *extGraph) add(a, b ext) ext { return each(a, b, air.Expr.Add) }
func (g *extGraph) sub(a, b ext) ext { return each(a, b, air.Expr.Sub) }

// scale is a·s for s in the base field.
func (g *extGraph) scale(a ext, s air.Expr) ext {
	e := make(ext, len(a))
	for i := range e {
		e[i] = a[i].Mul(s)
	}
	return e
}

func (g *extGraph) mul(a, b ext) ext {
	conv := make([]air.Expr, 2*g.x.D-1)
	for k := range conv {
		conv[k] = g.b.Const(0)
	}
	for i := range a {
		for j := range b {
			conv[i+j] = conv[i+j].Add(a[i].Mul(b[j]))
		}
	}
	return g.linear(conv[:g.x.D], conv[g.x.D:], g.reduced)
}

// linear is a + Σ c[k]·images[k].
func (g *extGraph) linear(a ext, c []air.Expr, images []field.E) ext {
	e := append(ext(nil), a...)
	for k, v := range c {
		for i := range e {
			e[i] = e[i].Add(v.Mul(g.b.Elem(images[k][i])))
		}
	}
	return e
}

// frobenius is a^(p^k).
func (g *extGraph) frobenius(a ext, k int) ext {
	images := make([]field.E, g.x.D)
	for i := range images {
		images[i] = g.x.Frobenius(g.x.Monomial(i), k)
	}
	return g.linear(g.lift(g.b.Const(0)), a, images)
}

// norm returns the product of a's conjugates other than a, and the product of all, which
// lies in the base field: the first is the inverse of a times the second (Itoh and
// Tsujii).
func (g *extGraph) norm(a ext) (conjugates ext, norm air.Expr) {
	// a^p, a^(p + p²), and for D = 4 and 5 what is left of a^(p + … + p^(D-1)).
	one := g.frobenius(a, 1)
	two := g.mul(one, g.frobenius(one, 1))
	if g.x.D == 4 {
		conjugates = g.mul(two, g.frobenius(a, 3))
	} else {
		conjugates = g.mul(two, g.frobenius(two, 2))
	}
	return conjugates, g.mul(a, conjugates)[0]
}

// inverse is a^(p-2): 1/a, and 0 for 0. Both fields have p - 2 = 2^31 - 2^k - 1, so that
// the exponent is made of runs of ones.
func (g *extGraph) inverse(a air.Expr) air.Expr {
	e := g.x.Base.Modulus() - 2
	// ones(n) is a^(2^n - 1).
	ones := map[int]air.Expr{1: a}
	var run func(n int) air.Expr
	run = func(n int) air.Expr {
		if v, ok := ones[n]; ok {
			return v
		}
		half := n / 2
		v := squares(run(half), half).Mul(run(half))
		if n%2 == 1 {
			v = squares(v, 1).Mul(a)
		}
		ones[n] = v
		return v
	}
	var out air.Expr
	started := false
	for bit := 31; bit >= 0; {
		if e>>bit&1 == 0 {
			if started {
				out = squares(out, 1)
			}
			bit--
			continue
		}
		n := 0
		for n <= bit && e>>(bit-n)&1 == 1 {
			n++
		}
		if started {
			out = squares(out, n).Mul(run(n))
		} else {
			out, started = run(n), true
		}
		bit -= n
	}
	return out
}

func squares(a air.Expr, n int) air.Expr {
	for range n {
		a = a.Square()
	}
	return a
}

func (g *extGraph) assertZero(a ext) {
	for _, e := range a {
		g.b.AssertZero(e)
	}
}
