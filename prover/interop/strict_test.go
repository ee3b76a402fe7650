package interop

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestStrict(t *testing.T) {
	type inner struct {
		A int   `json:"a"`
		B []int `json:"b"`
	}
	type outer struct {
		X inner   `json:"x"`
		Y []inner `json:"y"`
	}
	var v outer
	if err := strict([]byte(`{"x":{"a":1,"b":[1,2]},"y":[{"a":2},{"a":3,"b":[]}]}`), "", &v); err != nil || v.Y[1].A != 3 {
		t.Fatalf("%+v, %v", v, err)
	}
	for name, c := range map[string]struct{ in, want string }{
		"twice":         {`{"x":{"a":1,"a":2}}`, "stands twice"},
		"twice, nested": {`{"y":[{"a":1},{"b":[1],"b":[2]}]}`, "stands twice"},
		"capital":       {`{"X":{"a":1}}`, "lower case"},
		"unknown":       {`{"z":1}`, "unknown field"},
		"trailing":      {`{"x":{}} 1`, "follows"},
		"cut":           {`{"x":{"a":1}`, ""},
		"deep":          {strings.Repeat("[", 20) + strings.Repeat("]", 20), "nested"},
		"empty":         {``, ""},
		"null":          {`{"x":{"a":null}}`, "null"},
		"null in list":  {`{"x":{"b":[1,null]}}`, "null in a list"},
		"null object":   {`{"x":null}`, "null"},
	} {
		err := strict([]byte(c.in), "", &outer{})
		if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The same key in two objects is none twice.
	if err := strict([]byte(`{"y":[{"a":1},{"a":1}]}`), "", &v); err != nil {
		t.Error(err)
	}
}

const smallCircuit = `{"format":"rpp-circuit-1","name":"one","field":"koalabear","degree":4,"hash":"poseidon2",` +
	`"fri":{"log_blowup":1,"log_final_poly_len":0,"max_log_arity":2,"num_queries":4,"commit_pow_bits":0,"query_pow_bits":5,"cap_height":0},` +
	`"seed":[],"tables":[{"name":"t","width":1,"publics":0,"preprocessed":null,"main_next":false,"preprocessed_next":false,` +
	`"max_degree":null,"nodes":[["main",0,0]],"constraints":[],"lookups":[` +
	`{"kind":"exclusive","bus":"b","branches":[{"flag":0,"fields":[0],"count":0,"weight":1}]},` +
	`{"kind":"local","tuples":[{"fields":[0],"count":0,"weight":1}]},` +
	`{"kind":"global","bus":"b","fields":[0],"count":0,"weight":1}]}]}`

// TestEveryKeyIsNeeded takes each key out of a circuit in turn.
func TestEveryKeyIsNeeded(t *testing.T) {
	if _, err := DecodeCircuit([]byte(smallCircuit), nil); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for i := 0; i < len(smallCircuit); i++ {
		rest := smallCircuit[i:]
		if rest[0] != '"' || (smallCircuit[i-1] != ',' && smallCircuit[i-1] != '{') {
			continue
		}
		end := strings.Index(rest[1:], `"`) + 2
		if rest[end] != ':' {
			continue
		}
		// Renaming to a key that nothing knows takes the key out, but for the complaint.
		cut := smallCircuit[:i] + `"zz"` + rest[end:]
		if _, err := DecodeCircuit([]byte(cut), nil); !errors.Is(err, ErrFile) {
			t.Errorf("without %s: %v", rest[:end], err)
		}
		tried++
	}
	if tried < 40 {
		t.Fatalf("only %d keys tried", tried)
	}
}

// TestListsAreBounded sends lists one longer than allowed, which must be refused before
// they are decoded.
func TestListsAreBounded(t *testing.T) {
	for key, limit := range lengths {
		items := strings.Repeat("0,", limit) + "0"
		in := fmt.Sprintf(`{%q:[%s]}`, key, items)
		if key == rootTables {
			in = "[" + strings.Repeat("0,", limit) + "0]"
		}
		root := "no rules"
		if key == rootTables {
			root = rootTables
		}
		if err := checkTokens([]byte(in), root); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
