package gadget

import (
	"errors"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// caller is a table without constraints: it says whatever a family's table could say.
// A row may feed a block, take a report, send or take a node, or ask for a byte.
const (
	callerFeed = iota
	callerTake
	callerSendNode
	callerTakeNode
	callerByte
	callerFields // of the row's one message
	callerWidth  = callerFields + 4 + DigestLen
)

func caller() air.Table {
	b := air.NewBuilder(Field, "caller", callerWidth, 0)
	f := Columns(b, callerFields, 4+DigestLen)
	b.Send(busFeed, b.Main(callerFeed), 1, f[:2+Rate]...)
	b.Receive(busHash, b.Main(callerTake), 1, f...)
	SendNode(b, b.Main(callerSendNode), f[0], f[1:1+DigestLen])
	TakeNode(b, b.Main(callerTakeNode), f[0], f[1:1+DigestLen])
	AskByte(b, b.Main(callerByte), f[0])
	return b.Table()
}

type says struct{ rows [][]field.Elem }

func (s *says) say(flag int, fields ...field.Elem) {
	row := make([]field.Elem, callerWidth)
	row[flag] = Field.One()
	copy(row[callerFields:], fields)
	s.rows = append(s.rows, row)
}

func (s *says) trace() matrix.Matrix {
	h := 1
	for h < len(s.rows) {
		h *= 2
	}
	m := matrix.New(h, callerWidth)
	for i, row := range s.rows {
		copy(m.Row(i), row)
	}
	return m
}

// check checks the tables and their traces together with what callers say.
func check(s *says, tables []air.Table, traces []matrix.Matrix) error {
	c := &air.Circuit{Field: Field, Tables: append([]air.Table{caller()}, tables...)}
	if err := c.Validate(); err != nil {
		return err
	}
	return c.Check(append([]matrix.Matrix{s.trace()}, traces...), make([][]field.Elem, len(c.Tables)))
}

func failsIn(t *testing.T, err error, table, bus string) {
	t.Helper()
	var c *air.ConstraintError
	var b *air.BalanceError
	switch {
	case errors.As(err, &c) && c.Table == table:
	case errors.As(err, &b) && b.Bus == bus:
	default:
		t.Errorf("%v, want a failure of table %q or bus %q", err, table, bus)
	}
}

func num(v int) field.Elem { return Field.FromUint(uint64(v)) }
