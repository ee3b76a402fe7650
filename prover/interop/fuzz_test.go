package interop_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"strings"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/verifier"
)

// circuits are upstream's circuit files with their tables put in, small ones only.
func circuits(tb testing.TB) (out [][]byte) {
	for _, name := range vectors.Glob(tb, "batch2/*.circuit.json") {
		var c map[string]json.RawMessage
		vectors.JSON(tb, name, &c)
		var file string
		if json.Unmarshal(c["tables"], &file) == nil {
			c["tables"] = vectors.Bytes(tb, path.Join("batch2", file))
		}
		b, err := json.Marshal(c)
		if err != nil {
			tb.Fatal(err)
		}
		if len(b) < 10_000 {
			out = append(out, b)
		}
	}
	if len(out) < 20 {
		tb.Fatalf("%d small circuits", len(out))
	}
	return out
}

// FuzzDecodeCircuit: no file makes the decoder panic; an accepted one is written so that
// it is read again as the same circuit; and verifying any bytes against it, whatever the
// heights, ends in a verdict.
func FuzzDecodeCircuit(f *testing.F) {
	for _, b := range circuits(f) {
		f.Add(b)
	}
	proof := vectors.Bytes(f, "batch2/fib3_p2_d4_small.bin")
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := interop.DecodeCircuit(b, nil)
		if err != nil {
			return
		}
		written, err := interop.EncodeCircuit(s)
		if err != nil {
			t.Fatalf("an accepted circuit cannot be written: %v", err)
		}
		again, err := interop.DecodeCircuit(written, nil)
		if err != nil {
			t.Fatalf("what was written is refused: %v\n%s", err, written)
		}
		if twice, err := interop.EncodeCircuit(again); err != nil || !bytes.Equal(twice, written) {
			t.Fatalf("written twice, not the same: %v\n%s\n%s", err, written, twice)
		}
		st := &verifier.Statement{}
		for i := range s.Circuit.Tables {
			st.LogHeights = append(st.LogHeights, 3+i%2)
			st.Publics = append(st.Publics, make([]field.Elem, s.Circuit.Tables[i].Publics))
		}
		var rejection *verifier.Error
		if err := verifier.VerifyBytes(s, st, proof, codec.MaxInteropBytes); err != nil && !errors.As(err, &rejection) {
			t.Fatalf("a verdict without a code: %v", err)
		}
	})
}

// FuzzDecodeInstance: no file makes the decoder panic, and an accepted one is written so
// that it is read again as the same instance.
func FuzzDecodeInstance(f *testing.F) {
	for _, name := range vectors.Glob(f, "batch2/instances/*.json") {
		if b := vectors.Bytes(f, name); len(b) < 5000 {
			f.Add(strings.HasPrefix(path.Base(name), "mixed"), b)
		}
	}
	all := map[bool][]byte{}
	for _, b := range circuits(f) {
		switch {
		case bytes.Contains(b, []byte(`"fib3_`)):
			all[false] = b
		case bytes.Contains(b, []byte(`"mixed_p2_d5`)):
			all[true] = b
		}
	}
	f.Fuzz(func(t *testing.T, mixed bool, b []byte) {
		s, err := interop.DecodeCircuit(all[mixed], nil)
		if err != nil {
			t.Fatal(err)
		}
		in, err := interop.DecodeInstance(b, s)
		if err != nil {
			if !errors.Is(err, interop.ErrFile) {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		written, err := interop.EncodeInstance(s.Ext.Base, "any", in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := interop.DecodeInstance(written, s)
		if err != nil {
			t.Fatalf("what was written is refused: %v\n%s", err, written)
		}
		if twice, err := interop.EncodeInstance(s.Ext.Base, "any", again); err != nil || !bytes.Equal(twice, written) {
			t.Fatalf("written twice, not the same: %v\n%s\n%s", err, written, twice)
		}
	})
}
