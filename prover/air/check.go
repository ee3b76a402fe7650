package air

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// ErrWitness is wrapped by every error of Check: the traces do not satisfy the circuit.
var ErrWitness = errors.New("witness does not satisfy the circuit")

// ConstraintError is a constraint that does not vanish.
type ConstraintError struct {
	Table      string
	Constraint int // place in the table's assertion order
	Row        int
}

func (e *ConstraintError) Error() string {
	return fmt.Sprintf("%v: table %q: constraint %d does not vanish on row %d", ErrWitness, e.Table, e.Constraint, e.Row)
}

// Unwrap makes errors.Is(err, ErrWitness) hold.
func (e *ConstraintError) Unwrap() error { return ErrWitness }

// BalanceError is a bus on which a message was not received as often as it was sent.
type BalanceError struct {
	Bus     string // or the table's name for a local lookup
	Message []uint32
	Excess  uint32 // sends minus receipts, modulo p
	Table   string // where the message was first seen
	Row     int
}

func (e *BalanceError) Error() string {
	return fmt.Sprintf("%v: bus %q: message %v sent %d times more than received (mod p); first at table %q row %d",
		ErrWitness, e.Bus, e.Message, e.Excess, e.Table, e.Row)
}

// Unwrap makes errors.Is(err, ErrWitness) hold.
func (e *BalanceError) Unwrap() error { return ErrWitness }

const checkBlock = 256

// Check evaluates every constraint on every row of the traces and counts every message
// of every bus exactly. It is how a witness is judged before anything is proved, and
// says where a wrong one fails.
func (c *Circuit) Check(traces []matrix.Matrix, publics [][]field.Elem) error {
	if err := c.CheckShape(traces, publics); err != nil {
		return err
	}
	buses := map[string]*busCount{}
	for i := range c.Tables {
		if err := c.checkTable(i, traces[i], publics[i], buses); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(buses))
	for name := range buses {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := buses[name].balance(c.Field); err != nil {
			return err
		}
	}
	return nil
}

// CheckShape checks that traces and public values have the sizes that the circuit gives
// them.
func (c *Circuit) CheckShape(traces []matrix.Matrix, publics [][]field.Elem) error {
	if len(traces) != len(c.Tables) || len(publics) != len(c.Tables) {
		return fmt.Errorf("%w: %d traces and %d lists of public values for %d tables", ErrWitness, len(traces), len(publics), len(c.Tables))
	}
	for i := range c.Tables {
		t := &c.Tables[i]
		h := traces[i].Height()
		switch {
		case traces[i].Width != t.Width || h*t.Width != len(traces[i].Values):
			return fmt.Errorf("%w: table %q: trace width %d, want %d", ErrWitness, t.Name, traces[i].Width, t.Width)
		case h == 0 || h&(h-1) != 0 || h > 1<<MaxLogHeight:
			return fmt.Errorf("%w: table %q: %d rows, want a power of two up to 2^%d", ErrWitness, t.Name, h, MaxLogHeight)
		case t.PrepWidth > 0 && h != t.PrepHeight():
			return fmt.Errorf("%w: table %q: %d rows, but its preprocessed columns have %d", ErrWitness, t.Name, h, t.PrepHeight())
		case len(publics[i]) != t.Publics:
			return fmt.Errorf("%w: table %q: %d public values, want %d", ErrWitness, t.Name, len(publics[i]), t.Publics)
		}
	}
	return nil
}

func (c *Circuit) checkTable(table int, trace matrix.Matrix, publics []field.Elem, buses map[string]*busCount) error {
	t := &c.Tables[table]
	prog := Compile(c.Field, t, true, t.LookupNodes())
	m := prog.NewMachine(publics, checkBlock)
	h := trace.Height()
	in := NewBlock(t, checkBlock)
	for from := 0; from < h; from += checkBlock {
		n := min(checkBlock, h-from)
		var failed *ConstraintError
		in.FillTrace(t, trace, from, n)
		in.selectRows(c.Field, from, h)
		m.Run(in, func(k int, values []field.Elem) {
			for r, v := range values {
				if v != 0 && (failed == nil || from+r < failed.Row || from+r == failed.Row && k < failed.Constraint) {
					failed = &ConstraintError{Table: t.Name, Constraint: k, Row: from + r}
				}
			}
		})
		if failed != nil {
			return failed
		}
		t.countMessages(c.Field, table, m, from, n, buses)
	}
	return nil
}

// LookupNodes lists, sorted and once each, the nodes that the lookups read.
func (t *Table) LookupNodes() []NodeID {
	var ids []NodeID
	for _, l := range t.Lookups {
		for _, tp := range l.Tuples {
			ids = append(ids, tp.Count)
			ids = append(ids, tp.Fields...)
			if l.Kind == Exclusive {
				ids = append(ids, tp.Flag)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// selectRows sets a block's selectors to 0 and 1 for rows from, from+1, … of h.
func (b *Block) selectRows(f *field.Field, from, h int) {
	one := f.One()
	for r := range b.N {
		b.First[r], b.Last[r], b.Transit[r] = 0, 0, one
		if from+r == 0 {
			b.First[r] = one
		}
		if from+r == h-1 {
			b.Last[r], b.Transit[r] = one, 0
		}
	}
}

// busCount counts the messages of one bus.
type busCount struct {
	name  string
	seen  map[string]int // message → place in list
	list  []BalanceError
	count []field.Elem
}

func (t *Table) countMessages(f *field.Field, table int, m *Machine, from, n int, buses map[string]*busCount) {
	for i, l := range t.Lookups {
		key, name := "global:"+l.Bus, l.Bus
		if l.Kind == Local {
			key, name = fmt.Sprintf("local:%d:%d", table, i), t.Name
		}
		b := buses[key]
		if b == nil {
			b = &busCount{name: name, seen: map[string]int{}}
			buses[key] = b
		}
		for _, tp := range l.Tuples {
			count := m.Pinned(tp.Count)
			for r := range n {
				k := count[r]
				if l.Kind == Exclusive {
					k = f.Mul(k, m.Pinned(tp.Flag)[r])
				}
				if k != 0 {
					b.add(f, t.Name, from+r, tp.Fields, m, r, k)
				}
			}
		}
	}
}

func (b *busCount) add(f *field.Field, table string, row int, fields []NodeID, m *Machine, r int, count field.Elem) {
	key := make([]byte, 0, 4*len(fields))
	for _, id := range fields {
		key = binary.LittleEndian.AppendUint32(key, uint32(m.Pinned(id)[r]))
	}
	i, ok := b.seen[string(key)]
	if !ok {
		i = len(b.list)
		b.seen[string(key)] = i
		msg := make([]uint32, len(fields))
		for j, id := range fields {
			msg[j] = f.Uint(m.Pinned(id)[r])
		}
		b.list = append(b.list, BalanceError{Bus: b.name, Message: msg, Table: table, Row: row})
		b.count = append(b.count, 0)
	}
	b.count[i] = f.Add(b.count[i], count)
}

func (b *busCount) balance(f *field.Field) error {
	for i, k := range b.count {
		if k != 0 {
			e := b.list[i]
			e.Excess = f.Uint(k)
			return &e
		}
	}
	return nil
}
