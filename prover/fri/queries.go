package fri

import (
	"fmt"
	"slices"

	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// fold folds all queries down to the final polynomial. It returns, for each round, the
// rows that its tree must contain, one query after the other.
func (s *session) fold() ([][]field.Elem, error) {
	x, f, n := s.Ext, s.Ext.Base, len(s.indices)
	inputs, err := s.reduced()
	if err != nil {
		return nil, err
	}
	opened := make([][]field.Elem, len(s.arities))
	word := make([]field.E, n<<s.Params.MaxLogArity)
	cur, at, h := make([]field.E, n), slices.Clone(s.indices), s.logMax
	copy(cur, inputs[h])
	for i, a := range s.arities {
		rows := make([]field.Elem, 0, n*x.D<<a)
		for q, siblings := range s.p.Rounds[i].Values {
			row, pos := word[q<<a:][:1<<a], at[q]&(1<<a-1)
			copy(row, siblings[:pos])
			row[pos] = cur[q]
			copy(row[pos+1:], siblings[pos:])
			for k := range row {
				rows = append(rows, row[k][:x.D]...)
			}
			at[q] >>= a
		}
		opened[i] = rows
		NewFolder(x, h, a, s.betas[i]).FoldRowsAt(cur, word, at)
		h -= a
		if inputs[h] != nil {
			x.ScaleAddVec(cur, s.checks.rollIn(x, s.betas[i], a), inputs[h])
		}
	}
	stop := s.Params.LogBlowup + s.Params.LogFinalPolyLen
	for q := range cur {
		if constant := inputs[s.Params.LogBlowup]; constant != nil && constant[q] != (field.E{}) {
			return nil, fmt.Errorf("%w: query %d", ErrConstantInput, q)
		}
		if h != stop {
			return nil, fmt.Errorf("%w: folded to height 2^%d, want 2^%d", ErrRoundCount, h, stop)
		}
		var want field.E
		at := point(f, at[q])
		for _, c := range slices.Backward(s.p.FinalPoly) {
			want = x.Add(x.MulBase(want, at), c)
		}
		if cur[q] != want {
			return nil, fmt.Errorf("%w: query %d", ErrFinalPoly, q)
		}
	}
	return opened, nil
}

// openRounds checks that the rounds' trees contain the rows that were folded.
func (s *session) openRounds(opened [][]field.Elem) error {
	n, h := len(s.indices), s.logMax
	at, row := slices.Clone(s.indices), make([][]field.Elem, n)
	rows := make([][][]field.Elem, n)
	for i, a := range s.arities {
		h -= a
		width := s.Ext.D << a
		for q := range at {
			at[q] >>= a
			row[q] = opened[i][q*width:][:width]
			rows[q] = row[q : q+1]
		}
		shape := merkle.Shape{LogHeights: []int{h}, Widths: []int{width}}
		if err := s.checker.Verify(s.Suite, &shape, s.Params.CapHeight, s.p.Commits[i], at, rows, s.p.Rounds[i].Siblings); err != nil {
			return fmt.Errorf("%w: round %d: %w", ErrRoundOpening, i, err)
		}
	}
	return nil
}
