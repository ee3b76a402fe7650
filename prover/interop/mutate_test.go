package interop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/verifier"
)

// mutateJSON calls visit with every mutation of a decoded JSON value, one place at a time.
// The value is whole again after each.
func mutateJSON(v any, put func(any), visit func(what string)) {
	try := func(what string, to any) {
		put(to)
		visit(what)
		put(v)
	}
	for _, x := range []any{nil, "x", true, []any{}, map[string]any{}, -1, 0, 1, 2, 255, 2130706432, 2130706433, 1 << 32, 1e300, json.Number("1.5")} {
		try(fmt.Sprintf("%v for %.20v", x, v), x)
	}
	switch v := v.(type) {
	case []any:
		if n := len(v); n > 0 {
			try("first dropped", v[1:])
			try("last dropped", v[:n-1])
			try("last doubled", append(v[:n:n], v[n-1]))
			try("doubled", append(v[:n:n], v...))
		}
		// Long lists of numbers are alike: their ends will do.
		for i := range v {
			if i < 40 || i >= len(v)-2 {
				mutateJSON(v[i], func(x any) { v[i] = x }, visit)
			}
		}
	case map[string]any:
		for k, x := range v {
			delete(v, k)
			visit("without " + k)
			v["un"+k] = x
			visit("un" + k)
			delete(v, "un"+k)
			v[k] = x
		}
		for k, x := range v {
			mutateJSON(x, func(x any) { v[k] = x }, visit)
		}
	}
}

// TestMutatedFiles changes circuits and instances place by place: each is refused with a
// reason or accepted, and an accepted one can be verified against, never with a panic.
func TestMutatedFiles(t *testing.T) {
	names := []string{"fib3_p2_d4_small", "local4_p2_d4_small", "range_kk_d5_small", "mixed_p2_d5_seeded"}
	if testing.Short() {
		names = names[:2]
	}
	files, refused := 0, 0
	for _, name := range names {
		var circuit any
		for _, b := range circuits(t) {
			var c map[string]any
			if err := json.Unmarshal(b, &c); err != nil {
				t.Fatal(err)
			}
			if c["name"] == name {
				circuit = c
			}
		}
		if circuit == nil {
			t.Fatalf("%s: no such circuit", name)
		}
		proof := vectors.Bytes(t, "batch2/"+name+".bin")
		mutateJSON(circuit, func(x any) { circuit = x }, func(what string) {
			b, err := json.Marshal(circuit)
			if err != nil {
				t.Fatal(err)
			}
			files++
			s, err := interop.DecodeCircuit(b, nil)
			if err != nil {
				refused++
				return
			}
			st := &verifier.Statement{}
			for i := range s.Circuit.Tables {
				st.LogHeights = append(st.LogHeights, 4)
				st.Publics = append(st.Publics, make([]field.Elem, s.Circuit.Tables[i].Publics))
			}
			var rejection *verifier.Error
			if err := verifier.VerifyBytes(s, st, proof, codec.MaxInteropBytes); err != nil && !errors.As(err, &rejection) {
				t.Errorf("%s: %s: a verdict without a code: %v", name, what, err)
			}
		})
	}
	if files < 1000 || refused < files/2 {
		t.Errorf("%d files of which %d refused: the mutations do not bite", files, refused)
	}
	for _, c := range []struct{ circuit, instance string }{
		{"fib3_p2_d4_small", "fib3"}, {"range_kk_d5_small", "range"}, {"mixed_p2_d5_seeded", "mixed"},
	} {
		for _, b := range circuits(t) {
			s, err := interop.DecodeCircuit(b, nil)
			if err != nil {
				continue // the one whose quotient is too large
			}
			if s.Circuit.Name != c.circuit {
				continue
			}
			var instance any
			vectors.JSON(t, "batch2/instances/"+c.instance+".instance.json", &instance)
			mutateJSON(instance, func(x any) { instance = x }, func(what string) {
				b, err := json.Marshal(instance)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := interop.DecodeInstance(b, s); err != nil && !errors.Is(err, interop.ErrFile) {
					t.Errorf("%s: %s: refused without a reason: %v", c.instance, what, err)
				}
			})
		}
	}
}
