package artifact

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rpp-node/store"
)

// A bit that flips in a table damages a block, and with it whatever has keys there. What is
// put again must be readable although the damaged block stays.
func TestDamagedBlockHeals(t *testing.T) {
	dir := t.TempDir()
	open := func() (*store.DB, *Store) {
		db, err := store.Open(store.Options{Dir: dir, Headroom: store.Headroom{MinFreeBytes: 1}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(db, Options{QuotaBytes: 1 << 40, Now: time.Now, Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		return db, s
	}
	db, s := open()
	all := map[Digest][]byte{}
	for range 30 {
		b := make([]byte, pieceBytes*5/2)
		rand.Read(b)
		d, err := s.Put(Proof, b)
		if err != nil {
			t.Fatal(err)
		}
		all[d] = b
	}
	if err := db.Pebble().Flush(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	for _, file := range tables {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, share := range []int{4, 2} { // in the data, not at the end, where a damaged table cannot be opened
			b[len(b)/share] ^= 1
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, s = open()
	defer db.Close()
	damaged := 0
	for d, b := range all {
		got, err := s.Get(d)
		if err == nil {
			if !bytes.Equal(got, b) {
				t.Fatalf("%v: other bytes", d)
			}
			continue
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
		damaged++
		if _, err := s.Put(Proof, b); err != nil {
			t.Fatalf("put again: %v", err)
		}
		if got, err := s.Get(d); err != nil || !bytes.Equal(got, b) {
			t.Errorf("put again, and read: %v", err)
		}
	}
	if damaged == 0 {
		t.Error("nothing was damaged")
	}
}
