package verifier

import (
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
	"rpp-node/prover/system"
)

// constraintArgs are the challenges and what follows from them for each table.
type constraintArgs struct {
	lookups   *lookup.Challenges
	alpha     field.E
	zeta      field.E
	selectors []system.Selectors
}

func (v *verification) checkConstraints(i int, a *constraintArgs) error {
	if v.constraintDefect(i, a) != (field.E{}) {
		return fmt.Errorf("%w: table %q", ErrConstraints, v.Circuit.Tables[i].Name)
	}
	return nil
}

// constraintDefect is what the folded constraints of a table at ζ, over the vanishing
// polynomial, exceed its quotient by, which is put together from the opened chunks.
func (v *verification) constraintDefect(i int, a *constraintArgs) field.E {
	x, t, l, o := v.Ext, &v.Circuit.Tables[i], &v.Layout.Tables[i], &v.p.Instances[i]
	sel := a.selectors[i]
	nodes := t.EvalPoint(x, &air.Point{
		Main: o.MainLocal, MainNext: o.MainNext,
		Prep: o.PrepLocal, PrepNext: o.PrepNext,
		Publics: v.st.Publics[i],
		First:   sel.First, Last: sel.Last, Trans: sel.Trans,
	})
	var acc field.E
	for _, id := range t.Constraints {
		acc = x.Add(x.Mul(acc, a.alpha), nodes[id])
	}
	if l.Width() > 0 {
		for _, c := range l.Eval(x, a.lookups, &lookup.Point{
			Nodes: nodes, Perm: v.recompose(o.PermLocal), PermNext: v.recompose(o.PermNext),
			Terminal: *v.p.Terminals[i],
			First:    sel.First, Last: sel.Last, Trans: sel.Trans,
		}) {
			acc = x.Add(x.Mul(acc, a.alpha), c)
		}
	}
	return x.Sub(x.Mul(acc, sel.InvVanishing), v.quotientAt(i, a.zeta))
}

// recompose turns opened base columns into the extension columns that they make up.
func (v *verification) recompose(base []field.E) []field.E {
	d := v.Ext.D
	out := make([]field.E, len(base)/d)
	for i := range out {
		out[i] = v.Ext.FromBasis(base[i*d : (i+1)*d])
	}
	return out
}

// quotientAt is the quotient of a table at ζ: Σ_c chunk_c(ζ)·Π_{j≠c} Z_j(ζ)/Z_j(s_c),
// where Z_j(X) = X^N - s_j^N vanishes on the coset s_j·H of chunk j, N being the order of H.
func (v *verification) quotientAt(i int, zeta field.E) field.E {
	x, f := v.Ext, v.Ext.Base
	log, lc := v.st.LogHeights[i], v.Layout.Tables[i].LogChunks
	power := x.Exp2(zeta, log)
	shifts := f.Powers(f.Exp2(f.Generator(), log), f.Root(lc), 1<<lc) // s_j^N
	var q field.E
	for c, chunk := range v.p.Instances[i].Quotient {
		num, den := x.FromBasis(chunk), f.One()
		for j := range shifts {
			if j != c {
				num = x.Mul(num, x.SubBase(power, shifts[j]))
				den = f.Mul(den, f.Sub(shifts[c], shifts[j]))
			}
		}
		q = x.Add(q, x.MulBase(num, f.Inv(den)))
	}
	return q
}
