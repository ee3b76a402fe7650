package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// chunk builds one chunk of a log, as Pebble writes it.
func chunk(num uint32, synced uint64, payload []byte) []byte {
	b := make([]byte, walHeaderBytes, walHeaderBytes+len(payload))
	binary.LittleEndian.PutUint16(b[4:], uint16(len(payload)))
	b[6] = walWhole
	binary.LittleEndian.PutUint32(b[7:], num)
	binary.LittleEndian.PutUint64(b[11:], synced)
	b = append(b, payload...)
	sum := crc32.Checksum(b[6:], castagnoli)
	binary.LittleEndian.PutUint32(b, (sum>>15|sum<<17)+0xa282ead8)
	return b
}

func batchPayload(seq uint64, count uint32, writes []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, seq)
	return append(binary.LittleEndian.AppendUint32(b, count), writes...)
}

func markPayload(next, synced uint64) []byte {
	m := syncMark(synced)
	return batchPayload(next, 0, append([]byte{walLogData, byte(len(m))}, m...))
}

func TestWALDamage(t *testing.T) {
	const num = 7
	first := chunk(num, 0, batchPayload(10, 1, []byte("first")))
	second := chunk(num, 0, batchPayload(11, 1, []byte("second")))
	mark := chunk(num, 0, markPayload(12, 11))
	promise := chunk(num, uint64(len(first)+len(second)), batchPayload(12, 1, []byte("third")))
	broken := bytes.Clone(second)
	broken[len(broken)-1] ^= 1
	longer := bytes.Clone(second)
	longer[4] ^= 0x80 // its length: the next chunk cannot be found by walking
	at := int64(len(first))
	pad := make([]byte, walBlockBytes)
	for name, c := range map[string]struct {
		parts [][]byte
		want  int64
	}{
		"empty":                            {nil, -1},
		"whole":                            {[][]byte{first, second, mark, promise}, -1},
		"torn at the end":                  {[][]byte{first, second, mark, promise[:30]}, -1},
		"torn after what was synced":       {[][]byte{first, broken}, -1},
		"damaged, then a mark":             {[][]byte{first, broken, mark}, at},
		"damaged, then a promise":          {[][]byte{first, broken, promise}, at},
		"length damaged, then a mark":      {[][]byte{first, longer, mark}, at},
		"damaged, then a mark of before":   {[][]byte{first, broken, chunk(num, 0, markPayload(11, 10))}, -1},
		"damaged, then a promise of less":  {[][]byte{first, broken, chunk(num, uint64(at), batchPayload(12, 1, nil))}, -1},
		"then the chunks of another log":   {[][]byte{first, broken, chunk(num-1, 1<<20, markPayload(99, 98))}, -1},
		"damaged, a mark in a later block": {[][]byte{first, broken, pad[len(first)+len(broken):], mark}, at},
		"zeroes":                           {[][]byte{first, pad}, -1},
		"zeroes, then a mark":              {[][]byte{first, pad[:100], mark}, at},
	} {
		got, err := walDamage(bytes.NewReader(bytes.Join(c.parts, nil)), num)
		if err != nil || got != c.want {
			t.Errorf("%s: damage at %d, %v; want %d", name, got, err, c.want)
		}
	}
}

// The reader of logs agrees with Pebble about what Pebble writes, over several blocks: each
// synced batch has a mark that names it, in the first log of a store, whose format is
// older, and in the next.
func TestWALMarks(t *testing.T) {
	fsys := vfs.NewMem()
	for _, wantKind := range []byte{walWhole - walShort, walWhole} {
		db := open(t, testOptions(fsys))
		for i := range 300 {
			b := db.NewBatch()
			b.Set(fmt.Appendf(nil, "k%d", i), []byte(strings.Repeat("v", i)))
			if err := b.Commit(i%3 != 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		name, num, err := newestWAL(fsys, "db")
		if err != nil {
			t.Fatal(err)
		}
		b, err := readSmall(fsys, "db/"+name, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if b[6] != wantKind {
			t.Errorf("%s begins with a chunk of type %d instead of %d", name, b[6], wantKind)
		}
		if batches, marks := countChunks(b, uint32(num)); batches < 300 || marks < 195 || marks > 200 { // one that a block cuts is not seen
			t.Errorf("%s: %d batches, %d marks", name, batches, marks)
		}
	}
}

// A flipped bit anywhere in the first log of a store: an error, or every key.
func TestFirstLogDamage(t *testing.T) {
	fsys := vfs.NewCrashableMem()
	db := open(t, testOptions(fsys))
	for i := range 20 {
		set(t, db, fmt.Sprintf("k%02d", i), "value")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	name, _, err := newestWAL(fsys, "db")
	if err != nil {
		t.Fatal(err)
	}
	info, err := fsys.Stat("db/" + name)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for off := int64(0); off < info.Size(); off += 5 {
		next := fsys.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
		f, err := next.OpenReadWrite("db/"+name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1)
		f.ReadAt(b, off)
		b[0] ^= 1 << (off % 8)
		f.WriteAt(b, off)
		f.Close()
		db, err := Open(testOptions(next))
		if err != nil {
			found++
			continue
		}
		n := 0
		if err := db.Scan([]byte("k"), []byte("l"), func(_, v []byte) error {
			if string(v) == "value" {
				n++
			}
			return nil
		}); err == nil && n != 20 {
			t.Errorf("byte %d of %d: %d keys", off, info.Size(), n)
		}
		db.Close()
	}
	if found == 0 {
		t.Error("no damage was found")
	}
}

func countChunks(log []byte, num uint32) (batches, marks int) {
	for len(log) > 0 {
		block := log[:min(len(log), walBlockBytes)]
		log = log[len(block):]
		for {
			c, ok := readWALChunk(block, num)
			if !ok {
				break
			}
			if c.kind <= walFirst && c.batch() > 0 {
				batches++
			}
			if c.mark() > 0 {
				marks++
			}
			block = block[c.bytes:]
		}
	}
	return batches, marks
}

func FuzzWALDamage(f *testing.F) {
	first := chunk(7, 0, batchPayload(10, 1, []byte("first")))
	f.Add(bytes.Join([][]byte{first, chunk(7, 0, markPayload(11, 10))}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		at, err := walDamage(bytes.NewReader(b), 7)
		if err != nil || at >= int64(len(b)) {
			t.Errorf("damage at %d of %d, %v", at, len(b), err)
		}
	})
}

func FuzzManifestSlot(f *testing.F) {
	f.Add(manifestSlot{num: 3, length: 100}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decodeManifestSlot(b)
		if ok && !bytes.Equal(s.encode(), b) {
			t.Errorf("%x reads as %+v", b, s)
		}
	})
}

// An older state of the MANIFEST is damage, even if it is whole.
func TestManifestCutShort(t *testing.T) {
	fsys := vfs.NewCrashableMem()
	db := open(t, testOptions(fsys))
	for i := range 3 {
		set(t, db, "k", fmt.Sprint(i))
		if err := db.pdb.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	desc, err := pebble.Peek("db", fsys)
	if err != nil {
		t.Fatal(err)
	}
	b, err := readSmall(fsys, desc.ManifestFilename, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create(desc.ManifestFilename, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b[:len(b)-1]); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := Open(testOptions(fsys)); !IsCorruption(err) {
		t.Errorf("open: %v", err)
	}
}
