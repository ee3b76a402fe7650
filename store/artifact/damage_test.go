package artifact

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// value is a key and what stands under it.
type value struct{ key, value []byte }

// values are those of the tables that a read depends on.
func (n *node) values(tables ...table) (out []value) {
	n.t.Helper()
	for _, tab := range tables {
		lower, upper := tab.bounds()
		err := n.db.Scan(lower, upper, func(k, v []byte) error {
			out = append(out, value{bytes.Clone(k), bytes.Clone(v)})
			return nil
		})
		if err != nil {
			n.t.Fatal(err)
		}
	}
	return out
}

func (n *node) overwrite(key, value []byte) {
	n.t.Helper()
	batch := n.db.NewBatch()
	if value == nil {
		batch.Delete(key)
	} else {
		batch.Set(key, value)
	}
	if err := batch.Commit(false); err != nil {
		n.t.Fatal(err)
	}
}

// checkHeals: what is damaged is never served, is found damaged once, and can be put
// again, by Put or by a writer.
func (n *node) checkHeals(kind Kind, b []byte, how string) {
	n.t.Helper()
	d := Digest(blake3.Sum256(b))
	if got, err := n.Get(d); !errors.Is(err, ErrCorrupt) || got != nil {
		n.t.Errorf("%s: %d bytes, %v", how, len(got), err)
	}
	n.expect(d, nil)
	n.put(kind, b)
	n.expect(d, b)
}

func TestFlippedBitIsNeverServed(t *testing.T) {
	flips := 20
	switch {
	case *thorough:
		flips = 500
	case testing.Short():
		flips = 8
	}
	for _, kind := range []Kind{Witness, Proof} {
		for _, size := range []int{40, 2*ChunkBytes + 100} {
			rng := rand.New(rand.NewPCG(uint64(size), uint64(kind)))
			n := newNode(t)
			b := bytesOf(1, size)
			d := n.put(kind, b)
			for range flips {
				all := n.values(tableRecord, tableDataKey, tableChunk)
				v := all[rng.IntN(len(all))]
				at := rng.IntN(len(v.value))
				bad := bytes.Clone(v.value)
				bad[at] ^= 1 << rng.IntN(8)
				n.overwrite(v.key, bad)
				n.checkHeals(kind, b, "flip")
				n.collectAll()
				if got := n.tableSizes(); got[tableAside] != 0 || got[tableChunk] != pieceCount(kind, size) || got[tableRecord] != 1 {
					t.Fatalf("after collection: %v", got)
				}
				n.expect(d, b)
			}
		}
	}
}

// Every bit of every value of a small artifact.
func TestEveryFlip(t *testing.T) {
	stride := 7 // bits of every value; 8 would always flip the same one
	if *thorough {
		stride = 1
	}
	for _, kind := range []Kind{Witness, Key} {
		n := newNode(t)
		d := n.put(kind, bytesOf(1, 50))
		all := n.values(tableRecord, tableDataKey, tableChunk)
		for _, v := range all {
			for bit := 0; bit < 8*len(v.value); bit += stride {
				bad := bytes.Clone(v.value)
				bad[bit/8] ^= 1 << (bit % 8)
				n.overwrite(v.key, bad)
				if got, err := n.Get(d); !errors.Is(err, ErrCorrupt) || got != nil {
					t.Fatalf("%x: bit %d: %x, %v", v.key, bit, got, err)
				}
				for _, good := range all {
					n.overwrite(good.key, good.value)
				}
			}
		}
	}
}

// A value that is gone, of another length, or of another artifact, is damage too.
func TestOtherDamage(t *testing.T) {
	for _, kind := range []Kind{Witness, Proof} {
		// Three pieces in one chunk: record, data key if any, pieces.
		b, c := bytesOf(1, 2*pieceBytes+50), bytesOf(2, 2*pieceBytes+50)
		for name, spoil := range map[string]func(v value, others []value, i int) []byte{
			"gone":    func(value, []value, int) []byte { return nil },
			"cut":     func(v value, _ []value, _ int) []byte { return v.value[:len(v.value)-1] },
			"longer":  func(v value, _ []value, _ int) []byte { return append(bytes.Clone(v.value), 0) },
			"empty":   func(value, []value, int) []byte { return []byte{} },
			"another": func(_ value, others []value, i int) []byte { return others[i].value },
		} {
			for i := range 5 {
				other := newNode(t)
				other.put(kind, c)
				others := other.values(tableRecord, tableDataKey, tableChunk)
				n := newNode(t)
				n.put(kind, b)
				all := n.values(tableRecord, tableDataKey, tableChunk)
				if i >= len(all) || name == "gone" && i == 0 {
					continue // without a record there is no artifact
				}
				n.overwrite(all[i].key, spoil(all[i], others, i))
				n.checkHeals(kind, b, name)
			}
		}
	}
}

