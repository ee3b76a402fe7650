package interop

import (
	"encoding/json"
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

type tableFile struct {
	Name             string       `json:"name"`
	Width            int          `json:"width"`
	Publics          int          `json:"publics"`
	Preprocessed     *prepFile    `json:"preprocessed"`
	MainNext         bool         `json:"main_next"`
	PreprocessedNext bool         `json:"preprocessed_next"`
	MaxDegree        *int         `json:"max_degree"`
	Nodes            []nodeFile   `json:"nodes"`
	Constraints      []air.NodeID `json:"constraints"`
	Lookups          []lookupFile `json:"lookups"`
}

type prepFile struct {
	Width  int      `json:"width"`
	Values []uint32 `json:"values"`
}

// nodeFile is one node as it stands in the file: a name and one or two integers.
type nodeFile struct {
	op   string
	args []uint32
}

func (n *nodeFile) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) == 0 || len(parts) > 3 {
		return fmt.Errorf("a node of %d parts", len(parts))
	}
	if err := json.Unmarshal(parts[0], &n.op); err != nil {
		return err
	}
	n.args = make([]uint32, len(parts)-1)
	for i := range n.args {
		if err := json.Unmarshal(parts[i+1], &n.args[i]); err != nil {
			return err
		}
	}
	return nil
}

func (n nodeFile) MarshalJSON() ([]byte, error) {
	parts := []any{n.op}
	for _, a := range n.args {
		parts = append(parts, a)
	}
	return json.Marshal(parts)
}

type lookupFile struct {
	Kind     string       `json:"kind"`
	Bus      *string      `json:"bus,omitempty"`
	Fields   []air.NodeID `json:"fields,omitempty"`
	Count    *air.NodeID  `json:"count,omitempty"`
	Weight   *uint32      `json:"weight,omitempty"`
	Tuples   []tupleFile  `json:"tuples,omitempty"`
	Branches []branchFile `json:"branches,omitempty"`
}

type tupleFile struct {
	Fields []air.NodeID `json:"fields"`
	Count  air.NodeID   `json:"count"`
	Weight uint32       `json:"weight"`
}

type branchFile struct {
	Flag   air.NodeID   `json:"flag"`
	Fields []air.NodeID `json:"fields"`
	Count  air.NodeID   `json:"count"`
	Weight uint32       `json:"weight"`
}

// opNames gives each operation its name in the file and its number of integers.
var opNames = map[air.Op]struct {
	name string
	args int
}{
	air.OpConst: {"const", 1}, air.OpMain: {"main", 2}, air.OpPrep: {"prep", 2}, air.OpPublic: {"pub", 1},
	air.OpFirst: {"first", 0}, air.OpLast: {"last", 0}, air.OpTrans: {"trans", 0},
	air.OpAdd: {"add", 2}, air.OpSub: {"sub", 2}, air.OpMul: {"mul", 2}, air.OpNeg: {"neg", 1},
}

var opByName = func() map[string]air.Op {
	m := map[string]air.Op{}
	for op, n := range opNames {
		m[n.name] = op
	}
	return m
}()

func decodeTables(f *field.Field, b []byte) ([]air.Table, error) {
	var files []tableFile
	if err := strict(b, rootTables, &files); err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	out := make([]air.Table, len(files))
	for i := range files {
		t, err := files[i].table(f)
		if err != nil {
			return nil, fmt.Errorf("tables[%d]: %w", i, err)
		}
		out[i] = *t
	}
	return out, nil
}

func (d *tableFile) table(f *field.Field) (*air.Table, error) {
	t := &air.Table{
		Name: d.Name, Width: d.Width, Publics: d.Publics,
		MainNext: d.MainNext, PrepNext: d.PreprocessedNext,
		MaxDegree: air.NoDegreeHint, Constraints: d.Constraints,
	}
	if d.MaxDegree != nil {
		if *d.MaxDegree < 0 {
			return nil, bad("max_degree: %d, want null or at least 0", *d.MaxDegree)
		}
		t.MaxDegree = *d.MaxDegree
	}
	if p := d.Preprocessed; p != nil {
		if p.Width < 1 {
			return nil, bad("preprocessed.width: %d, want at least 1, or null for none", p.Width)
		}
		values, err := elems(f, "preprocessed.values", p.Values)
		if err != nil {
			return nil, err
		}
		t.PrepWidth, t.Prep = p.Width, values
	}
	for i, n := range d.Nodes {
		op, ok := opByName[n.op]
		if !ok || len(n.args) != opNames[op].args {
			return nil, bad("nodes[%d]: %q with %d integers is no operation", i, n.op, len(n.args))
		}
		node := air.Node{Op: op}
		if op == air.OpConst {
			v, ok := f.FromUint32(n.args[0])
			if !ok {
				return nil, bad("nodes[%d]: %d is not below the modulus %d", i, n.args[0], f.Modulus())
			}
			node.Value = v
		} else {
			for k, a := range n.args {
				if a > air.MaxNodes {
					return nil, bad("nodes[%d]: %d is out of range", i, a)
				}
				if k == 0 {
					node.A = int32(a)
				} else {
					node.B = int32(a)
				}
			}
		}
		t.Nodes = append(t.Nodes, node)
	}
	for i, l := range d.Lookups {
		lk, err := l.lookup()
		if err != nil {
			return nil, fmt.Errorf("lookups[%d]: %w", i, err)
		}
		t.Lookups = append(t.Lookups, lk)
	}
	return t, nil
}

