package system

import (
	"errors"
	"fmt"
	"slices"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/lookup"
	"rpp-node/prover/merkle"
)

// SeedElements is the number of base elements observed first, if any are.
const SeedElements = 8

// The ways in which a system or an instance of it can be unsound or out of bounds.
var (
	ErrQuotientDegree = errors.New("system: more quotient chunks than the blow-up allows")
	ErrSeed           = errors.New("system: seed must be empty or 8 elements")
	ErrHeights        = errors.New("system: table heights not allowed")
	ErrPublics        = errors.New("system: wrong number of public values")
	ErrPreprocessed   = errors.New("system: wrong preprocessed commitment")
)

// System is one statement's fixed part.
type System struct {
	Circuit *air.Circuit
	Ext     *field.Ext
	Hash    merkle.Kind
	FRI     fri.Params
	Seed    []field.Elem
	Layout  *lookup.Layout

	// PrepCap is the commitment to the preprocessed columns of all tables, nil if there
	// are none. It belongs to the key.
	PrepCap []merkle.Digest
}

// New validates the parts and lays out the lookups. The preprocessed commitment is
// added by the key.
func New(c *air.Circuit, x *field.Ext, hash merkle.Kind, p fri.Params, seed []field.Elem) (*System, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if x == nil || x.Base != c.Field {
		return nil, fmt.Errorf("%w: degree: no such extension of the circuit's field", air.ErrCircuit)
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if len(seed) != 0 && len(seed) != SeedElements {
		return nil, fmt.Errorf("%w: %d", ErrSeed, len(seed))
	}
	s := &System{Circuit: c, Ext: x, Hash: hash, FRI: p, Seed: seed, Layout: lookup.New(c)}
	for i := range s.Layout.Tables {
		if lc := s.Layout.Tables[i].LogChunks; lc > p.LogBlowup {
			return nil, fmt.Errorf("%w: table %q needs 2^%d chunks, fri.log_blowup is %d; lower the degree or raise the blow-up",
				ErrQuotientDegree, c.Tables[i].Name, lc, p.LogBlowup)
		}
	}
	return s, nil
}

// HasPreprocessed reports whether any table has preprocessed columns.
func (s *System) HasPreprocessed() bool {
	for i := range s.Circuit.Tables {
		if s.Circuit.Tables[i].PrepWidth > 0 {
			return true
		}
	}
	return false
}

// CheckHeights refuses heights that the circuit, the parameters or the field rule out,
// before anything is hashed.
func (s *System) CheckHeights(logHeights []int) error {
	if len(logHeights) != len(s.Circuit.Tables) {
		return fmt.Errorf("%w: %d for %d tables", ErrHeights, len(logHeights), len(s.Circuit.Tables))
	}
	top := min(fri.MaxLogHeight, s.Ext.Base.TwoAdicity()) - s.FRI.LogBlowup
	// A matrix with fewer rows than a cap has digests would join the tree above the cap,
	// where nobody looks: its rows would be anybody's choice.
	least := min(s.FRI.CapHeight-s.FRI.LogBlowup, slices.Max(logHeights))
	for i, h := range logHeights {
		t := &s.Circuit.Tables[i]
		switch {
		case h < 0 || h > top:
			return fmt.Errorf("%w: table %q: 2^%d rows, at most 2^%d", ErrHeights, t.Name, h, top)
		case h < least:
			return fmt.Errorf("%w: table %q: 2^%d rows, need at least 2^%d with fri.cap_height %d", ErrHeights, t.Name, h, least, s.FRI.CapHeight)
		case t.PrepWidth > 0 && 1<<h != t.PrepHeight():
			return fmt.Errorf("%w: table %q: 2^%d rows, its preprocessed columns have %d", ErrHeights, t.Name, h, t.PrepHeight())
		case s.FRI.LogFinalPolyLen > 0 && h <= s.FRI.LogFinalPolyLen:
			return fmt.Errorf("%w: table %q: 2^%d rows, need more than the final polynomial's 2^%d coefficients", ErrHeights, t.Name, h, s.FRI.LogFinalPolyLen)
		}
	}
	return s.Layout.CheckHeights(s.Circuit.Field, logHeights)
}

// CheckPublics refuses lists of public values of the wrong lengths.
func (s *System) CheckPublics(publics [][]field.Elem) error {
	if len(publics) != len(s.Circuit.Tables) {
		return fmt.Errorf("%w: %d lists for %d tables", ErrPublics, len(publics), len(s.Circuit.Tables))
	}
	for i, p := range publics {
		if t := &s.Circuit.Tables[i]; len(p) != t.Publics {
			return fmt.Errorf("%w: table %q: %d, want %d", ErrPublics, t.Name, len(p), t.Publics)
		}
	}
	return nil
}
