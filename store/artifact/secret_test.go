package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/blake3"
)

// grep says whether any file of the disk holds the bytes.
func grep(t *testing.T, fs vfs.FS, needle []byte) bool {
	t.Helper()
	names, err := fs.List("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := fs.Stat("data/" + name)
		if err == nil && !info.IsDir() && bytes.Contains(readFile(t, fs, "data/"+name), needle) {
			return true
		}
	}
	return false
}

// No file holds a witness in the clear, whether it lies in the log or in a table.
func TestWitnessIsNowhereOnTheDisk(t *testing.T) {
	canary := bytesOf(77, 64) // no compressor hides it
	witness := func(kind Kind) []byte {
		return bytes.Join([][]byte{bytesOf(uint64(kind), ChunkBytes+100), canary, bytesOf(78, 1000)}, nil)
	}
	for _, c := range []struct {
		kind Kind
		want bool
	}{{Witness, false}, {Other, true}} { // the second shows that grep finds what is there
		n := newNode(t)
		d := n.put(c.kind, witness(c.kind))
		small := n.put(c.kind, canary)
		w := n.writer(c.kind, append(witness(c.kind), 1))
		for i := range w.ChunkCount() { // out of order, and never completed
			i = w.ChunkCount() - 1 - i
			if err := w.WriteChunk(i, chunkOf(append(witness(c.kind), 1), i)); err != nil {
				t.Fatal(err)
			}
		}
		if got := grep(t, n.fs, canary); got != c.want {
			t.Errorf("%v: in the log: %v", c.kind, got)
		}
		if err := n.db.Pebble().Flush(); err != nil {
			t.Fatal(err)
		}
		if got := grep(t, n.fs, canary); got != c.want {
			t.Errorf("%v: in the tables: %v", c.kind, got)
		}
		n.expect(d, witness(c.kind))
		n.expect(small, canary)
	}
}

// Once a witness is collected, its wrapped key is in no table of the store.
func TestDroppedKeyIsShredded(t *testing.T) {
	n := newNode(t)
	d := n.put(Witness, bytesOf(1, 100))
	keys := n.values(tableDataKey)
	if err := n.db.Pebble().Flush(); err != nil {
		t.Fatal(err)
	}
	inTables := func() (found bool) {
		names, err := n.fs.List("data")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			found = found || strings.HasSuffix(name, ".sst") && bytes.Contains(readFile(t, n.fs, "data/"+name), keys[0].value)
		}
		return found
	}
	if len(keys) != 1 || !inTables() {
		t.Fatalf("%d keys; the test does not see them", len(keys))
	}
	n.now = start.Add(24 * time.Hour)
	p, err := n.Plan(n.now, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Execute(t.Context(), p, nothing); err != nil {
		t.Fatal(err)
	}
	n.expect(d, nil)
	// Pebble deletes obsolete tables in the background; closing waits for it.
	if err := n.db.Close(); err != nil {
		t.Fatal(err)
	}
	if inTables() {
		t.Error("the key is still there")
	}
	n.open()
}

// Without the store key, or with another, witnesses are neither read nor written nor
// taken for damaged; what is public is read.
func TestStoreKey(t *testing.T) {
	b := bytesOf(1, 100)
	n := newNode(t)
	d := n.put(Witness, b)
	public := n.put(Proof, bytesOf(2, 100))
	for name, sealer := range map[string]*Sealer{"none": nil, "another": testSealer(t, 99)} {
		n.opt.Sealer = sealer
		n.reopen()
		if _, err := n.Get(d); !errors.Is(err, ErrStoreKey) {
			t.Errorf("%s: %v", name, err)
		}
		if has, err := n.Has(d); !has || err != nil {
			t.Errorf("%s: has: %v, %v", name, has, err)
		}
		if _, err := n.Check(t.Context(), []Digest{d}); !errors.Is(err, ErrStoreKey) {
			t.Errorf("%s: check: %v", name, err)
		}
		n.expect(public, bytesOf(2, 100))
	}
	n.opt.Sealer = nil
	n.reopen()
	if _, err := n.Put(Witness, bytesOf(3, 100)); !errors.Is(err, ErrStoreKey) {
		t.Errorf("put: %v", err)
	}
	if _, err := n.NewWriter(Witness, d, 100); !errors.Is(err, ErrStoreKey) {
		t.Errorf("writer: %v", err)
	}
	if err := n.DropWitness(d); err != nil { // needs no key
		t.Error(err)
	}
	n.opt.Sealer = testSealer(t, 2)
	n.reopen()
	n.expect(d, nil)
}

func TestSealerDoesNotPrint(t *testing.T) {
	key := []byte("0123456789abcdefghijklmnopqrstuv")
	s, err := NewSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	n := newNode(t, func(o *Options) { o.Sealer = s })
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		fmt.Fprintf(&out, verb, s)
		fmt.Fprintf(&out, verb, *s)
		fmt.Fprintf(&out, verb, n.opt)
		fmt.Fprintf(&out, verb, struct{ S *Sealer }{s})
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("opened", "sealer", s, "value", *s)
	}
	encoded, err := json.Marshal(map[string]any{"sealer": s})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing was printed")
	}
	wrapKey := make([]byte, 32)
	blake3.DeriveKey("rpp-node store/artifact v1 wrap", key, wrapKey)
	for _, secret := range []string{
		string(key), fmt.Sprintf("%x", key), fmt.Sprint(key), string(wrapKey), fmt.Sprintf("%x", wrapKey),
		strings.Trim(fmt.Sprint(wrapKey), "[]"), fmt.Sprintf("%x", s.id[:]),
	} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q was printed", secret)
		}
	}
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := NewSealer(make([]byte, size)); err == nil || strings.Contains(err.Error(), "00") {
			t.Errorf("a store key of %d bytes: %v", size, err)
		}
	}
}

// A data key opens one instance's chunks, each in its place.
func TestSealedChunksDoNotMove(t *testing.T) {
	s := testSealer(t, 1)
	d := Digest{1}
	key, err := s.newDataKey(random(1), d, 7)
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("a chunk")
	open := func(wrapped []byte, d Digest, instance uint64, i, count int) error {
		k, err := s.unwrap(wrapped, d, instance)
		if err == nil {
			_, err = k.open(key.seal(plain, Digest{1}, 7, 2, 3), d, instance, i, count)
		}
		return err
	}
	if err := open(key.wrapped, d, 7, 2, 3); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"artifact": open(key.wrapped, Digest{2}, 7, 2, 3),
		"instance": open(key.wrapped, d, 8, 2, 3),
		"index":    open(key.wrapped, d, 7, 1, 3),
		"count":    open(key.wrapped, d, 7, 2, 4),
		"length":   open(key.wrapped[1:], d, 7, 2, 3),
	} {
		if err == nil {
			t.Errorf("another %s: opened", name)
		}
	}
	if _, err := s.newDataKey(bytes.NewReader(make([]byte, 10)), d, 7); err == nil {
		t.Error("a data key without randomness")
	}
}
