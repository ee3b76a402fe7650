package node

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/store/artifact"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

func sampleMembership() *Membership {
	return &Membership{
		Cluster: "alpha", Name: "voter-1", Role: "voter", ChainID: 7, SecurityFloor: 100.5, Founder: true,
		Voters: []string{"10.0.0.1:7400", "[fd00::1]:7400"}, Seeds: []string{"10.0.0.1:7401"},
	}
}

func sampleGossipKeys() gossipKeys {
	a, b := blake3.Sum256([]byte("a")), blake3.Sum256([]byte("b"))
	return gossipKeys{version: 3, keys: [][]byte{a[:], b[:]}}
}

func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: the encoding has changed:\n%s", name, got)
	}
	return want
}

func TestMembershipFormat(t *testing.T) {
	b, err := sampleMembership().encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeMembership(golden(t, "member.v1.json", b))
	if err != nil {
		t.Fatal(err)
	}
	want := sampleMembership()
	want.Format, want.Digest = membershipFormat, m.Digest
	if got, expected := fmt.Sprint(*m), fmt.Sprint(*want); got != expected {
		t.Errorf("%s, want %s", got, expected)
	}
}

// Every bit of both files counts: a damaged one is never taken for another.
func TestFlippedBits(t *testing.T) {
	member, err := sampleMembership().encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file   []byte
		decode func([]byte) error
	}{
		"member.json": {member, func(b []byte) error { _, err := decodeMembership(b); return err }},
		"gossip.keys": {sampleGossipKeys().encode(), func(b []byte) error { _, err := decodeGossipKeys(b); return err }},
	} {
		for i := range 8 * len(c.file) {
			b := bytes.Clone(c.file)
			b[i/8] ^= 1 << (i % 8)
			if c.decode(b) == nil {
				t.Errorf("%s: with bit %d flipped it is read: %q", name, i, b)
			}
		}
		for _, b := range [][]byte{nil, c.file[:len(c.file)-1], append(bytes.Clone(c.file), '\n'), append(bytes.Clone(c.file), c.file...)} {
			if c.decode(b) == nil {
				t.Errorf("%s: %d bytes of %d are read", name, len(b), len(c.file))
			}
		}
	}
}

