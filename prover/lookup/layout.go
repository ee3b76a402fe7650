package lookup

import (
	"errors"
	"fmt"
	"math/bits"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

// Column is one fraction column of a permutation trace.
type Column struct {
	Exclusive bool
	Bus       int // number of its bus in the batch
	Tuples    []air.Tuple
	Degree    int
}

// Table is the layout of one table of a batch.
type Table struct {
	Columns   []Column
	LogChunks int // log2 of the quotient chunks
}

// Width is the width of the permutation trace in extension elements, 0 without lookups.
func (t *Table) Width() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return len(t.Columns) + 1
}

// Layout is the layout of a batch.
type Layout struct {
	Tables   []Table
	BusNames []string // by number; local lookups are named after their table
	MaxWidth int      // widest tuple, at least 1
}

// ErrMultiplicity is a batch whose buses could carry p messages or more.
var ErrMultiplicity = errors.New("lookup: multiplicities could wrap around the field")

// New lays out the lookups of a validated circuit.
func New(c *air.Circuit) *Layout {
	l := &Layout{MaxWidth: 1}
	global := map[string]int{}
	for i := range c.Tables {
		t := &c.Tables[i]
		deg := t.Degrees(c.Field)
		cols, busNames := arrange(t, deg)
		chunks := logChunks(constraintDegree(t, deg, cols))
		cols, busNames = pack(t, deg, cols, busNames, 1<<chunks+1)
		for k := range cols {
			cols[k].Bus = len(l.BusNames)
			if name := busNames[k]; name == "" {
				l.BusNames = append(l.BusNames, fmt.Sprintf("local:%s:%d", t.Name, k))
			} else if id, ok := global[name]; ok {
				cols[k].Bus = id
			} else {
				global[name] = cols[k].Bus
				l.BusNames = append(l.BusNames, name)
			}
			for _, tp := range cols[k].Tuples {
				l.MaxWidth = max(l.MaxWidth, len(tp.Fields))
			}
		}
		l.Tables = append(l.Tables, Table{Columns: cols, LogChunks: chunks})
	}
	return l
}

// arrange makes one column of each interaction: locals, then globals, then exclusives.
// It names the bus of each; only a local's name is empty.
func arrange(t *air.Table, deg []int) ([]Column, []string) {
	var cols []Column
	var names []string
	for _, kind := range []air.LookupKind{air.Local, air.Global, air.Exclusive} {
		for _, l := range t.Lookups {
			if l.Kind != kind {
				continue
			}
			c := Column{Exclusive: kind == air.Exclusive, Tuples: l.Tuples}
			c.Degree = fractionDegree(&c, deg)
			name := ""
			if kind != air.Local {
				name = "global:" + l.Bus
			}
			cols, names = append(cols, c), append(names, name)
		}
	}
	return cols, names
}

// pack folds the global messages of one bus into shared columns while their degree stays
// within budget. Locals and exclusives keep their own and come first; they are told from
// globals by their kind, which arrange has put in that order.
func pack(t *air.Table, deg []int, cols []Column, names []string, budget int) ([]Column, []string) {
	var out []Column
	var outNames []string
	var order []string
	folded := map[string][]Column{}
	for k, c := range cols {
		if names[k] == "" || c.Exclusive {
			out, outNames = append(out, c), append(outNames, names[k])
			continue
		}
		bus := folded[names[k]]
		if bus == nil {
			order = append(order, names[k])
		}
		if n := len(bus); n > 0 {
			merged := Column{Tuples: append(append([]air.Tuple(nil), bus[n-1].Tuples...), c.Tuples...)}
			if merged.Degree = fractionDegree(&merged, deg); merged.Degree <= budget {
				bus[n-1] = merged
				folded[names[k]] = bus
				continue
			}
		}
		folded[names[k]] = append(bus, c)
	}
	for _, name := range order {
		for _, c := range folded[name] {
			out, outNames = append(out, c), append(outNames, name)
		}
	}
	return out, outNames
}

// fractionDegree is the degree of a column's constraint U·f - V.
func fractionDegree(c *Column, deg []int) int {
	field := func(tp *air.Tuple) int {
		d := 0
		for _, id := range tp.Fields {
			d = max(d, deg[id])
		}
		return d
	}
	if c.Exclusive {
		u, v := 0, 0
		for i := range c.Tuples {
			tp := &c.Tuples[i]
			u = max(u, deg[tp.Flag]+field(tp), deg[tp.Flag])
			v = max(v, deg[tp.Flag]+deg[tp.Count])
		}
		return max(1+u, v)
	}
	sum := 0
	for i := range c.Tuples {
		sum += field(&c.Tuples[i])
	}
	d := 1 + sum
	for i := range c.Tuples {
		tp := &c.Tuples[i]
		d = max(d, deg[tp.Count]+sum-field(tp))
	}
	return d
}

// constraintDegree is the degree that decides the number of quotient chunks. The
// constraints on the running sum have degree 2 (a selector times a column), so that a
// table with lookups never falls below it.
func constraintDegree(t *air.Table, deg []int, cols []Column) int {
	d := t.BaseDegree(deg)
	for i := range cols {
		d = max(d, cols[i].Degree)
	}
	return d
}

func logChunks(degree int) int { return bits.Len(uint(max(degree, 2) - 2)) }

// Weight bounds, for each row, how many messages the column queries. Of an exclusive
// column's branches at most one is live.
func (c *Column) Weight() uint64 {
	var sum, largest uint64
	for _, tp := range c.Tuples {
		sum += uint64(tp.Weight)
		largest = max(largest, uint64(tp.Weight))
	}
	if c.Exclusive {
		return largest
	}
	return sum
}

// CheckHeights refuses heights at which Σ weight·height, over all columns of the batch,
// reaches p. Bus by bus would do, but upstream sums over the batch, and a proof that its
// verifier refuses is of no use.
func (l *Layout) CheckHeights(f *field.Field, logHeights []int) error {
	var total uint64
	for i := range l.Tables {
		for k := range l.Tables[i].Columns {
			c := &l.Tables[i].Columns[k]
			hi, add := bits.Mul64(c.Weight(), 1<<logHeights[i])
			total += add
			if hi != 0 || add >= uint64(f.Modulus()) || total >= uint64(f.Modulus()) {
				return fmt.Errorf("%w: up to bus %s; use shorter tables or smaller weights", ErrMultiplicity, l.BusNames[c.Bus])
			}
		}
	}
	return nil
}
