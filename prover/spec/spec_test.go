package spec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/zeebo/blake3"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

func sample() *Spec {
	f := field.KoalaBear
	return &Spec{
		Family: "pruning", Variant: "block-512", Profile: "production", Hash: "poseidon2", Field: "koalabear",
		ChainID: 7, Fingerprint: blake3.Sum256([]byte("key")), Witness: blake3.Sum256([]byte("witness")),
		Publics: [][]field.Elem{{}, {f.FromUint(1), f.FromUint(2130706432)}},
	}
}

// The identifier of a job is this encoding's digest: it must never change.
func TestGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/spec_v1.hex")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(sample().Encode()); got != strings.TrimSpace(string(want)) {
		t.Errorf("encoding\n%s, want\n%s", got, want)
	}
	const id = "73e0abf6a1718de598011d3a67d76542031d7c06250f0dd01b6c5a8c1a601cd2"
	if got := sample().ID().String(); got != id {
		t.Errorf("identifier %s, want %s", got, id)
	}
}

func TestDecodeRejects(t *testing.T) {
	good := sample().Encode()
	publics := len(good) - 32 - 8
	edit := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"empty":         {nil, "magic"},
		"magic":         {edit(func(b []byte) []byte { b[0]++; return b }), "magic"},
		"version":       {edit(func(b []byte) []byte { b[8]++; return b }), "version"},
		"trailing":      {append(bytes.Clone(good), 0), "follow"},
		"modulus":       {edit(func(b []byte) []byte { copy(b[publics+4:], "\x01\x00\x00\x7f"); return b }), "modulus"},
		"huge count":    {edit(func(b []byte) []byte { copy(b[publics-4:], "\xff\xff\xff\xff"); return b }), "at most"},
		"no family":     {edit(func(b []byte) []byte { return append(append(b[:12:12], 0), good[20:]...) }), "family"},
		"unknown field": {bytes.Replace(bytes.Clone(good), []byte("koalabear"), []byte("polarbear"), 1), "field"},
	} {
		_, err := Decode(c.b)
		if !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error about %q", name, err, c.want)
		}
	}
	for n := range good {
		if _, err := Decode(good[:n]); !errors.Is(err, ErrSpec) {
			t.Fatalf("the first %d bytes: %v, want ErrSpec", n, err)
		}
	}
}

func TestCheckLimits(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"name":    func(s *Spec) { s.Variant = strings.Repeat("v", MaxNameBytes+1) },
		"tables":  func(s *Spec) { s.Publics = make([][]field.Elem, air.MaxTables+1) },
		"publics": func(s *Spec) { s.Publics = [][]field.Elem{make([]field.Elem, MaxPublicsCount+1)} },
		"field":   func(s *Spec) { s.Field = "goldilocks" },
	} {
		s := sample()
		change(s)
		if err := s.Check(); !errors.Is(err, ErrSpec) {
			t.Errorf("%s: %v, want ErrSpec", name, err)
		}
	}
	s := sample()
	for _, n := range s.names() {
		if n.what != "field" {
			*n.text = strings.Repeat("v", MaxNameBytes)
		}
	}
	s.Publics = make([][]field.Elem, air.MaxTables)
	s.Publics[3] = make([]field.Elem, MaxPublicsCount)
	if b := s.Encode(); len(b) > MaxBytes {
		t.Errorf("the largest spec has %d bytes, MaxBytes is %d", len(b), MaxBytes)
	} else if _, err := Decode(b); err != nil {
		t.Error(err)
	}
}

// Every field is part of the identifier.
func TestIDBindsEveryField(t *testing.T) {
	seen := map[ID]string{sample().ID(): "unchanged"}
	for name, change := range map[string]func(*Spec){
		"family":      func(s *Spec) { s.Family = "state" },
		"variant":     func(s *Spec) { s.Variant = "block-16" },
		"profile":     func(s *Spec) { s.Profile = "fast" },
		"hash":        func(s *Spec) { s.Hash = "keccak" },
		"field":       func(s *Spec) { s.Field = "babybear"; s.Publics[1][1] = 0 },
		"chain":       func(s *Spec) { s.ChainID++ },
		"fingerprint": func(s *Spec) { s.Fingerprint[31] ^= 1 },
		"witness":     func(s *Spec) { s.Witness[0] ^= 1 },
		"public":      func(s *Spec) { s.Publics[1][0]++ },
		"table":       func(s *Spec) { s.Publics[0], s.Publics[1] = s.Publics[1], s.Publics[0] },
		"tables":      func(s *Spec) { s.Publics = append(s.Publics, nil) },
	} {
		s := sample()
		change(s)
		if other, ok := seen[s.ID()]; ok {
			t.Errorf("%s and %s have one identifier", name, other)
		}
		seen[s.ID()] = name
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sample().Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrSpec) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(s.Encode(), b) {
			t.Fatal("two encodings of one spec")
		}
	})
}