func TestGossipKeysFormat(t *testing.T) {
	g, err := decodeGossipKeys(golden(t, "gossip-keys.v1.txt", sampleGossipKeys().encode()))
	if err != nil {
		t.Fatal(err)
	}
	if want := sampleGossipKeys(); fmt.Sprint(g) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", g, want)
	}
	for name, g := range map[string]gossipKeys{
		"no key":     {},
		"three keys": {keys: [][]byte{make([]byte, 32), make([]byte, 32), make([]byte, 32)}},
		"short key":  {keys: [][]byte{make([]byte, 31)}},
	} {
		if _, err := decodeGossipKeys(g.encode()); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestFilesOnDisk(t *testing.T) {
	dir := t.TempDir()
	l := layout(dir)
	if _, err := ReadMembership(identity.OS, dir); err != ErrNotMember {
		t.Errorf("nothing there: %v", err)
	}
	m, g := sampleMembership(), sampleGossipKeys()
	if err := errors.Join(m.write(identity.OS, dir), g.write(identity.OS, l)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadMembership(identity.OS, dir); err != nil {
		t.Error(err)
	}
	if _, err := readGossipKeys(identity.OS, l); err != nil {
		t.Error(err)
	}
	for _, file := range []string{l.membership(), l.gossipKeys()} {
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	// What goes wrong names the file and says what to do.
	if err := os.Chmod(l.gossipKeys(), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := readGossipKeys(identity.OS, l)
	wantFault(t, "open to others", err, fault.CodeIdentityFile, l.gossipKeys(), "chmod 600")
	if err := os.WriteFile(l.membership(), []byte(`{"format":"rpp-member-9"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = ReadMembership(identity.OS, dir)
	wantFault(t, "a later format", err, fault.CodeIdentityFile, l.membership(), "rpp-member-9")
	for file, limit := range map[string]int{l.membership(): maxMembershipBytes, l.gossipKeys(): maxGossipKeysBytes} {
		if err := errors.Join(os.WriteFile(file, make([]byte, limit+1), 0o600), os.Chmod(file, 0o600)); err != nil {
			t.Fatal(err)
		}
		_, err1 := ReadMembership(identity.OS, dir)
		_, err2 := readGossipKeys(identity.OS, l)
		if all := fmt.Sprint(err1, err2); !strings.Contains(all, fmt.Sprintf("more than %d bytes", limit)) {
			t.Errorf("%s of %d bytes: %s", file, limit+1, all)
		}
	}
}

func wantFault(t *testing.T, what string, err error, code fault.Code, parts ...string) {
	t.Helper()
	if !fault.Is(err, code) || fault.Of(err).Remedy == "" {
		t.Errorf("%s: %v, want %s with a remedy", what, err, code)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %q does not say %q", what, err, p)
		}
	}
}

// The store key is made once. A damaged one is not used, and one that is gone is replaced.
func TestStoreKey(t *testing.T) {
	l := layout(t.TempDir())
	random := func(seed byte) *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte{seed}, 64)) }
	if _, made, err := sealer(identity.OS, l, random(1)); err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	if _, made, err := sealer(identity.OS, l, random(2)); err != nil || made {
		t.Errorf("the second time: made %v, %v", made, err)
	}
	first, err := os.ReadFile(l.storeKey())
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := storeKeyOf(first); !ok || !bytes.Equal(key, bytes.Repeat([]byte{1}, artifact.StoreKeyBytes)) {
		t.Errorf("the file is %x", first)
	}
	for i := range 8 * len(first) {
		b := bytes.Clone(first)
		b[i/8] ^= 1 << (i % 8)
		if _, ok := storeKeyOf(b); ok {
			t.Errorf("with bit %d flipped it is used", i)
		}
	}
	if err := os.WriteFile(l.storeKey(), first[:40], 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = sealer(identity.OS, l, random(2))
	wantFault(t, "cut off", err, fault.CodeIdentityFile, l.storeKey(), "delete it")
	if strings.Contains(err.Error(), hex.EncodeToString(first[:8])) {
		t.Errorf("the error tells of the key: %v", err)
	}
	if err := os.Chmod(l.storeKey(), 0o604); err != nil {
		t.Fatal(err)
	}
	_, _, err = sealer(identity.OS, l, random(2))
	wantFault(t, "open to others", err, fault.CodeIdentityFile, "chmod 600")
	if err := os.Remove(l.storeKey()); err != nil {
		t.Fatal(err)
	}
	if _, made, err := sealer(identity.OS, l, random(3)); err != nil || !made {
		t.Errorf("deleted: made %v, %v", made, err)
	}
	if _, _, err := sealer(identity.OS, layout(t.TempDir()), bytes.NewReader(nil)); err == nil {
		t.Error("a key was made of nothing")
	}
}

// A disk that fails is an error, never a file that is not there: that would found a second
// cluster, or draw a second store key.
func TestFailingDisk(t *testing.T) {
	broken := errors.New("input/output error")
	disk := failing{broken}
	if _, err := ReadMembership(disk, "data"); !errors.Is(err, broken) {
		t.Errorf("membership: %v", err)
	}
	if _, err := readGossipKeys(disk, "data"); !errors.Is(err, broken) {
		t.Errorf("gossip keys: %v", err)
	}
	if _, _, err := sealer(disk, "data", bytes.NewReader(make([]byte, 64))); !errors.Is(err, broken) {
		t.Errorf("store key: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read(string, int) ([]byte, fs.FileMode, error) { return nil, 0, f.err }
func (f failing) WriteAtomic(string, []byte, fs.FileMode) error { return f.err }

func FuzzMembership(f *testing.F) {
	b, _ := sampleMembership().encode()
	f.Add(b)
	f.Add([]byte(`{"format":"rpp-member-1","voters":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMembership(b)
		if err != nil {
			return
		}
		if again, err := m.encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is read, and written as %q", b, again)
		}
	})
}

func FuzzGossipKeys(f *testing.F) {
	f.Add(sampleGossipKeys().encode())
	f.Add([]byte(gossipKeysFormat + "\n0\n\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := decodeGossipKeys(b)
		if err != nil {
			return
		}
		if len(g.keys) == 0 || len(g.keys) > gossip.KeyCountMax || !bytes.Equal(g.encode(), b) {
			t.Errorf("%q is read, and written as %q", b, g.encode())
		}
	})
}
