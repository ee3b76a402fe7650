package identity

import (
	"bytes"
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"rpp-node/cluster/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

var sealEpoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sealNow() time.Time { return sealEpoch }

// sealCheap guesses 16,000 times faster than the default.
var sealCheap = sealCost{passes: 1, memoryKiB: 8, lanes: 1}

var passphrase = []byte("correct horse battery staple")

func testRoot(t testing.TB) *CA {
	t.Helper()
	root, err := NewRoot("alpha", sealNow, rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestSealedRootOpensAndSigns(t *testing.T) {
	root := testRoot(t)
	sealed, err := root.Seal(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSealedRoot(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if s.Cluster() != "alpha" || s.cost != sealCostDefault {
		t.Errorf("sealed for %s at cost %+v", s.Cluster(), s.cost)
	}
	if _, err := s.Open([]byte("Correct horse battery staple"), sealNow, nil); !fault.Is(err, fault.CodePassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	opened, err := s.Open(passphrase, sealNow, rand.NewChaCha8([32]byte{2}))
	if err != nil {
		t.Fatal(err)
	}
	if !opened.key.Equal(root.key) || !opened.Root().Equal(root.Root()) {
		t.Error("another root came out")
	}
	if bytes.Contains(sealed, root.key.Seed()) {
		t.Error("the key stands in the sealed file")
	}
}

func TestSealRefusals(t *testing.T) {
	root := testRoot(t)
	for _, bad := range [][]byte{nil, []byte("eleven char"), make([]byte, maxPassphraseBytes+1)} {
		if _, err := root.Seal(bad); !fault.Is(err, fault.CodeField) {
			t.Errorf("passphrase of %d bytes: %v", len(bad), err)
		}
	}
	key, _ := NewKey(rand.NewChaCha8([32]byte{3}))
	csr, _ := NewCSR(key)
	chain, err := root.IssueIssuer(csr, NodeID{})
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := NewCA("alpha", key, append(chain, root.Root()), sealNow, rand.NewChaCha8([32]byte{4}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.Seal(passphrase); !fault.Is(err, fault.CodeIssuer) {
		t.Errorf("an issuer was sealed: %v", err)
	}
}

// Every byte of the file counts: whatever is changed, the root does not come out.
func TestSealedRootIsAuthenticated(t *testing.T) {
	sealed, err := testRoot(t).seal(passphrase, sealCheap)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		if i >= 12 && i < 24 {
			continue // a changed cost is refused too, after up to a GiB of work
		}
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		s, err := ParseSealedRoot(damaged)
		if err == nil {
			_, err = s.Open(passphrase, sealNow, nil)
		}
		if err == nil {
			t.Fatalf("byte %d changed, and the root came out", i)
		}
	}
	for n := range sealed {
		if _, err := ParseSealedRoot(sealed[:n]); err == nil {
			t.Fatalf("%d of %d bytes were read", n, len(sealed))
		}
	}
	for name, change := range map[string]func(b []byte){
		"no passes":      func(b []byte) { binary.LittleEndian.PutUint32(b[12:], 0) },
		"17 passes":      func(b []byte) { binary.LittleEndian.PutUint32(b[12:], 17) },
		"over a GiB":     func(b []byte) { binary.LittleEndian.PutUint32(b[16:], 1<<20+1) },
		"no memory":      func(b []byte) { binary.LittleEndian.PutUint32(b[16:], 7) },
		"no lanes":       func(b []byte) { binary.LittleEndian.PutUint32(b[20:], 0) },
		"257 lanes":      func(b []byte) { binary.LittleEndian.PutUint32(b[20:], 257) },
		"other version":  func(b []byte) { binary.LittleEndian.PutUint32(b[8:], 2) },
		"no certificate": func(b []byte) { binary.LittleEndian.PutUint32(b[64:], 0) },
	} {
		b := bytes.Clone(sealed)
		change(b)
		if _, err := ParseSealedRoot(b); !fault.Is(err, fault.CodeIdentityFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseSealedRoot(append(sealed, make([]byte, maxSealedBytes)...)); !fault.Is(err, fault.CodeIdentityFile) {
		t.Errorf("too long: %v", err)
	}
}

func TestSealedRootGolden(t *testing.T) {
	const path = "testdata/root.v1.sealed"
	root := testRoot(t)
	made, err := root.seal(passphrase, sealCheap)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, made, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, golden) {
		t.Error("the format changed under its version")
	}
	s, err := ParseSealedRoot(golden)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := s.Open(passphrase, sealNow, nil)
	if err != nil || !opened.key.Equal(root.key) {
		t.Errorf("the golden file does not open: %v", err)
	}
}

func FuzzParseSealedRoot(f *testing.F) {
	sealed, err := testRoot(f).seal(passphrase, sealCheap)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSealedRoot(b)
		if err == nil && len(s.head)+len(s.key) != len(b) {
			t.Fatal("bytes were left over")
		}
	})
}
