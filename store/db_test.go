package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// testOptions are small, and in memory.
func testOptions(fsys vfs.FS) Options {
	return Options{FS: fsys, Dir: "db", CacheBytes: 1 << 20, MemTableBytes: 256 << 10, Headroom: Headroom{MinFreeBytes: 1}}
}

func open(t testing.TB, o Options) *DB {
	t.Helper()
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func set(t testing.TB, db *DB, key, value string) {
	t.Helper()
	b := db.NewBatch()
	b.Set([]byte(key), []byte(value))
	if err := b.Commit(true); err != nil {
		t.Fatal(err)
	}
}

func TestReopen(t *testing.T) {
	fsys := vfs.NewMem()
	db := open(t, testOptions(fsys))
	for i := range 100 {
		set(t, db, fmt.Sprintf("k%02d", i), fmt.Sprint(i))
	}
	b := db.NewBatch()
	b.Delete([]byte("k00"))
	b.DeleteRange([]byte("k90"), []byte("k99"))
	if err := b.Commit(false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := db.Get([]byte("k00")); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted key: %v", err)
		}
		v, err := db.Get([]byte("k42"))
		if err != nil || string(v) != "42" {
			t.Errorf("k42: %q, %v", v, err)
		}
		n := 0
		if err := db.Scan([]byte("k"), []byte("l"), func(_, _ []byte) error { n++; return nil }); err != nil || n != 90 {
			t.Errorf("%d keys, %v", n, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open(t, testOptions(fsys))
	}
	db.Close()
	if _, err := db.Get([]byte("k42")); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// The folders above a new store survive a power cut with it.
func TestNewFolderSurvives(t *testing.T) {
	fsys := vfs.NewCrashableMem()
	o := testOptions(fsys)
	o.Dir = "/var/lib/node/raft"
	db := open(t, o)
	defer db.Close()
	set(t, db, "k", "v")
	o.FS = fsys.CrashClone(vfs.CrashCloneCfg{})
	again := open(t, o)
	defer again.Close()
	if v, err := again.Get([]byte("k")); string(v) != "v" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}
