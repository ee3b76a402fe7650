package raftlog

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"rpp-node/store"
)

var rewrite = flag.Bool("golden.rewrite", false, "write the golden files anew")

// golden compares bytes with a file that is kept for good.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "v1", name)
	if *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n%x\nwant\n%x", name, got, want)
	}
}

func goldenEntry() *raft.Log {
	return &raft.Log{
		Index: 0x0102030405, Term: 7, Type: raft.LogBarrier, Data: []byte("data"), Extensions: []byte("ext"),
		AppendedAt: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC),
	}
}

func goldenRecord() record {
	r := record{seq: 9, meta: raft.SnapshotMeta{
		Version: 1, Index: 500, Term: 6, Configuration: testConfiguration(), ConfigurationIndex: 3, Size: 1<<20 + 5,
	}}
	r.meta.ID = snapshotID(6, 500, 9)
	for i := range r.digest {
		r.digest[i] = byte(i)
	}
	return r
}

func TestGolden(t *testing.T) {
	b, err := appendEntry(nil, goldenEntry())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "entry", b)
	var e raft.Log
	if err := decodeEntry(b, goldenEntry().Index, &e); err != nil || !equalEntry(&e, goldenEntry()) {
		t.Errorf("%+v, %v", e, err)
	}
	if b, err = appendEntry(nil, &raft.Log{Index: 1}); err != nil {
		t.Fatal(err)
	}
	golden(t, "entry-empty", b)
	if err := decodeEntry(b, 1, &e); err != nil || !e.AppendedAt.IsZero() || e.Data != nil {
		t.Errorf("%+v, %v", e, err)
	}
	b = encodeStable([]byte(keyVoteCand), []byte("n1"))
	golden(t, "stable", b)
	if v, err := decodeStable([]byte(keyVoteCand), b); string(v) != "n1" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := decodeStable([]byte(keyVoteTerm), b); !store.IsCorruption(err) {
		t.Errorf("a value under another name: %v", err)
	}
	b = goldenRecord().encode()
	golden(t, "snapshot", b)
	r, err := decodeRecord(b, 9)
	if err != nil || r.meta.ID != "6-500-9" || !bytes.Equal(r.encode(), b) {
		t.Errorf("%+v, %v", r, err)
	}
}

// Every single bit of every encoding counts.
func TestEveryBit(t *testing.T) {
	e, _ := appendEntry(nil, goldenEntry())
	for name, c := range map[string]struct {
		bytes  []byte
		decode func([]byte) error
	}{
		"entry":  {e, func(b []byte) error { return decodeEntry(b, goldenEntry().Index, new(raft.Log)) }},
		"stable": {encodeStable([]byte("k"), []byte("value")), func(b []byte) error { _, err := decodeStable([]byte("k"), b); return err }},
		"record": {goldenRecord().encode(), func(b []byte) error { _, err := decodeRecord(b, 9); return err }},
	} {
		if err := c.decode(c.bytes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i := range len(c.bytes) * 8 {
			b := bytes.Clone(c.bytes)
			b[i/8] ^= 1 << (i % 8)
			if err := c.decode(b); !store.IsCorruption(err) {
				t.Errorf("%s, bit %d: %v", name, i, err)
			}
		}
		for n := range c.bytes {
			if err := c.decode(c.bytes[:n]); !store.IsCorruption(err) {
				t.Errorf("%s, %d bytes: %v", name, n, err)
			}
		}
	}
}

// Values of a later version are told from damage.
func TestLaterVersion(t *testing.T) {
	seal := func(name, b []byte) []byte {
		b = bytes.Clone(b[:len(b)-checksumBytes])
		b[0] = 2
		sum := checksum(name, b)
		return append(b, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
	}
	e, _ := appendEntry(nil, goldenEntry())
	if err := decodeEntry(seal(nil, e), goldenEntry().Index, new(raft.Log)); !errors.Is(err, store.ErrVersion) {
		t.Errorf("entry: %v", err)
	}
	if _, err := decodeStable([]byte("k"), seal([]byte("k"), encodeStable([]byte("k"), nil))); !errors.Is(err, store.ErrVersion) {
		t.Errorf("stable: %v", err)
	}
	if _, err := decodeRecord(seal(nil, goldenRecord().encode()), 9); !errors.Is(err, store.ErrVersion) {
		t.Errorf("record: %v", err)
	}
}

// sealed gives fuzzed bytes a valid checksum, so that what is behind it is reached.
func sealed(name, b []byte) []byte {
	sum := checksum(name, b)
	return append(bytes.Clone(b), byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
}

func FuzzEntry(f *testing.F) {
	e, _ := appendEntry(nil, goldenEntry())
	f.Add(e[:len(e)-checksumBytes])
	f.Fuzz(func(t *testing.T, b []byte) {
		b = sealed(nil, b)
		var l raft.Log
		if err := decodeEntry(b, goldenEntry().Index, &l); err != nil {
			return
		}
		again, err := appendEntry(nil, &l)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x reads as %+v, which writes as %x, %v", b, l, again, err)
		}
	})
}

func FuzzStable(f *testing.F) {
	f.Add([]byte{stableVersion, 0, 0, 0, 'v'})
	f.Fuzz(func(t *testing.T, b []byte) {
		b = sealed([]byte("k"), b)
		v, err := decodeStable([]byte("k"), b)
		if err == nil && !bytes.Equal(encodeStable([]byte("k"), v), b) {
			t.Errorf("%x reads as %q", b, v)
		}
	})
}

func FuzzRecord(f *testing.F) {
	b := goldenRecord().encode()
	f.Add(b[:len(b)-checksumBytes])
	f.Fuzz(func(t *testing.T, b []byte) {
		b = sealed(nil, b)
		r, err := decodeRecord(b, 9)
		if err == nil && !bytes.Equal(r.encode(), b) {
			t.Errorf("%x reads as %+v, which writes as %x", b, r, r.encode())
		}
	})
}