// Reading a chunk, checking and describing set aside as reading the whole does.
func TestEveryReadSetsAside(t *testing.T) {
	b := bytesOf(1, 3*ChunkBytes)
	for name, read := range map[string]func(n *node, d Digest) error{
		"chunk": func(n *node, d Digest) error { _, _, _, err := n.ReadChunk(d, 1); return err },
		"check": func(n *node, d Digest) error {
			got, err := n.Check(t.Context(), []Digest{d})
			if len(got.Corrupt) != 1 || got.Corrupt[0] != d || err != nil {
				return err
			}
			return ErrCorrupt
		},
	} {
		n := newNode(t)
		d := n.put(Key, b)
		all := n.values(tableChunk)
		bad := bytes.Clone(all[ChunkBytes/pieceBytes].value)
		bad[5] ^= 4
		n.overwrite(all[ChunkBytes/pieceBytes].key, bad)
		if data, _, _, err := n.ReadChunk(d, 0); err != nil || !bytes.Equal(data, b[:ChunkBytes]) {
			t.Errorf("%s: a sound chunk: %v", name, err)
		}
		if err := read(n, d); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		n.expect(d, nil)
		if got := n.tableSizes(); got[tableAside] != 1 || got[tableChunk] != pieceCount(Key, len(b)) {
			t.Errorf("%s: evidence: %v", name, got)
		}
	}
}

// The whole is checked even where every chunk is what its record says.
func TestRecordOfOtherChunks(t *testing.T) {
	n := newNode(t)
	b := bytesOf(1, 2*ChunkBytes)
	d := n.put(Proof, b)
	r, err := n.record(d)
	if err != nil {
		t.Fatal(err)
	}
	other := bytesOf(2, ChunkBytes)
	r.chunks[1] = blake3.Sum256(other)
	n.overwrite(tableRecord.key(d), r.encode(d))
	batch := n.db.NewBatch()
	setChunk(batch, d, r.instance, 1, other)
	if err := batch.Commit(false); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := n.ReadChunk(d, 1); err != nil {
		t.Fatalf("the chunk is what the record says: %v", err)
	}
	got, err := n.Check(t.Context(), []Digest{d})
	if len(got.Corrupt) != 1 || err != nil {
		t.Errorf("check: %+v, %v", got, err)
	}
	n.put(Proof, b)
	n.expect(d, b)
}

// A record of another release is left alone.
func TestOtherVersion(t *testing.T) {
	n := newNode(t)
	d := n.put(Proof, bytesOf(1, 50))
	v := n.values(tableRecord)[0]
	next := bytes.Clone(v.value[:len(v.value)-32])
	next[0] = recordVersion + 1
	n.overwrite(v.key, seal(next, d))
	if _, err := n.Get(d); !errors.Is(err, ErrVersion) || errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
	if got := n.tableSizes(); got[tableRecord] != 1 || got[tableAside] != 0 {
		t.Errorf("%v", got)
	}
	if _, err := New(n.db, n.opt); !errors.Is(err, ErrVersion) {
		t.Errorf("opening: %v", err)
	}
}

// A bit that flips in the files below is an error or does no harm; it is never served.
func TestFlippedBitInFiles(t *testing.T) {
	rounds := 12
	switch {
	case *thorough:
		rounds = 400
	case testing.Short():
		rounds = 8
	}
	n := newNode(t)
	want := map[Digest][]byte{}
	for i, size := range []int{10, 3000, ChunkBytes, 2*ChunkBytes + 1} {
		for kind := Witness; kind <= Key; kind++ {
			b := bytesOf(uint64(10*i)+uint64(kind), size)
			want[n.put(kind, b)] = b
		}
	}
	if err := n.db.Pebble().Flush(); err != nil {
		t.Fatal(err)
	}
	if err := n.db.Close(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	refused, corrupt := 0, 0
	for range rounds {
		image := n.fs.CrashClone(vfs.CrashCloneCfg{})
		flipBit(t, image, rng)
		db, err := store.Open(testOptions(image))
		if err != nil {
			refused++
			continue
		}
		s, err := New(db, n.opt)
		if err != nil {
			refused++
			_ = db.Close()
			continue
		}
		for d, b := range want {
			switch got, err := s.Get(d); {
			case errors.Is(err, ErrCorrupt):
				corrupt++
			case err != nil:
				t.Errorf("%v", err)
			case !bytes.Equal(got, b):
				t.Fatal("a damaged artifact was served")
			}
		}
		_ = db.Close()
	}
	if corrupt == 0 {
		t.Error("no flip hit an artifact")
	}
	t.Logf("%d flips: %d stores refused, %d artifacts damaged", rounds, refused, corrupt)
}

// flipBit flips one bit in one of the files of the store.
func flipBit(t *testing.T, fs *vfs.MemFS, rng *rand.Rand) {
	t.Helper()
	names, err := fs.List("data")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, name := range names {
		info, err := fs.Stat("data/" + name)
		if err == nil && !info.IsDir() && info.Size() > 0 {
			files = append(files, name)
		}
	}
	// Tables hold nearly everything: most flips hit one.
	if rng.IntN(4) > 0 {
		tables := files[:0:0]
		for _, name := range files {
			if len(name) > 4 && name[len(name)-4:] == ".sst" {
				tables = append(tables, name)
			}
		}
		files = tables
	}
	name := "data/" + files[rng.IntN(len(files))]
	b := readFile(t, fs, name)
	b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
