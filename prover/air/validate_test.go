package air

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/field"
)

// TestValidate refuses each thing that a reader of circuits relies on not meeting, and
// names the place.
func TestValidate(t *testing.T) {
	f := field.KoalaBear
	if err := ledger(f).Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		place  string
		change func(c *Circuit)
	}{
		{"field", func(c *Circuit) { c.Field = nil }},
		{"tables", func(c *Circuit) { c.Tables = nil }},
		{"tables", func(c *Circuit) { c.Tables = slices.Repeat(c.Tables[1:], MaxTables+1) }},
		{"width", func(c *Circuit) { c.Tables[0].Width = 0 }},
		{"width", func(c *Circuit) { c.Tables[0].Width = MaxWidth + 1 }},
		{"publics", func(c *Circuit) { c.Tables[0].Publics = -1 }},
		{"publics", func(c *Circuit) { c.Tables[0].Publics = MaxPublics + 1 }},
		{"preprocessed.width", func(c *Circuit) { c.Tables[0].PrepWidth = -1 }},
		{"preprocessed.width", func(c *Circuit) { c.Tables[0].PrepWidth = MaxWidth + 1 }},
		{"preprocessed.values", func(c *Circuit) { c.Tables[1].Prep = []field.Elem{0} }},
		{"preprocessed.values", func(c *Circuit) { c.Tables[0].Prep = nil }},
		{"preprocessed.values", func(c *Circuit) { c.Tables[0].Prep = c.Tables[0].Prep[:7] }},
		{"preprocessed.values", func(c *Circuit) { c.Tables[0].PrepWidth = 3 }},
		{"max_degree", func(c *Circuit) { c.Tables[0].MaxDegree = -2 }},
		{"max_degree", func(c *Circuit) { c.Tables[0].MaxDegree = maxHintDegree + 1 }},
		{"nodes", func(c *Circuit) { c.Tables[0].Nodes = make([]Node, MaxNodes+1) }},
		{"constraints", func(c *Circuit) { c.Tables[0].Constraints = make([]NodeID, MaxConstraints+1) }},
		{"lookups", func(c *Circuit) { c.Tables[0].Lookups = make([]Lookup, MaxLookups+1) }},
		{"constraints[1]", func(c *Circuit) { c.Tables[0].Constraints[1] = NodeID(len(c.Tables[0].Nodes)) }},
		{"constraints[1]", func(c *Circuit) { c.Tables[0].Constraints[1] = -1 }},
		{"nodes[0]", node(Node{Op: OpConst, Value: field.Elem(f.Modulus())})},
		{"nodes[0]", node(Node{Op: OpMain, A: 2})},
		{"nodes[0]", node(Node{Op: OpMain, A: -1})},
		{"nodes[0]", node(Node{Op: OpMain, B: 3})},
		{"nodes[0]", node(Node{Op: OpMain, B: -1})},
		{"nodes[0]", node(Node{Op: OpPrep, B: 1})},
		{"nodes[0]", node(Node{Op: OpPublic, A: 1})},
		{"nodes[0]", node(Node{Op: OpPublic, A: -1})},
		{"nodes[0]", node(Node{Op: OpAdd})},
		{"nodes[0]", node(Node{Op: OpMul, A: -1})},
		{"nodes[0]", node(Node{Op: OpNeg})},
		{"nodes[0]", node(Node{Op: OpNeg + 1})},
		{"main_next", func(c *Circuit) { c.Tables[0].MainNext = false }},
		{"preprocessed_next", func(c *Circuit) { c.Tables[0].PrepNext = false }},
		{"lookups[0]", func(c *Circuit) { c.Tables[0].Lookups[0].Tuples = nil }},
		{"lookups[0]", func(c *Circuit) { c.Tables[0].Lookups[0].Tuples = make([]Tuple, MaxTuples+1) }},
		{"lookups[0]", func(c *Circuit) { c.Tables[0].Lookups[0].Bus = "rows" }},
		{"lookups[0]", func(c *Circuit) { c.Tables[0].Lookups[0].Kind = Exclusive + 1 }},
		{"lookups[1]", func(c *Circuit) { c.Tables[0].Lookups[1].Kind = Global }},
		{"lookups[1]", func(c *Circuit) {
			c.Tables[0].Lookups[1].Tuples[1].Fields = c.Tables[0].Lookups[1].Tuples[1].Fields[:1]
		}},
		{"bus \"rows\"", func(c *Circuit) {
			c.Tables[1].Lookups[0].Tuples[0].Fields = c.Tables[1].Lookups[0].Tuples[0].Fields[:1]
		}},
		{"lookups[0].tuples[1]", func(c *Circuit) { c.Tables[0].Lookups[0].Tuples[1].Fields = nil }},
		{"lookups[0].tuples[1]", func(c *Circuit) { c.Tables[0].Lookups[0].Tuples[1].Fields = make([]NodeID, MaxTupleWidth+1) }},
		{"lookups[0].tuples[1]", func(c *Circuit) { c.Tables[0].Lookups[0].Tuples[1].Count = -1 }},
		{"lookups[1].tuples[0]", func(c *Circuit) { c.Tables[0].Lookups[1].Tuples[0].Flag = NodeID(len(c.Tables[0].Nodes)) }},
		{"selector", func(c *Circuit) { c.Tables[0].Lookups[0].Tuples[0].Fields[0] = selected(c) }},
		{"selector", func(c *Circuit) { c.Tables[0].Lookups[0].Tuples[0].Count = selected(c) }},
		{"selector", func(c *Circuit) { c.Tables[0].Lookups[1].Tuples[0].Flag = selected(c) }},
	} {
		l := ledger(f)
		c.change(l)
		if err := l.Validate(); !errors.Is(err, ErrCircuit) || !strings.Contains(err.Error(), c.place) {
			t.Errorf("%v, want an error about %s", err, c.place)
		}
	}
}

func node(n Node) func(c *Circuit) { return func(c *Circuit) { c.Tables[0].Nodes[0] = n } }

// selected is a node under which a selector lies, two operations down.
func selected(c *Circuit) NodeID {
	t := &c.Tables[0]
	n := int32(len(t.Nodes))
	t.Nodes = append(t.Nodes, Node{Op: OpTrans}, Node{Op: OpNeg, A: n}, Node{Op: OpAdd, A: 0, B: n + 1})
	return NodeID(n + 2)
}
