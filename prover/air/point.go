package air

import "rpp-node/prover/field"

// Point is what EvalPoint needs to know of one point of the extension: the opened
// columns and the selectors there.
type Point struct {
	Main, MainNext []field.E
	Prep, PrepNext []field.E
	Publics        []field.Elem
	First, Last    field.E
	Trans          field.E
}

// EvalPoint evaluates every node of t at a point. The slices of in must have the lengths
// that the table declares.
func (t *Table) EvalPoint(x *field.Ext, in *Point) []field.E {
	v := make([]field.E, len(t.Nodes))
	for i, n := range t.Nodes {
		switch n.Op {
		case OpConst:
			v[i] = x.FromBase(n.Value)
		case OpMain:
			v[i] = in.Main[n.B]
			if n.A == 1 {
				v[i] = in.MainNext[n.B]
			}
		case OpPrep:
			v[i] = in.Prep[n.B]
			if n.A == 1 {
				v[i] = in.PrepNext[n.B]
			}
		case OpPublic:
			v[i] = x.FromBase(in.Publics[n.A])
		case OpFirst:
			v[i] = in.First
		case OpLast:
			v[i] = in.Last
		case OpTrans:
			v[i] = in.Trans
		case OpAdd:
			v[i] = x.Add(v[n.A], v[n.B])
		case OpSub:
			v[i] = x.Sub(v[n.A], v[n.B])
		case OpMul:
			v[i] = x.Mul(v[n.A], v[n.B])
		case OpNeg:
			v[i] = x.Neg(v[n.A])
		}
	}
	return v
}