func (l *lookupFile) lookup() (air.Lookup, error) {
	single := l.Fields != nil || l.Count != nil || l.Weight != nil
	switch l.Kind {
	case "local":
		if l.Tuples == nil || single || l.Branches != nil || l.Bus != nil {
			return air.Lookup{}, bad("a local lookup has tuples and nothing else")
		}
		out := air.Lookup{Kind: air.Local}
		for _, t := range l.Tuples {
			out.Tuples = append(out.Tuples, air.Tuple{Fields: t.Fields, Count: t.Count, Weight: t.Weight})
		}
		return out, nil
	case "global":
		if l.Bus == nil || l.Fields == nil || l.Count == nil || l.Weight == nil || l.Tuples != nil || l.Branches != nil {
			return air.Lookup{}, bad("a global lookup has bus, fields, count and weight")
		}
		return air.Lookup{Kind: air.Global, Bus: *l.Bus, Tuples: []air.Tuple{{Fields: l.Fields, Count: *l.Count, Weight: *l.Weight}}}, nil
	case "exclusive":
		if l.Bus == nil || l.Branches == nil || single || l.Tuples != nil {
			return air.Lookup{}, bad("an exclusive lookup has bus and branches")
		}
		out := air.Lookup{Kind: air.Exclusive, Bus: *l.Bus}
		for _, t := range l.Branches {
			out.Tuples = append(out.Tuples, air.Tuple{Flag: t.Flag, Fields: t.Fields, Count: t.Count, Weight: t.Weight})
		}
		return out, nil
	}
	return air.Lookup{}, bad("kind: %q, want local, global or exclusive", l.Kind)
}

func encodeTables(f *field.Field, tables []air.Table) []tableFile {
	out := make([]tableFile, len(tables))
	for i := range tables {
		t := &tables[i]
		d := tableFile{
			Name: t.Name, Width: t.Width, Publics: t.Publics, MainNext: t.MainNext, PreprocessedNext: t.PrepNext,
			Nodes: []nodeFile{}, Constraints: append([]air.NodeID{}, t.Constraints...), Lookups: []lookupFile{},
		}
		if t.MaxDegree != air.NoDegreeHint {
			d.MaxDegree = &t.MaxDegree
		}
		if t.PrepWidth > 0 {
			d.Preprocessed = &prepFile{t.PrepWidth, uints(f, t.Prep)}
		}
		for _, n := range t.Nodes {
			args := []uint32{uint32(n.A), uint32(n.B)}
			if n.Op == air.OpConst {
				args[0] = f.Uint(n.Value)
			}
			d.Nodes = append(d.Nodes, nodeFile{opNames[n.Op].name, args[:opNames[n.Op].args]})
		}
		for _, l := range t.Lookups {
			d.Lookups = append(d.Lookups, encodeLookup(l))
		}
		out[i] = d
	}
	return out
}

func encodeLookup(l air.Lookup) lookupFile {
	var out lookupFile
	if l.Kind != air.Local {
		out.Bus = &l.Bus
	}
	switch l.Kind {
	case air.Local:
		out.Kind = "local"
		for _, t := range l.Tuples {
			out.Tuples = append(out.Tuples, tupleFile{t.Fields, t.Count, t.Weight})
		}
	case air.Global:
		t := l.Tuples[0]
		out.Kind, out.Fields, out.Count, out.Weight = "global", t.Fields, &t.Count, &t.Weight
	case air.Exclusive:
		out.Kind = "exclusive"
		for _, t := range l.Tuples {
			out.Branches = append(out.Branches, branchFile{t.Flag, t.Fields, t.Count, t.Weight})
		}
	}
	return out
}
