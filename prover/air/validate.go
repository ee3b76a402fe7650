package air

import (
	"errors"
	"fmt"
	"math/bits"
)

// Limits on what a circuit may be. They bound the work and memory of everything that
// reads one.
const (
	MaxTables      = 64
	MaxWidth       = 16384
	MaxPublics     = 4096
	MaxNodes       = 1 << 20
	MaxConstraints = 1 << 20
	MaxLookups     = 4096
	MaxTuples      = 4096 // in one interaction
	MaxTupleWidth  = 256
	MaxLogHeight   = 24
	maxHintDegree  = 1 << 10
)

// ErrCircuit is wrapped by every error of Validate.
var ErrCircuit = errors.New("invalid circuit")

func bad(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCircuit, fmt.Sprintf(format, a...))
}

// Validate checks everything that the readers of a circuit rely on. It is the only guard
// between a file and them.
func (c *Circuit) Validate() error {
	if c.Field == nil {
		return bad("field: missing")
	}
	if n := len(c.Tables); n == 0 || n > MaxTables {
		return bad("tables: %d, want 1 to %d", n, MaxTables)
	}
	busWidth := map[string]int{}
	for i := range c.Tables {
		if err := c.Tables[i].validate(uint32(c.Field.Modulus()), busWidth); err != nil {
			return fmt.Errorf("%w (table %d, %q)", err, i, c.Tables[i].Name)
		}
	}
	return nil
}

func (t *Table) validate(p uint32, busWidth map[string]int) error {
	switch {
	case t.Width < 1 || t.Width > MaxWidth:
		return bad("width: %d, want 1 to %d", t.Width, MaxWidth)
	case t.Publics < 0 || t.Publics > MaxPublics:
		return bad("publics: %d, want 0 to %d", t.Publics, MaxPublics)
	case t.PrepWidth < 0 || t.PrepWidth > MaxWidth:
		return bad("preprocessed.width: %d, want 1 to %d", t.PrepWidth, MaxWidth)
	case len(t.Nodes) > MaxNodes:
		return bad("nodes: %d, want at most %d", len(t.Nodes), MaxNodes)
	case len(t.Constraints) > MaxConstraints:
		return bad("constraints: %d, want at most %d", len(t.Constraints), MaxConstraints)
	case len(t.Lookups) > MaxLookups:
		return bad("lookups: %d, want at most %d", len(t.Lookups), MaxLookups)
	case t.MaxDegree != NoDegreeHint && (t.MaxDegree < 0 || t.MaxDegree > maxHintDegree):
		return bad("max_degree: %d, want 0 to %d, or none", t.MaxDegree, maxHintDegree)
	}
	if t.PrepWidth == 0 && len(t.Prep) > 0 {
		return bad("preprocessed.values: given without a width")
	}
	if t.PrepWidth > 0 {
		h := t.PrepHeight()
		if h == 0 || h*t.PrepWidth != len(t.Prep) || h&(h-1) != 0 || bits.Len(uint(h))-1 > MaxLogHeight {
			return bad("preprocessed.values: %d values for width %d, want width·2^h", len(t.Prep), t.PrepWidth)
		}
	}
	selector, err := t.validateNodes(p)
	if err != nil {
		return err
	}
	for i, id := range t.Constraints {
		if id < 0 || int(id) >= len(t.Nodes) {
			return bad("constraints[%d]: no node %d", i, id)
		}
	}
	return t.validateLookups(selector, busWidth)
}

// validateNodes returns, for each node, whether a selector lies below it.
func (t *Table) validateNodes(p uint32) ([]bool, error) {
	selector := make([]bool, len(t.Nodes))
	for i, n := range t.Nodes {
		operand := func(id int32) bool { return id >= 0 && int(id) < i }
		switch n.Op {
		case OpConst:
			if uint32(n.Value) >= p {
				return nil, bad("nodes[%d]: constant not below the modulus", i)
			}
		case OpMain, OpPrep:
			width, next := t.Width, t.MainNext
			if n.Op == OpPrep {
				width, next = t.PrepWidth, t.PrepNext
			}
			if n.A != 0 && n.A != 1 {
				return nil, bad("nodes[%d]: row offset %d, want 0 or 1", i, n.A)
			}
			if n.B < 0 || int(n.B) >= width {
				return nil, bad("nodes[%d]: column %d of %d", i, n.B, width)
			}
			if n.A == 1 && !next {
				return nil, bad("nodes[%d]: reads the next row; set main_next or preprocessed_next", i)
			}
		case OpPublic:
			if n.A < 0 || int(n.A) >= t.Publics {
				return nil, bad("nodes[%d]: public value %d of %d", i, n.A, t.Publics)
			}
		case OpFirst, OpLast, OpTrans:
			selector[i] = true
		case OpAdd, OpSub, OpMul:
			if !operand(n.A) || !operand(n.B) {
				return nil, bad("nodes[%d]: operands must be earlier nodes", i)
			}
			selector[i] = selector[n.A] || selector[n.B]
		case OpNeg:
			if !operand(n.A) {
				return nil, bad("nodes[%d]: operand must be an earlier node", i)
			}
			selector[i] = selector[n.A]
		default:
			return nil, bad("nodes[%d]: unknown operation %d", i, n.Op)
		}
	}
	return selector, nil
}

func (t *Table) validateLookups(selector []bool, busWidth map[string]int) error {
	for i, l := range t.Lookups {
		if n := len(l.Tuples); n == 0 || n > MaxTuples {
			return bad("lookups[%d]: %d messages, want 1 to %d", i, n, MaxTuples)
		}
		switch l.Kind {
		case Local:
			if l.Bus != "" {
				return bad("lookups[%d]: a local lookup has no bus", i)
			}
		case Global, Exclusive:
			if l.Kind == Global && len(l.Tuples) != 1 {
				return bad("lookups[%d]: a global lookup has one message", i)
			}
			w, seen := busWidth[l.Bus]
			if !seen {
				w = len(l.Tuples[0].Fields)
				busWidth[l.Bus] = w
			}
			for _, tp := range l.Tuples {
				if len(tp.Fields) != w {
					return bad("lookups[%d]: %d fields on bus %q, which carries %d", i, len(tp.Fields), l.Bus, w)
				}
			}
		default:
			return bad("lookups[%d]: unknown kind %d", i, l.Kind)
		}
		for j, tp := range l.Tuples {
			if len(tp.Fields) == 0 || len(tp.Fields) > MaxTupleWidth {
				return bad("lookups[%d].tuples[%d]: %d fields, want 1 to %d", i, j, len(tp.Fields), MaxTupleWidth)
			}
			ids := append([]NodeID{tp.Count}, tp.Fields...)
			if l.Kind == Exclusive {
				ids = append(ids, tp.Flag)
			}
			for _, id := range ids {
				if id < 0 || int(id) >= len(t.Nodes) {
					return bad("lookups[%d].tuples[%d]: no node %d", i, j, id)
				}
				// The prover fills the column with selectors 0 and 1, the constraint
				// sees the unnormalised ones: the two would disagree.
				if selector[id] {
					return bad("lookups[%d].tuples[%d]: node %d depends on a selector; use a boolean column", i, j, id)
				}
			}
		}
	}
	return nil
}
