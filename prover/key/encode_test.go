package key

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rpp-node/prover/merkle"
)

var update = flag.Bool("update", false, "rewrite the golden keys of testdata")

// golden returns the committed encoding of the sample's key. A change of it is a change
// of the format, of the circuit's digest or of the hash, each of which needs a new version.
func golden(tb testing.TB, hash merkle.Kind) []byte {
	tb.Helper()
	name := filepath.Join("testdata", "sample."+hash.String()+".vk")
	if *update {
		if err := os.WriteFile(name, sampleKey(tb, hash).Encode(), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

var hashes = []merkle.Kind{merkle.Poseidon2, merkle.Keccak}

func TestGolden(t *testing.T) {
	fingerprints := map[merkle.Kind]string{
		merkle.Poseidon2: "e2b538fce5ed936c4b06ba0d9627ea1809b4c669bcbc1e2516033c4d4d6c556c",
		merkle.Keccak:    "c64999fd465e7554de44a0712594eb2d33c6c50ea2879532efa0a76bb0e70cd2",
	}
	for _, h := range hashes {
		want, k := golden(t, h), sampleKey(t, h)
		if !bytes.Equal(k.Encode(), want) {
			t.Errorf("%s: the encoding has changed", h)
		}
		if got := k.Fingerprint().String(); got != fingerprints[h] {
			t.Errorf("%s: fingerprint %s, want %s", h, got, fingerprints[h])
		}
		back, err := Decode(want)
		if err != nil || !reflect.DeepEqual(back, k) {
			t.Errorf("%s: decoded %+v, %v; want %+v", h, back, err, k)
		}
	}
}

// checkDecode decodes b, which must be refused with ErrKey or be the encoding of what it
// decodes to.
func checkDecode(tb testing.TB, b []byte) *Verifying {
	tb.Helper()
	k, err := Decode(b)
	if err != nil {
		if k != nil || !errors.Is(err, ErrKey) {
			tb.Errorf("%v, %v; want no key and ErrKey", k, err)
		}
		return nil
	}
	if !bytes.Equal(k.Encode(), b) {
		tb.Errorf("%x decodes, but encodes to %x", b, k.Encode())
	}
	return k
}

// A damaged key is refused, or is another key with another fingerprint.
func TestDamage(t *testing.T) {
	for _, h := range hashes {
		b := golden(t, h)
		good := sampleKey(t, h).Fingerprint()
		for i := range b {
			if _, err := Decode(b[:i]); !errors.Is(err, ErrKey) {
				t.Errorf("%s: first %d bytes: %v", h, i, err)
			}
		}
		if _, err := Decode(append(bytes.Clone(b), 0)); !errors.Is(err, ErrKey) {
			t.Errorf("%s: a byte more: %v", h, err)
		}
		for bit := range 8 * len(b) {
			bad := bytes.Clone(b)
			bad[bit/8] ^= 1 << (bit % 8)
			if k := checkDecode(t, bad); k != nil && k.Fingerprint() == good {
				t.Errorf("%s: bit %d does not show in the fingerprint", h, bit)
			}
		}
	}
}

// Counts beyond their limits are refused before anything of that size is made, and the
// error names the field.
func TestLimits(t *testing.T) {
	b := golden(t, merkle.Poseidon2)
	at := func(marker string) int { // just after the marker
		i := bytes.Index(b, []byte(marker))
		if i < 0 {
			t.Fatalf("no %q in the key", marker)
		}
		return i + len(marker)
	}
	tables := at("fast") + 8*4 + 1 + 32
	for _, c := range []struct {
		field  string
		offset int
	}{
		{"family", len(magic)},
		{"variant", at("sample")},
		{"field", at("tiny") + 8},
		{"profile", at("koalabear")},
		{"profile", at("fast")},
		{"tables", tables},
		{"table name", tables + 4},
		{"width", at("sum")},
		{"publics", at("sum") + 4},
		{"preprocessed width", at("sum") + 8},
		{"degree", at("sum") + 14},
		{"bus", at("global:small") - 16},
		{"heights", at("small")},
		{"preprocessed commitment", at("small") + 4 + 2},
	} {
		bad := bytes.Clone(b)
		binary.LittleEndian.PutUint32(bad[c.offset:], 1<<31-1)
		if _, err := Decode(bad); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s too large: %v", c.field, err)
		}
	}
	if _, err := Decode(make([]byte, MaxBytes+1)); !errors.Is(err, ErrKey) {
		t.Errorf("too long: %v", err)
	}
}

// Keys that are well formed but that this release cannot judge by.
func TestMeaningless(t *testing.T) {
	for name, change := range map[string]func(*Verifying){
		"field":         func(k *Verifying) { k.Field = "goldilocks" },
		"degree":        func(k *Verifying) { k.Profile.Degree = 3 },
		"hash":          func(k *Verifying) { k.Hash = merkle.KeccakBytes },
		"proof version": func(k *Verifying) { k.Proof = ProofVersion + 1 },
		"num_queries":   func(k *Verifying) { k.Profile.NumQueries = 0 },
		"log_blowup":    func(k *Verifying) { k.Profile.LogBlowup = 0 },
	} {
		k := sampleKey(t, merkle.Keccak)
		change(k)
		if back, err := Decode(k.Encode()); back != nil || !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, %v", name, back, err)
		}
	}
}

// FuzzDecode: no input makes the decoder panic, and what it accepts is the encoding of
// what it returns.
func FuzzDecode(f *testing.F) {
	for _, h := range hashes {
		f.Add(golden(f, h))
	}
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) { checkDecode(t, b) })
}
