package fri

import (
	"fmt"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// Opening claims that the columns of a matrix have these values at Z.
type Opening struct {
	Z      field.E
	Values []field.E
}

// Mat is one committed matrix and the claims about it. Its width is that of every
// claim; each matrix has at least one.
type Mat struct {
	LogHeight int // of the committed matrix
	Width     int
	Openings  []Opening
}

// Round is a commitment and its matrices.
type Round struct {
	Cap  []merkle.Digest
	Mats []Mat
}

// Verifier checks openings against commitments.
type Verifier struct {
	Ext    *field.Ext
	Suite  merkle.Suite
	Params Params
}

// Verify checks that the claims of all rounds hold, given that the transcript has
// absorbed the commitments. It absorbs the claimed values first.
func (v *Verifier) Verify(t challenger.Transcript, rounds []Round, p *codec.FRIProof) error {
	s := session{Verifier: v, checks: strict(), t: t, rounds: rounds, p: p}
	return s.run()
}

type session struct {
	*Verifier
	checks  checks
	t       challenger.Transcript
	rounds  []Round
	p       *codec.FRIProof
	heights []int // of the matrices, all rounds
	logMax  int
	arities []int
	alpha   field.E
	betas   []field.E
	indices []int
	checker merkle.Checker
}

func (s *session) run() error {
	for _, r := range s.rounds {
		for _, m := range r.Mats {
			s.heights = append(s.heights, m.LogHeight)
			s.logMax = max(s.logMax, m.LogHeight)
		}
	}
	s.arities = s.Params.Schedule(s.heights)
	if err := s.checkShape(); err != nil {
		return err
	}
	if err := s.replay(); err != nil {
		return err
	}
	if err := s.openInputs(); err != nil {
		return err
	}
	rows, err := s.fold()
	if err != nil {
		return err
	}
	return s.openRounds(rows)
}

// checkShape compares every length in the proof with what the parameters demand, before
// anything is hashed. The widths of rows, the counts of siblings and the caps of the inputs,
// which the caller has absorbed, are checked with the trees.
func (s *session) checkShape() error {
	p, n := s.p, len(s.arities)
	if err := s.checkRowCounts(); err != nil {
		return err
	}
	if len(p.Commits) != n || len(p.CommitPoW) != n || len(p.Rounds) != n {
		return fmt.Errorf("%w: %d commitments, %d witnesses, %d openings, want %d", ErrRoundCount, len(p.Commits), len(p.CommitPoW), len(p.Rounds), n)
	}
	if err := s.checks.inputCount(len(p.Inputs), len(s.rounds)); err != nil {
		return err
	}
	for i := range p.Inputs {
		if len(p.Inputs[i].Rows) != s.Params.NumQueries {
			return fmt.Errorf("%w: commitment %d: %d, want %d", ErrQueryCount, i, len(p.Inputs[i].Rows), s.Params.NumQueries)
		}
	}
	h := s.logMax
	for i := range p.Rounds {
		r := &p.Rounds[i]
		h -= s.arities[i]
		if want := 1 << merkle.LogCap(s.Params.CapHeight, h); len(p.Commits[i]) != want {
			return fmt.Errorf("%w: round %d: %d, want %d", merkle.ErrCapLength, i, len(p.Commits[i]), want)
		}
		if int(r.LogArity) != s.arities[i] {
			return fmt.Errorf("%w: round %d: %d, want %d", ErrArity, i, r.LogArity, s.arities[i])
		}
		if len(r.Values) != s.Params.NumQueries {
			return fmt.Errorf("%w: round %d: %d, want %d", ErrQueryCount, i, len(r.Values), s.Params.NumQueries)
		}
		for q, v := range r.Values {
			if len(v) != 1<<r.LogArity-1 {
				return fmt.Errorf("%w: round %d query %d: %d, want %d", ErrSiblingValues, i, q, len(v), 1<<r.LogArity-1)
			}
		}
	}
	return s.checks.finalPolyLen(len(p.FinalPoly), 1<<s.Params.LogFinalPolyLen)
}

// checkRowCounts refuses a matrix with fewer rows than its commitment has digests, which
// would join the tree above the cap, so that nothing would tie its rows to the commitment;
// and one with fewer rows than the folded codeword at last, which would never join it.
func (s *session) checkRowCounts() error {
	for i, r := range s.rounds {
		top := 0
		for _, m := range r.Mats {
			top = max(top, m.LogHeight)
		}
		for j, m := range r.Mats {
			least := max(merkle.LogCap(s.Params.CapHeight, top), s.Params.LogBlowup+s.Params.LogFinalPolyLen)
			if m.LogHeight < least {
				return fmt.Errorf("%w: commitment %d matrix %d: 2^%d, want at least 2^%d", ErrTooShort, i, j, m.LogHeight, least)
			}
		}
	}
	return nil
}

// replay absorbs the proof in the prover's order and draws every challenge.
func (s *session) replay() error {
	for _, r := range s.rounds {
		for _, m := range r.Mats {
			for _, o := range m.Openings {
				s.t.ObserveExt("opened", o.Values...)
			}
		}
	}
	s.alpha = s.t.SampleExt("fri-alpha")
	for i, c := range s.p.Commits {
		s.t.ObserveCap("fri-commit", c)
		if !s.t.CheckWitness("commit-pow", s.Params.CommitPoWBits, s.p.CommitPoW[i]) {
			return fmt.Errorf("%w: round %d", ErrPoW, i)
		}
		s.betas = append(s.betas, s.t.SampleExt("beta"))
	}
	s.t.ObserveExt("final-poly", s.p.FinalPoly...)
	for _, a := range s.arities {
		s.t.Observe("log-arity", s.Ext.Base.FromUint(uint64(a)))
	}
	if !s.t.CheckWitness("query-pow", s.Params.QueryPoWBits, s.p.QueryPoW) {
		return fmt.Errorf("%w: queries", ErrPoW)
	}
	for range s.Params.NumQueries {
		s.indices = append(s.indices, s.t.SampleBits("query", s.logMax))
	}
	return nil
}

func (s *session) openInputs() error {
	at := make([]int, len(s.indices))
	for i := range s.p.Inputs {
		var shape merkle.Shape
		r, in := &s.rounds[i], &s.p.Inputs[i]
		for j, m := range r.Mats {
			shape.LogHeights = append(shape.LogHeights, m.LogHeight)
			shape.Widths = append(shape.Widths, s.checks.rowWidth(m.Width, in, j))
		}
		for q, idx := range s.indices {
			at[q] = idx >> (s.logMax - shape.LogMax())
		}
		if err := s.checker.Verify(s.Suite, &shape, s.Params.CapHeight, r.Cap, at, in.Rows, in.Siblings); err != nil {
			return fmt.Errorf("%w: commitment %d: %w", ErrInputOpening, i, err)
		}
	}
	return nil
}
