package fri

import (
	"slices"

	"rpp-node/prover/field"
)

// claim is one opening with what does not depend on the query: the power of α at which
// its columns start, and Σ α^j·value_j.
type claim struct {
	start field.E
	sum   field.E
	// inverses are 1/(z - x) at each query's point x of the matrix.
	inverses []field.E
}

// prepareClaims computes what the queries share. All inverses of one opening point are
// made together: one at a time they would be a third of a verification.
func (s *session) prepareClaims() error {
	x := s.Ext
	widest := 0
	for _, r := range s.rounds {
		for _, m := range r.Mats {
			widest = max(widest, m.Width)
		}
	}
	s.powers = x.NewPowers(s.alpha, widest)
	h := s.logMax
	for i, a := range s.arities {
		s.folders = append(s.folders, NewFolder(x, h, a, s.betas[i]))
		h -= a
	}
	next := map[int]field.E{} // by height
	known := map[openingPoint][]field.E{}
	for _, r := range s.rounds {
		mats := make([][]claim, len(r.Mats))
		for j, m := range r.Mats {
			for _, o := range m.Openings {
				start, ok := next[m.LogHeight]
				if !ok {
					start = x.One()
				}
				c := claim{start: start}
				for _, v := range slices.Backward(o.Values) {
					c.sum = x.Add(x.Mul(c.sum, s.alpha), v)
				}
				at := openingPoint{m.LogHeight, o.Z}
				if known[at] == nil {
					var err error
					if known[at], err = s.inverses(at); err != nil {
						return err
					}
				}
				c.inverses = known[at]
				mats[j] = append(mats[j], c)
				next[m.LogHeight] = x.Mul(start, x.Exp(s.alpha, uint64(m.Width)))
			}
		}
		s.claims = append(s.claims, mats)
	}
	return nil
}

// openingPoint is where matrices of a height are opened.
type openingPoint struct {
	logHeight int
	z         field.E
}

// inverses returns 1/(z - x) for each query's point x of the height's domain.
func (s *session) inverses(p openingPoint) ([]field.E, error) {
	f, h := s.Ext.Base, p.logHeight
	points := make([]field.Elem, len(s.indices))
	for q, index := range s.indices {
		points[q] = f.Mul(f.Generator(), f.Exp(f.Root(h), uint64(field.ReverseBits(index>>(s.logMax-h), h))))
	}
	out := make([]field.E, len(points))
	s.Ext.InverseDifferences(out, p.z, points)
	for _, v := range out {
		if v == (field.E{}) { // z is the point
			return nil, ErrPoint
		}
	}
	return out, nil
}

// reduced returns, by height, the value at the query's point of Σ α^k (f(z) - f(x))/(z - x).
func (s *session) reduced(q int) map[int]field.E {
	x := s.Ext
	out := map[int]field.E{}
	for i := range s.p.Inputs {
		for j, m := range s.rounds[i].Mats {
			row := s.p.Inputs[i].Rows[q][j]
			var here [1]field.E
			s.powers.RowDots(here[:], row, len(row), len(row))
			acc := out[m.LogHeight]
			for _, c := range s.claims[i][j] {
				acc = x.Add(acc, x.Mul(c.start, x.Mul(x.Sub(c.sum, here[0]), c.inverses[q])))
			}
			out[m.LogHeight] = acc
		}
	}
	return out
}
