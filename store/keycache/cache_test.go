package keycache

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/blake3"
	"pgregory.net/rapid"

	"rpp-node/store"
	"rpp-node/store/artifact"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// node is a cache with its surroundings in the hands of a test.
type node struct {
	*Cache
	t   testing.TB
	fs  *vfs.MemFS
	db  *store.DB
	now time.Time
}

func openNode(t testing.TB) *node {
	t.Helper()
	n := &node{t: t, fs: vfs.NewCrashableMem(), now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	n.open()
	return n
}

func newNode(t testing.TB) *node {
	t.Helper()
	n := openNode(t)
	t.Cleanup(func() { _ = n.db.Close() })
	return n
}

func (n *node) open() {
	n.t.Helper()
	var blobs *artifact.Store
	db, err := store.Open(store.Options{FS: n.fs, Dir: "data", CacheBytes: 1 << 20, MemTableBytes: 1 << 20})
	n.db = db
	if err == nil {
		blobs, err = artifact.New(db, artifact.Options{QuotaBytes: 1 << 30, Now: func() time.Time { return n.now }})
	}
	if err == nil {
		n.Cache, err = New(db, blobs)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) crash(rng *rand.Rand) {
	n.t.Helper()
	image := n.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	_ = n.db.Close()
	n.fs = image
	n.open()
}

func keyBytes(seed uint64, size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8(blake3.Sum256(fmt.Append(nil, seed))).Read(b)
	return b
}

func sampleEntry(i int, k Kind) Entry {
	return Entry{
		Name:        Name{"pruning", fmt.Sprintf("block-%d", i), "production", "poseidon2", k},
		Fingerprint: Fingerprint{byte(i), 0xf},
	}
}

func (n *node) put(e Entry, blob []byte) Entry {
	n.t.Helper()
	e, err := n.Put(e, blob)
	if err != nil {
		n.t.Fatal(err)
	}
	return e
}

// expect checks that a key is found in every way, or in none.
func (n *node) expect(e Entry, blob []byte) {
	n.t.Helper()
	byName, err1 := n.Lookup(e.Name)
	byPrint, err2 := n.ByFingerprint(e.Fingerprint, e.Kind)
	if blob == nil {
		if !errors.Is(err1, ErrNotFound) || !errors.Is(err2, ErrNotFound) {
			n.t.Errorf("%v: %v, %v, want ErrNotFound", e.Name, err1, err2)
		}
		return
	}
	if err1 != nil || err2 != nil || byName != e || byPrint != e {
		n.t.Errorf("%v: %+v, %v; %+v, %v", e.Name, byName, err1, byPrint, err2)
		return
	}
	if got, err := n.Get(e); err != nil || !bytes.Equal(got, blob) {
		n.t.Errorf("%v: %d bytes, %v", e.Name, len(got), err)
	}
}

func TestPutAndFind(t *testing.T) {
	n := newNode(t)
	a := n.put(sampleEntry(1, Verifying), keyBytes(1, 500))
	b := n.put(sampleEntry(1, Proving), keyBytes(2, 3<<20))
	for range 2 {
		n.expect(a, keyBytes(1, 500))
		n.expect(b, keyBytes(2, 3<<20))
		n.expect(sampleEntry(2, Proving), nil)
		if list, err := n.List(); err != nil || len(list) != 2 || list[0] != a || list[1] != b {
			t.Errorf("%v, %v", list, err)
		}
		if blobs, err := n.Blobs(); err != nil || len(blobs) != 2 || !blobs[a.Blob] || !blobs[b.Blob] {
			t.Errorf("%v, %v", blobs, err)
		}
		if err := n.db.Close(); err != nil {
			t.Fatal(err)
		}
		n.open()
	}
	if err := n.Delete(a.Name); err != nil {
		t.Fatal(err)
	}
	n.expect(a, nil)
	if err := n.Delete(a.Name); err != nil {
		t.Errorf("twice: %v", err)
	}
	if has, err := n.blobs.Has(a.Blob); !has || err != nil {
		t.Errorf("the artifact: %v, %v", has, err)
	}
}

// A name that gets another key loses the one before, under its fingerprint too.
func TestRotation(t *testing.T) {
	n := newNode(t)
	old := n.put(sampleEntry(1, Proving), keyBytes(1, 100))
	next := sampleEntry(1, Proving)
	next.Fingerprint = Fingerprint{0xee}
	next = n.put(next, keyBytes(2, 100))
	n.expect(next, keyBytes(2, 100))
	if _, err := n.ByFingerprint(old.Fingerprint, Proving); !errors.Is(err, ErrNotFound) {
		t.Errorf("the key before: %v", err)
	}
	if len(n.index(t)) != 2 {
		t.Errorf("index: %q", n.index(t))
	}
}

// index is every key of the index's tables.
func (n *node) index(t testing.TB) (out []string) {
	lower, upper := store.KeyspaceBounds(store.KeyspaceKeyCache)
	if err := n.db.Scan(lower, upper, func(k, _ []byte) error { out = append(out, string(k)); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// A pulled artifact gets its entry by Add, which is refused for what is not there or is
// something else.
func TestAdd(t *testing.T) {
	n := newNode(t)
	blob := keyBytes(1, artifact.ChunkBytes+1)
	e := sampleEntry(1, Proving)
	e.Blob, e.SizeBytes = blake3.Sum256(blob), int64(len(blob))
	if err := n.Add(e); !errors.Is(err, artifact.ErrNotFound) {
		t.Errorf("nothing there: %v", err)
	}
	w, err := n.blobs.NewWriter(artifact.Key, e.Blob, e.SizeBytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteChunk(0, blob[:artifact.ChunkBytes]); err != nil {
		t.Fatal(err)
	}
	if err := n.Add(e); !errors.Is(err, artifact.ErrNotFound) {
		t.Errorf("incomplete: %v", err)
	}
	n.expect(e, nil)
	if err := w.WriteChunk(1, blob[artifact.ChunkBytes:]); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	other := e
	other.SizeBytes--
	if err := n.Add(other); !errors.Is(err, ErrEntry) {
		t.Errorf("another size: %v", err)
	}
	for range 2 {
		if err := n.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	n.expect(e, blob)
	if got := n.index(t); len(got) != 2 {
		t.Errorf("index: %q", got)
	}
}

func TestRefusedNames(t *testing.T) {
	n := newNode(t)
	for name, change := range map[string]func(*Entry){
		"empty":   func(e *Entry) { e.Family = "" },
		"long":    func(e *Entry) { e.Variant = strings.Repeat("x", MaxPartBytes+1) },
		"slash":   func(e *Entry) { e.Profile = "a/b" },
		"zero":    func(e *Entry) { e.Hash = "a\x00b" },
		"capital": func(e *Entry) { e.Family = "Pruning" },
		"kind 0":  func(e *Entry) { e.Kind = 0 },
		"kind 3":  func(e *Entry) { e.Kind = 3 },
	} {
		e := sampleEntry(1, Verifying)
		change(&e)
		_, err1 := n.Put(e, []byte("x"))
		_, err2 := n.Lookup(e.Name)
		for _, err := range []error{err1, err2, n.Add(e), n.Delete(e.Name)} {
			if !errors.Is(err, ErrName) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := n.Put(sampleEntry(1, Verifying), nil); !errors.Is(err, artifact.ErrEmpty) {
		t.Errorf("%v", err)
	}
}

func TestEntryLimit(t *testing.T) {
	n := newNode(t)
	first := n.put(sampleEntry(0, Proving), []byte("a key"))
	<-n.changing
	n.changing <- MaxEntryCount
	if _, err := n.Put(sampleEntry(1, Proving), []byte("a key")); !errors.Is(err, ErrTooMany) {
		t.Errorf("%v", err)
	}
	n.put(first, []byte("another key")) // replaces
	if err := n.Delete(first.Name); err != nil {
		t.Fatal(err)
	}
	n.put(sampleEntry(1, Proving), []byte("a key"))
}

// A damaged blob is ErrCorrupt once, then not found, and can be put again. So is a damaged
// entry. A blob that was collected is not found.
func TestDamage(t *testing.T) {
	blob := keyBytes(1, 50000)
	change := func(n *node, key []byte, f func([]byte) []byte) {
		v, err := n.db.Get(key)
		if err != nil {
			t.Fatal(err)
		}
		batch := n.db.NewBatch()
		batch.Set(key, f(v))
		if err := batch.Commit(false); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 8; return b }
	for name, c := range map[string]struct {
		spoil func(n *node, e Entry)
		read  func(n *node, e Entry) error
	}{
		"blob": {func(n *node, _ Entry) {
			lower, upper := store.KeyspaceBounds(store.KeyspaceArtifactData)
			var at []byte
			if err := n.db.Scan(lower, upper, func(k, _ []byte) error { at = bytes.Clone(k); return nil }); err != nil {
				t.Fatal(err)
			}
			change(n, at, flip)
		}, func(n *node, e Entry) error { _, err := n.Get(e); return err }},
		"record": {func(n *node, e Entry) {
			change(n, append([]byte("ar"), e.Blob[:]...), flip)
		}, func(n *node, e Entry) error { _, err := n.Lookup(e.Name); return err }},
		"entry": {func(n *node, e Entry) { change(n, e.Name.key(), flip) },
			func(n *node, e Entry) error { _, err := n.Lookup(e.Name); return err }},
		"entry, by fingerprint": {func(n *node, e Entry) { change(n, e.Name.key(), flip) },
			func(n *node, e Entry) error { _, err := n.ByFingerprint(e.Fingerprint, e.Kind); return err }},
		"entry, other size": {func(n *node, e Entry) {
			change(n, e.Name.key(), func([]byte) []byte { e.SizeBytes++; return e.encode() })
		}, func(n *node, e Entry) error { _, err := n.Lookup(e.Name); return err }},
	} {
		n := newNode(t)
		e := n.put(sampleEntry(1, Proving), blob)
		c.spoil(n, e)
		if err := c.read(n, e); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		n.expect(e, nil)
		n.put(sampleEntry(1, Proving), blob)
		n.expect(e, blob)
	}
	n := newNode(t)
	e := n.put(sampleEntry(1, Proving), blob)
	n.now = n.now.Add(24 * time.Hour)
	none := func(artifact.Digest) bool { return false }
	p, err := n.blobs.Plan(n.now, none)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.blobs.Execute(context.Background(), p, none); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Get(e); !errors.Is(err, ErrNotFound) {
		t.Errorf("collected: %v", err)
	}
	if got := n.index(t); len(got) != 0 {
		t.Errorf("index: %q", got)
	}
}

// An entry that was replaced meanwhile is not deleted for its predecessor's sake.
func TestSettleLooksAgain(t *testing.T) {
	n := newNode(t)
	old := n.put(sampleEntry(1, Proving), keyBytes(1, 100))
	next := n.put(sampleEntry(1, Proving), keyBytes(2, 100))
	if err := n.settle(old, artifact.ErrNotFound); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	n.expect(next, keyBytes(2, 100))
}

func TestConcurrent(t *testing.T) {
	n := newNode(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for k := range 10 {
				if _, err := n.Put(sampleEntry(k%3, Proving), keyBytes(uint64(k%3), 100)); err != nil {
					t.Error(err)
				}
				if i == 0 {
					if err := n.Delete(sampleEntry(k%3, Proving).Name); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	list, err := n.List()
	if got := len(n.index(t)); err != nil || got != 2*len(list) {
		t.Errorf("%d keys of the index for %d entries, %v", got, len(list), err)
	}
	if count := <-n.changing; count != len(list) {
		t.Errorf("counted %d, there are %d", count, len(list))
	}
}

// Against a model, on a disk that loses its power after any operation.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := openNode(t)
		defer func() { _ = n.db.Close() }()
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		model := map[Name]Entry{}
		entry := func(t *rapid.T) Entry {
			e := sampleEntry(rapid.IntRange(0, 3).Draw(t, "name"), Kind(rapid.IntRange(1, 2).Draw(t, "kind")))
			e.Fingerprint[1] = byte(rapid.IntRange(0, 1).Draw(t, "fingerprint"))
			return e
		}
		blob := func(e Entry) []byte { return keyBytes(uint64(e.Fingerprint[0])*2+uint64(e.Fingerprint[1]), 1000) }
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				e := entry(t)
				e, err := n.Put(e, blob(e))
				if err != nil {
					t.Fatal(err)
				}
				model[e.Name] = e
			},
			"delete": func(t *rapid.T) {
				e := entry(t)
				if err := n.Delete(e.Name); err != nil {
					t.Fatal(err)
				}
				delete(model, e.Name)
			},
			"crash": func(*rapid.T) { n.crash(rng) },
			"get": func(t *rapid.T) {
				e := entry(t)
				want, there := model[e.Name]
				there = there && want.Fingerprint == e.Fingerprint
				got, err := n.ByFingerprint(e.Fingerprint, e.Kind)
				if there != (err == nil) || there && got != want || err != nil && !errors.Is(err, ErrNotFound) {
					t.Fatalf("%v: %+v, %v, want %+v, %v", e, got, err, want, there)
				}
				if there {
					if b, err := n.Get(got); err != nil || !bytes.Equal(b, blob(e)) {
						t.Fatalf("%d bytes, %v", len(b), err)
					}
				}
			},
			"": func(t *rapid.T) {
				list, err := n.List()
				if err != nil || len(list) != len(model) {
					t.Fatalf("%d entries, %v, want %d", len(list), err, len(model))
				}
				for _, e := range list {
					if model[e.Name] != e {
						t.Fatalf("%+v, want %+v", e, model[e.Name])
					}
				}
			},
		})
	})
}

// The golden file of version 1 is read for good, and is what is written today.
func TestGolden(t *testing.T) {
	e := sampleEntry(16, Proving)
	e.Blob, e.SizeBytes = artifact.Digest{7}, 123456
	got := append(append(append([]byte{}, e.Name.key()...), e.fingerprintKey()...), e.encode()...)
	file := filepath.Join("testdata", "entry.v1.bin")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	value := want[len(want)-entryBytes:]
	if back, err := decodeEntry(e.Name, value); err != nil || back != e {
		t.Errorf("%+v, %v", back, err)
	}
	if n, err := parseName(e.Name.key()[len(tableName):]); err != nil || n != e.Name {
		t.Errorf("%+v, %v", n, err)
	}
	for i := range value {
		bad := bytes.Clone(value)
		bad[i] ^= 1
		if _, err := decodeEntry(e.Name, bad); err == nil {
			t.Errorf("byte %d changed: accepted", i)
		}
	}
	other := e.Name
	other.Kind = Verifying
	if _, err := decodeEntry(other, value); err == nil {
		t.Error("the entry of another name is accepted")
	}
}

func FuzzEntry(f *testing.F) {
	e := sampleEntry(16, Proving)
	e.Blob, e.SizeBytes = artifact.Digest{7}, 123456
	f.Add(e.encode(), e.Name.key()[len(tableName):])
	f.Fuzz(func(t *testing.T, b, name []byte) {
		n, err := parseName(name)
		if err != nil {
			return
		}
		if !bytes.Equal(n.key()[len(tableName):], name) {
			t.Errorf("%q reads as %v", name, n)
		}
		if len(b) >= 32 { // with a fresh checksum, which the fuzzer would never find
			body := b[:len(b)-32]
			sum := blake3.Sum256(append(n.key(), body...))
			b = append(bytes.Clone(body), sum[:]...)
		}
		if e, err := decodeEntry(n, b); err == nil && !bytes.Equal(e.encode(), b) {
			t.Errorf("%x decodes, but encodes to %x", b, e.encode())
		}
	})
}
