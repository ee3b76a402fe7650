package interop

import (
	"errors"
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
	if err := strict([]byte(`{"x":{"a":1,"b":[1,2]},"y":[{"a":2},{"a":3,"b":[]}]}`), &v); err != nil || v.Y[1].A != 3 {
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
	} {
		err := strict([]byte(c.in), &outer{})
		if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The same key in two objects is none twice.
	if err := strict([]byte(`{"y":[{"a":1},{"a":1}]}`), &v); err != nil {
		t.Error(err)
	}
}

func TestNullInNode(t *testing.T) {
	var n nodeFile
	if err := n.UnmarshalJSON([]byte(`["pub",null]`)); err == nil {
		t.Error("accepted")
	}
}
