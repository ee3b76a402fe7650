package air

import "rpp-node/prover/field"

// NodeID names a node of a table's graph by its position.
type NodeID int32

// Op is what a node computes.
type Op uint8

// The operations. Leaves first; A and B of the others name earlier nodes.
const (
	OpConst  Op = iota // Value
	OpMain             // main column B of row A (0 this, 1 next)
	OpPrep             // preprocessed column B of row A
	OpPublic           // public value A
	OpFirst            // selector of the first row
	OpLast             // selector of the last row
	OpTrans            // selector of all rows but the last
	OpAdd
	OpSub
	OpMul
	OpNeg
)

// Node is one node of the graph.
type Node struct {
	Op    Op
	A, B  int32
	Value field.Elem // OpConst only
}

// LookupKind says which interactions may share a column with which.
type LookupKind uint8

const (
	Local     LookupKind = iota // balances inside the table, all tuples in one column
	Global                      // one message on a named bus
	Exclusive                   // branches on a named bus, of which at most one is live
)

// Tuple is one message: its fields and how often it is sent. A positive count sends or
// queries, a negative one receives or provides. Weight bounds |count| per row where the
// message is a query and is 0 where it is an entry; it only enters the height bound.
type Tuple struct {
	Flag   NodeID // Exclusive only
	Fields []NodeID
	Count  NodeID
	Weight uint32
}

// Lookup is one interaction of a table. Global has one tuple, Exclusive one per branch.
type Lookup struct {
	Kind   LookupKind
	Bus    string // empty for Local
	Tuples []Tuple
}

// NoDegreeHint is the MaxDegree of a table whose degree is computed.
const NoDegreeHint = -1

// Table is one AIR: a trace shape, its constraints and its interactions.
type Table struct {
	Name    string
	Width   int // main columns
	Publics int // public values

	PrepWidth int          // preprocessed columns, 0 for none
	Prep      []field.Elem // row-major, PrepWidth·2^h; fixes the table's height to 2^h

	MainNext bool // the main row is also opened at ζ·ω
	PrepNext bool // so is the preprocessed row

	MaxDegree int // upstream's max_constraint_degree hint, or NoDegreeHint

	Nodes       []Node
	Constraints []NodeID // in assertion order
	Lookups     []Lookup // in push order
}

// PrepHeight is the number of preprocessed rows, 0 if there are none.
func (t *Table) PrepHeight() int {
	if t.PrepWidth == 0 {
		return 0
	}
	return len(t.Prep) / t.PrepWidth
}

// Circuit is an ordered list of tables over one field.
type Circuit struct {
	Name   string
	Field  *field.Field
	Tables []Table
}

// HasLookups reports whether any table takes part in a bus.
func (c *Circuit) HasLookups() bool {
	for i := range c.Tables {
		if len(c.Tables[i].Lookups) > 0 {
			return true
		}
	}
	return false
}
