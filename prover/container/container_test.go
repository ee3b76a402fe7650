package container

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

	"github.com/zeebo/blake3"

	"rpp-node/prover/air"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// sample is a file with something in every field. The container does not look into the
// proof, so any bytes do.
func sample() *File {
	f := field.KoalaBear
	return &File{
		Family: "pruning", Variant: "block-16", Profile: "production", Hash: "poseidon2", Field: "koalabear",
		ChainID: 0x0807060504030201, Fingerprint: blake3.Sum256([]byte("a key")),
		LogHeights: []int{4, 0, 24},
		Publics:    [][]field.Elem{{f.FromUint(1), f.FromUint(2130706432)}, nil, {f.FromUint(7)}},
		Proof:      []byte("upstream's encoding"),
	}
}

// The golden file of version 1 is read for good, and is what is written today.
func TestGolden(t *testing.T) {
	name := filepath.Join("testdata", "sample.v1.proof")
	if *update {
		if err := os.WriteFile(name, sample().Encode(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := sample().Encode(); !bytes.Equal(got, want) {
		t.Errorf("encoding:\n%x, want\n%x", got, want)
	}
	got, err := Decode(want)
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, got, sample())
}

func checkEqual(t *testing.T, got, want *File) {
	t.Helper()
	for i, p := range got.Publics { // nil and empty are the same list
		if len(p) == 0 {
			got.Publics[i] = nil
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	for name, change := range map[string]func(*File){
		"no proof":   func(c *File) { c.Proof = nil },
		"no tables":  func(c *File) { c.LogHeights, c.Publics = nil, nil },
		"babybear":   func(c *File) { c.Field, c.Publics = "babybear", make([][]field.Elem, 3) },
		"long names": func(c *File) { c.Family = strings.Repeat("x", maxName) },
		"no names":   func(c *File) { c.Family, c.Variant, c.Profile, c.Hash = "", "", "", "" },
		"chain 0":    func(c *File) { c.ChainID = 0 },
	} {
		want := sample()
		change(want)
		got, err := Decode(want.Encode())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkEqual(t, got, want)
	}
}

// No damage goes unnoticed.
func TestDamage(t *testing.T) {
	b := sample().Encode()
	for i := range b {
		if _, err := Decode(b[:i]); !errors.Is(err, ErrContainer) {
			t.Errorf("first %d bytes: %v", i, err)
		}
		for bit := range 8 {
			bad := bytes.Clone(b)
			bad[i] ^= 1 << bit
			if c, err := Decode(bad); c != nil || !errors.Is(err, ErrContainer) {
				t.Errorf("byte %d, bit %d: %v", i, bit, err)
			}
		}
	}
	for _, more := range [][]byte{{0}, b} {
		if _, err := Decode(append(bytes.Clone(b), more...)); !errors.Is(err, ErrContainer) {
			t.Errorf("%d bytes more: %v", len(more), err)
		}
	}
}

// seal ends a file with its digest again, so that only the change before it is wrong.
func seal(b []byte) []byte {
	b = b[:len(b)-32]
	d := blake3.Sum256(b)
	return append(b, d[:]...)
}

// Files whose digest is right and whose content is not: the error names the field.
func TestRefused(t *testing.T) {
	clean := sample().Encode()
	names := len(magic) + 4
	chain := names + 5 + len("pruning"+"block-16"+"production"+"poseidon2"+"koalabear")
	tables := chain + 8 + 32
	u32 := binary.LittleEndian.PutUint32
	for _, c := range []struct {
		want   string
		change func(b []byte)
	}{
		{"magic: not a proof file", func(b []byte) { b[0] = 'r' }},
		{"version: 2, this release reads 1", func(b []byte) { u32(b[len(magic):], 2) }},
		{"version: 0, this release reads 1", func(b []byte) { u32(b[len(magic):], 0) }},
		{"name: 65 bytes, at most 64", func(b []byte) { b[names] = maxName + 1 }},
		{`field: unknown "xoalabear"`, func(b []byte) { b[chain-len("koalabear")] = 'x' }},
		{"tables: 255, at most", func(b []byte) { b[tables] = 255 }},
		{"log heights: 2^25, at most 2^24", func(b []byte) { b[tables+1] = air.MaxLogHeight + 1 }},
		{"public values: 4294967295, at most", func(b []byte) { u32(b[tables+2:], 1<<32-1) }},
		{"public values: input ends early", func(b []byte) { u32(b[tables+2:], air.MaxPublics) }},
		{"public values: not below the modulus", func(b []byte) { u32(b[tables+6:], field.KoalaBear.Modulus()) }},
		{"proof: 4294967295, at most", func(b []byte) { u32(b[len(b)-32-len(sample().Proof)-4:], 1<<32-1) }},
		{"proof: input ends early", func(b []byte) { u32(b[len(b)-32-len(sample().Proof)-4:], codec.MaxProofBytes) }},
		{"digest", func(b []byte) { u32(b[len(b)-32-len(sample().Proof)-4:], uint32(len(sample().Proof)-1)) }},
	} {
		b := bytes.Clone(clean)
		c.change(b)
		if _, err := Decode(seal(b)); !errors.Is(err, ErrContainer) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if _, err := Decode(make([]byte, MaxBytes+1)); !errors.Is(err, ErrContainer) || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too long: %v", err)
	}
}

// FuzzDecode: no input makes the decoder panic, and what it accepts is the encoding of
// what it returns. Inputs are tried as they are and with a fresh digest, which the fuzzer
// would never find.
func FuzzDecode(f *testing.F) {
	f.Add(sample().Encode())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		try := [][]byte{b}
		if len(b) >= 32 {
			try = append(try, seal(bytes.Clone(b)))
		}
		for _, b := range try {
			if c, err := Decode(b); err == nil && !bytes.Equal(c.Encode(), b) {
				t.Errorf("%x decodes, but encodes to %x", b, c.Encode())
			}
		}
	})
}
