package pruning

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rpp-node/prover/circuit/gadget"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is the witness of the golden files: small, but with every feature.
func golden(t testing.TB) *Witness {
	t.Helper()
	w, err := variant(t, "range-4x16").Sample(19, 2026)
	if err != nil {
		t.Fatal(err)
	}
	w.Blocks[3] = Block{}
	w.FirstHeight = 1<<64 - 4
	return w
}

// The bytes of version 1 never change.
func TestGolden(t *testing.T) {
	w := golden(t)
	for name, got := range map[string][]byte{
		"witness-1.json": w.AppendJSON(nil),
		"witness-1.bin":  w.AppendBinary(nil),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the encoding changed; a new encoding needs a new version", name)
		}
	}
	file, err := os.ReadFile(filepath.Join("testdata", "witness-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := DecodeJSON(file); err != nil || !reflect.DeepEqual(back, w) {
		t.Errorf("JSON: another witness comes back (%v)", err)
	}
	if file, err = os.ReadFile(filepath.Join("testdata", "witness-1.bin")); err != nil {
		t.Fatal(err)
	}
	if back, err := DecodeBinary(file); err != nil || !reflect.DeepEqual(back, w) {
		t.Errorf("binary: another witness comes back (%v)", err)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, v := range Variants() {
		for _, size := range []int{0, 1, 7, 8, 9, v.Blocks * v.Capacity()} {
			w, err := v.Sample(size, 4)
			if err != nil {
				t.Fatal(err)
			}
			text, raw := w.AppendJSON(nil), w.AppendBinary(nil)
			if len(text) > MaxJSONBytes || len(raw) > MaxBinaryBytes {
				t.Errorf("%s, %d: encoded past the limits", v.Name, size)
			}
			if back, err := DecodeJSON(text); err != nil || !reflect.DeepEqual(back, w) {
				t.Errorf("%s, %d: JSON: another witness comes back (%v)", v.Name, size, err)
			}
			if back, err := DecodeBinary(raw); err != nil || !reflect.DeepEqual(back, w) {
				t.Errorf("%s, %d: binary: another witness comes back (%v)", v.Name, size, err)
			}
		}
	}
}

// JSON may be written in other ways, as long as it says the same.
func TestJSONIsReadLiberally(t *testing.T) {
	w := golden(t)
	text := string(w.AppendJSON(nil))
	compact := strings.NewReplacer(" ", "", "\n", "").Replace(text)
	reordered := strings.Replace(compact, `"format":"`+WitnessFormat+`",`, "", 1)
	reordered = strings.TrimSuffix(reordered, "}") + `,"format":"` + WitnessFormat + `"}`
	for _, s := range []string{compact, reordered} {
		if back, err := DecodeJSON([]byte(s)); err != nil || !reflect.DeepEqual(back, w) {
			t.Errorf("another witness comes back (%v)", err)
		}
	}
}

func TestJSONIsReadStrictly(t *testing.T) {
	text := string(golden(t).AppendJSON(nil))
	id := text[strings.Index(text, `"id": "`)+7:][:64]
	for _, c := range []struct{ name, old, new, says string }{
		{"unknown key", `"variant"`, `"colour": 1, "variant"`, `unknown key "colour"`},
		{"key in capitals", `"parent"`, `"Parent"`, `unknown key "Parent"`},
		{"key twice", `"variant"`, `"variant": "range-4x16", "variant"`, `"variant" stands twice`},
		{"key missing", `"variant": "range-4x16",`, ``, `key "variant" is missing`},
		{"key missing inside", `, "removed": true`, ``, `key "removed" is missing`},
		{"unknown key inside", `"removed"`, `"fee": 1, "removed"`, `$.blocks[0][0]: unknown key "fee"`},
		{"format", WitnessFormat, "rpp-witness-pruning-2", "$.format"},
		{"unknown variant", "range-4x16", "range-3x16", "there are block-16"},
		{"another variant", "range-4x16", "block-16", "blocks: 4"},
		{"fraction", "18446744073709551612", "1.0", "plain digits"},
		{"exponent", "18446744073709551612", "1e3", "plain digits"},
		{"negative", "18446744073709551612", "-1", "plain digits"},
		{"negative zero", "18446744073709551612", "-0", "plain digits"},
		{"leading zero", "18446744073709551612", "01", "invalid character"},
		{"too large", "18446744073709551612", "18446744073709551616", "plain digits"},
		{"past the end", "18446744073709551612", "18446744073709551613", "start the range lower"},
		{"number as text", "18446744073709551612", `"12"`, "want a number"},
		{"boolean as number", `"removed": true`, `"removed": 1`, "want true or false"},
		{"null", `"removed": true`, `"removed": null`, "want true or false"},
		{"id in capitals", id, strings.ToUpper(id), "lower-case"},
		{"id too short", id, id[:62], "62 characters"},
		{"id not reduced", id, "0100007f" + id[8:], "not below the modulus"},
		{"object for array", `"blocks": [`, `"blocks": {`, "want an array"},
		{"trailing comma", "\n  ]\n}", "\n  ],\n}", "$"},
		{"trailing value", "\n  ]\n}\n", "\n  ]\n} 1", "something follows"},
		{"trailing brace", "\n  ]\n}\n", "\n  ]\n}}", "something follows"},
		{"five blocks", "\"blocks\": [", "\"blocks\": [[],[],[],[],", "more than 4 elements"},
		{"cut short", "\n  ]\n}\n", "", "$"},
	} {
		spoilt := strings.Replace(text, c.old, c.new, 1)
		if spoilt == text {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		if _, err := DecodeJSON([]byte(spoilt)); !errors.Is(err, ErrWitness) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error that says %q", c.name, err, c.says)
		}
	}
	block := `[` + strings.Repeat(`{"id": "`+id+`", "removed": true},`, maxTransactions) + `{"id": "` + id + `", "removed": true}]`
	spoilt := strings.Replace(text, `"blocks": [`, `"blocks": [`+block+`,`, 1)
	if _, err := DecodeJSON([]byte(spoilt)); err == nil || !strings.Contains(err.Error(), "more than 512 elements") {
		t.Errorf("a block too long: %v", err)
	}
	if _, err := DecodeJSON(make([]byte, MaxJSONBytes+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too many bytes: %v", err)
	}
}

func TestBinaryIsReadStrictly(t *testing.T) {
	w := golden(t)
	raw := w.AppendBinary(nil)
	name := len(binaryMagic) + 2
	blocks := name + 1 + len(w.Variant) + 8 + 2*gadget.DigestBytes
	first := len(w.Blocks[0])
	bitmap := blocks + 2 + 2 + first*gadget.DigestBytes
	if first%8 == 0 {
		t.Fatal("the golden witness's first block fills its bitmap")
	}
	for _, c := range []struct {
		name, says string
		spoil      func(b []byte) []byte
	}{
		{"magic", "magic", func(b []byte) []byte { b[0] = 'x'; return b }},
		{"version", "version: 2", func(b []byte) []byte { b[len(binaryMagic)] = 2; return b }},
		{"variant", "variant", func(b []byte) []byte { b[name+1] = 'x'; return b }},
		{"length of the variant", "cut short", func(b []byte) []byte { return append(b[:name], 255) }},
		{"parent", "parent: invalid digest", func(b []byte) []byte {
			b[blocks-gadget.DigestBytes-1] = 0x7f
			b[blocks-gadget.DigestBytes-2] = 0xff
			return b
		}},
		{"fold", "fold_in: invalid digest", func(b []byte) []byte { b[blocks-1] = 0xff; return b }},
		{"height", "first_height", func(b []byte) []byte { b[blocks-2*gadget.DigestBytes-8] = 0xff; return b }},
		{"number of blocks", "blocks: 65535", func(b []byte) []byte { b[blocks], b[blocks+1] = 0xff, 0xff; return b }},
		{"fewer blocks", "follow the witness", func(b []byte) []byte { b[blocks] = 3; return b }},
		{"number of transactions", "transactions: 65535", func(b []byte) []byte { b[blocks+2], b[blocks+3] = 0xff, 0xff; return b }},
		{"more transactions than bytes", "cut short", func(b []byte) []byte { b[blocks+2], b[blocks+3] = 0, 2; return b }},
		{"id", "ids[0]: invalid digest", func(b []byte) []byte { b[blocks+7] = 0xff; return b }},
		{"bits after the last", "bits are set", func(b []byte) []byte { b[bitmap] |= 0x80; return b }},
		{"a byte more", "1 bytes follow", func(b []byte) []byte { return append(b, 0) }},
		{"too long", "at most", func(b []byte) []byte { return make([]byte, MaxBinaryBytes+1) }},
	} {
		if _, err := DecodeBinary(c.spoil(bytes.Clone(raw))); !errors.Is(err, ErrWitness) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error that says %q", c.name, err, c.says)
		}
	}
	for n := range raw {
		if _, err := DecodeBinary(raw[:n]); !errors.Is(err, ErrWitness) {
			t.Fatalf("the first %d bytes of %d: %v", n, len(raw), err)
		}
	}
}

// Whatever is accepted is a witness that can be proven, and comes back from both forms.
func accepted(t *testing.T, w *Witness) {
	v, err := VariantByName(w.Variant)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Statement(v, w); err != nil {
		t.Fatal(err)
	}
	if back, err := DecodeJSON(w.AppendJSON(nil)); err != nil || !reflect.DeepEqual(back, w) {
		t.Fatalf("JSON: another witness comes back (%v)", err)
	}
	if back, err := DecodeBinary(w.AppendBinary(nil)); err != nil || !reflect.DeepEqual(back, w) {
		t.Fatalf("binary: another witness comes back (%v)", err)
	}
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add(golden(f).AppendJSON(nil))
	f.Add([]byte(`{"format":"rpp-witness-pruning-1","blocks":[[{}]]}`))
	f.Add([]byte(`[1,]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := DecodeJSON(data)
		if err != nil {
			if !errors.Is(err, ErrWitness) {
				t.Fatalf("%v is no ErrWitness", err)
			}
			return
		}
		accepted(t, w)
	})
}

func FuzzDecodeBinary(f *testing.F) {
	raw := golden(f).AppendBinary(nil)
	f.Add(raw)
	f.Add(raw[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := DecodeBinary(data)
		if err != nil {
			if !errors.Is(err, ErrWitness) {
				t.Fatalf("%v is no ErrWitness", err)
			}
			return
		}
		if !bytes.Equal(w.AppendBinary(nil), data) {
			t.Fatal("accepted bytes are not the witness's own")
		}
		accepted(t, w)
	})
}
