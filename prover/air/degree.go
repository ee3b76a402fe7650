package air

import "rpp-node/prover/field"

// DegreeLimit is where degrees stop growing: far above what any blow-up allows, and far
// below where sums of them over the messages of a column could overflow. Without it a
// long chain of products would come round to a small degree, and be given quotient
// chunks in which any value fits.
const DegreeLimit = 1 << 20

// Degrees returns the degree multiple of every node, by upstream's rules: columns and
// the first/last selectors count 1, the transition selector and constants 0; sums take
// the larger, products add. Constants fold first (const∘const, 0+x, x-0, 0-x, 1·x, 0·x),
// which matters where a factor vanishes.
func (t *Table) Degrees(f *field.Field) []int {
	type info struct {
		constant bool
		value    field.Elem
	}
	deg := make([]int, len(t.Nodes))
	inf := make([]info, len(t.Nodes))
	isZero := func(i info) bool { return i.constant && i.value == 0 }
	for i, n := range t.Nodes {
		switch n.Op {
		case OpConst:
			inf[i] = info{true, n.Value}
		case OpMain, OpPrep, OpFirst, OpLast:
			deg[i] = 1
		case OpPublic, OpTrans:
		case OpNeg:
			deg[i] = deg[n.A]
			if a := inf[n.A]; a.constant {
				inf[i] = info{true, f.Neg(a.value)}
			}
		case OpAdd, OpSub:
			a, b := inf[n.A], inf[n.B]
			deg[i] = max(deg[n.A], deg[n.B])
			switch {
			case a.constant && b.constant && n.Op == OpAdd:
				inf[i] = info{true, f.Add(a.value, b.value)}
			case a.constant && b.constant:
				inf[i] = info{true, f.Sub(a.value, b.value)}
			}
		case OpMul:
			a, b := inf[n.A], inf[n.B]
			deg[i] = min(deg[n.A]+deg[n.B], DegreeLimit)
			switch {
			case a.constant && b.constant:
				inf[i] = info{true, f.Mul(a.value, b.value)}
			case isZero(a), isZero(b):
				inf[i], deg[i] = info{true, 0}, 0
			}
		}
	}
	return deg
}

// BaseDegree is the largest degree of the table's own constraints, or the hint where the
// table has one.
func (t *Table) BaseDegree(deg []int) int {
	if t.MaxDegree != NoDegreeHint {
		return t.MaxDegree
	}
	d := 0
	for _, c := range t.Constraints {
		d = max(d, deg[c])
	}
	return d
}
