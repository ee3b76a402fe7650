package bench

import (
	"encoding/json"
	"fmt"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/matrix"
)

// The vectors' tables are upstream's, walked by its own symbolic builder. The package
// under test must not depend on the codec of circuit files, so the little that these
// tables use is decoded here.

type tableJSON struct {
	Name             string
	Width            int
	Publics          int
	Preprocessed     *struct{}
	MainNext         bool `json:"main_next"`
	PreprocessedNext bool `json:"preprocessed_next"`
	MaxDegree        *int `json:"max_degree"`
	Nodes            [][]any
	Constraints      []air.NodeID
	Lookups          []json.RawMessage
}

func readTable(t *testing.T, f *field.Field, name string) air.Table {
	t.Helper()
	var tables []tableJSON
	vectors.JSON(t, "batch2/tables/"+name+".tables.json", &tables)
	if len(tables) != 1 {
		t.Fatalf("%s: %d tables, want 1", name, len(tables))
	}
	j := tables[0]
	if j.Preprocessed != nil || len(j.Lookups) > 0 {
		t.Fatalf("%s: preprocessed columns or lookups, which no benchmark has", name)
	}
	out := air.Table{
		Name: j.Name, Width: j.Width, Publics: j.Publics,
		MainNext: j.MainNext, PrepNext: j.PreprocessedNext,
		MaxDegree: air.NoDegreeHint, Constraints: j.Constraints,
	}
	if j.MaxDegree != nil {
		out.MaxDegree = *j.MaxDegree
	}
	for i, n := range j.Nodes {
		node, err := decodeNode(f, n)
		if err != nil {
			t.Fatalf("%s: node %d: %v", name, i, err)
		}
		out.Nodes = append(out.Nodes, node)
	}
	c := air.Circuit{Field: f, Tables: []air.Table{out}}
	if err := c.Validate(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func decodeNode(f *field.Field, n []any) (air.Node, error) {
	ops := map[string]air.Op{
		"const": air.OpConst, "main": air.OpMain, "pub": air.OpPublic,
		"first": air.OpFirst, "last": air.OpLast, "trans": air.OpTrans,
		"add": air.OpAdd, "sub": air.OpSub, "mul": air.OpMul, "neg": air.OpNeg,
	}
	var arg [2]int64
	for i, a := range n[1:] {
		v, ok := a.(float64)
		if !ok {
			return air.Node{}, fmt.Errorf("%v", n)
		}
		arg[i] = int64(v)
	}
	name, _ := n[0].(string)
	op, ok := ops[name]
	if !ok {
		return air.Node{}, fmt.Errorf("%v", n)
	}
	if op == air.OpConst {
		return air.Node{Op: op, Value: f.FromInt(arg[0])}, nil
	}
	return air.Node{Op: op, A: int32(arg[0]), B: int32(arg[1])}, nil
}

type instance struct {
	logRows int
	publics []field.Elem
	trace   matrix.Matrix
}

func readInstance(t *testing.T, f *field.Field, name string, width int) instance {
	t.Helper()
	var j struct {
		LogHeights   []int      `json:"log_heights"`
		PublicValues [][]uint32 `json:"public_values"`
		Traces       [][]uint32
	}
	vectors.JSON(t, "batch2/instances/"+name+".instance.json", &j)
	return instance{
		logRows: j.LogHeights[0],
		publics: elems(t, f, j.PublicValues[0]),
		trace:   matrix.Matrix{Width: width, Values: elems(t, f, j.Traces[0])},
	}
}

func elems(t *testing.T, f *field.Field, canonical []uint32) []field.Elem {
	t.Helper()
	out := make([]field.Elem, len(canonical))
	for i, v := range canonical {
		e, ok := f.FromUint32(v)
		if !ok {
			t.Fatalf("%d is not below the modulus", v)
		}
		out[i] = e
	}
	return out
}

// firstDifference says where two traces differ, or "".
func firstDifference(f *field.Field, got, want matrix.Matrix) string {
	if got.Width != want.Width || got.Height() != want.Height() {
		return fmt.Sprintf("%d×%d, want %d×%d", got.Height(), got.Width, want.Height(), want.Width)
	}
	for i, v := range want.Values {
		if got.Values[i] != v {
			return fmt.Sprintf("row %d column %d: %d, want %d", i/want.Width, i%want.Width, f.Uint(got.Values[i]), f.Uint(v))
		}
	}
	return ""
}
