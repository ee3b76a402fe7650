package fri

import (
	"slices"

	"rpp-node/prover/field"
)

// quotient is Σ α^k·(f(z) - f(x))/(z - x) over the columns f of all matrices of a height
// that are opened at z, for the point x of each query.
type quotient struct {
	logHeight int
	z         field.E
	claimed   field.E   // Σ α^k·f(z)
	opened    []field.E // Σ α^k·f(x), by query
	inverses  []field.E // 1/(z - x), by query
}

// dotRows rows are brought together and reduced at a time, in the first level of cache.
const dotRows = 16

// reduced returns the quotients' sum at each query's point, for each height of which there
// is a matrix. The queries' rows are those that the trees contain. All queries are worked
// on side by side: one at a time they would be half of a verification.
func (s *session) reduced() ([][]field.E, error) {
	x, n := s.Ext, len(s.indices)
	widest := 0
	for _, r := range s.rounds {
		for _, m := range r.Mats {
			widest = max(widest, m.Width)
		}
	}
	powers := x.NewPowers(s.alpha, widest)
	next := make([]field.E, s.logMax+1) // the power of α at which the height goes on
	for h := range next {
		next[h] = x.One()
	}
	points := make([][]field.Elem, s.logMax+1) // the queries' ones, by height
	var quotients []*quotient
	rows, dots := make([]field.Elem, 0, dotRows*widest), make([]field.E, n)
	for i := range s.p.Inputs {
		for j, m := range s.rounds[i].Mats {
			for from := 0; from < n; from += dotRows {
				to, width := min(from+dotRows, n), len(s.p.Inputs[i].Rows[from][j])
				rows = rows[:0]
				for _, query := range s.p.Inputs[i].Rows[from:to] {
					rows = append(rows, query[j]...)
				}
				powers.RowDots(dots[from:to], rows, width, width)
			}
			step := x.Exp(s.alpha, uint64(m.Width))
			for _, o := range m.Openings {
				at := slices.IndexFunc(quotients, func(q *quotient) bool { return q.logHeight == m.LogHeight && q.z == o.Z })
				if at < 0 {
					if points[m.LogHeight] == nil {
						points[m.LogHeight] = s.points(m.LogHeight)
					}
					q, err := s.newQuotient(m.LogHeight, o.Z, points[m.LogHeight])
					if err != nil {
						return nil, err
					}
					at, quotients = len(quotients), append(quotients, q)
				}
				q, start := quotients[at], &next[m.LogHeight]
				var sum field.E
				for k := range o.Values {
					x.MulTo(&sum, &sum, &s.alpha)
					sum = x.Add(sum, o.Values[len(o.Values)-1-k])
				}
				q.claimed = x.Add(q.claimed, x.Mul(*start, sum))
				x.ScaleAddVec(q.opened, *start, dots)
				x.MulTo(start, start, &step)
			}
		}
	}
	out := make([][]field.E, max(s.logMax, s.Params.LogBlowup)+1)
	for _, q := range quotients {
		if out[q.logHeight] == nil {
			out[q.logHeight] = make([]field.E, n)
		}
		x.AffineVec(q.opened, q.claimed, x.Neg(x.One()), q.opened)
		x.MulAddVec(out[q.logHeight], q.opened, q.inverses)
	}
	return out, nil
}

// points are those at which the queries read matrices of a height.
func (s *session) points(logHeight int) []field.Elem {
	f, shift := s.Ext.Base, s.Ext.Base.Generator()
	out := make([]field.Elem, len(s.indices))
	for i, index := range s.indices {
		out[i] = f.Mul(shift, point(f, index>>(s.logMax-logHeight)))
	}
	return out
}

// newQuotient returns a sum of no columns, with the inverses: made one at a time, these
// would be a third of a verification.
func (s *session) newQuotient(logHeight int, z field.E, points []field.Elem) (*quotient, error) {
	n := len(points)
	q := &quotient{logHeight: logHeight, z: z, opened: make([]field.E, n), inverses: make([]field.E, n)}
	s.Ext.InverseDifferences(q.inverses, z, points)
	if slices.Contains(q.inverses, field.E{}) { // z is the point
		return nil, ErrPoint
	}
	return q, nil
}
