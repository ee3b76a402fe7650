package raftlog

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"rpp-node/store"
)

var flipsPerFile = flag.Int("flips.perfile", 24, "bits flipped in each file of the images")

const imageLast = 220

// buildImage leaves tables, a MANIFEST with several edits, and a log with synced records.
func buildImage(t *testing.T, fsys vfs.FS) (*store.DB, []byte) {
	db, l := openLog(t, fsys)
	snapshot := bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7}, 20_000)
	index := uint64(1)
	for round := range 4 {
		for range 10 {
			if err := l.StoreLogs(entries(index, index+4, 3)); err != nil {
				t.Fatal(err)
			}
			index += 5
		}
		if round == 1 {
			writeSnapshot(t, l, 60, 3, snapshot)
			if err := l.DeleteRange(1, 40); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Pebble().Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for ; index <= imageLast; index++ {
		if err := l.StoreLog(entry(index, 3)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(l.SetUint64([]byte(keyCurrentTerm), 4), l.SetUint64([]byte(keyVoteTerm), 4), l.Set([]byte(keyVoteCand), []byte("n2"))); err != nil {
		t.Fatal(err)
	}
	return db, snapshot
}

// readImage reads everything that the image was given. Any error is fine; other data is not.
func readImage(fsys vfs.FS, snapshot []byte) (wrong string, err error) {
	db, err := store.Open(store.Options{FS: fsys, Dir: "raft", CacheBytes: 1 << 20, MemTableBytes: 256 << 10, StopOnCorruption: true})
	if err != nil {
		return "", err
	}
	defer db.Close()
	l, err := Open(db)
	if err != nil {
		return "", err
	}
	first, _ := l.FirstIndex()
	last, _ := l.LastIndex()
	if first != 41 || last != imageLast {
		return fmt.Sprintf("log is %d to %d", first, last), nil
	}
	for i := first; i <= last; i++ {
		var e raft.Log
		if err := l.GetLog(i, &e); err != nil {
			return "", err
		}
		if !equalEntry(&e, entry(i, 3)) {
			return fmt.Sprintf("entry %d: %+v", i, e), nil
		}
	}
	term, err := l.GetUint64([]byte(keyVoteTerm))
	if err != nil {
		return "", err
	}
	current, err := l.GetUint64([]byte(keyCurrentTerm))
	if err != nil {
		return "", err
	}
	cand, err := l.Get([]byte(keyVoteCand))
	if err != nil {
		return "", err
	}
	if term != 4 || current != 4 || string(cand) != "n2" {
		return fmt.Sprintf("term %d, vote %d for %q", current, term, cand), nil
	}
	metas, err := l.List()
	if err != nil {
		return "", err
	}
	if len(metas) != 1 {
		return fmt.Sprintf("%d snapshots", len(metas)), nil
	}
	_, r, err := l.snapshots.Open(metas[0].ID)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(data, snapshot) {
		return "snapshot", nil
	}
	return "", err
}

// clone copies a file system as it is now, synced or not.
func clone(fsys *vfs.MemFS) *vfs.MemFS {
	return fsys.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

func fileSize(t *testing.T, fsys vfs.FS, name string) int64 {
	info, err := fsys.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func flip(t *testing.T, fsys vfs.FS, name string, off int64, bit int) {
	f, err := fsys.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << bit
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

// kind groups the files of a store.
func kind(name string) string {
	for _, ext := range []string{".sst", ".log"} {
		if path.Ext(name) == ext {
			return ext[1:]
		}
	}
	if base, _, ok := strings.Cut(name, "-0"); ok {
		return base
	}
	return name
}

// One flipped bit, in any file, of a store that was closed and of one whose process was
// killed: an error, or what was written.
func TestBitFlip(t *testing.T) {
	perFile := *flipsPerFile
	if testing.Short() {
		perFile = min(perFile, 4)
	}
	closed, killed := vfs.NewCrashableMem(), vfs.NewCrashableMem()
	db, snapshot := buildImage(t, closed)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, _ = buildImage(t, killed)
	defer db.Close()
	time.Sleep(20 * time.Millisecond) // what was written without a sync reaches the kernel
	for _, image := range []struct {
		name string
		fs   *vfs.MemFS
	}{{"closed", closed}, {"killed", clone(killed)}} {
		if wrong, err := readImage(clone(image.fs), snapshot); wrong != "" || err != nil {
			t.Fatalf("%s: before any damage: %s, %v", image.name, wrong, err)
		}
		names, err := image.fs.List("raft")
		if err != nil {
			t.Fatal(err)
		}
		type count struct{ flips, found, corrupt int }
		counts := map[string]count{}
		rng := rand.New(rand.NewPCG(7, 7))
		for _, name := range names {
			file := "raft/" + name
			size := fileSize(t, image.fs, file)
			for i := range perFile {
				if size == 0 {
					break
				}
				off := rng.Int64N(size)
				switch i { // the ends, where headers and the last record are
				case 0:
					off = 0
				case 1:
					off = size - 1
				case 2, 3, 4:
					off = max(0, size-1-rng.Int64N(120))
				default: // a log may be a longer one that is used again
					if i%2 == 0 {
						off = rng.Int64N(min(size, 3000))
					}
				}
				fsys, bit := clone(image.fs), rng.IntN(8)
				flip(t, fsys, file, off, bit)
				wrong, err := readImage(fsys, snapshot)
				if wrong != "" {
					t.Errorf("%s: bit %d of byte %d of %d of %s: %s", image.name, bit, off, size, name, wrong)
				}
				c := counts[kind(name)]
				c.flips++
				if err != nil {
					c.found++
				}
				if store.IsCorruption(err) {
					c.corrupt++
				}
				if err != nil && !store.IsCorruption(err) {
					t.Logf("%s: bit %d of byte %d of %s: %v", image.name, bit, off, name, err)
				}
				counts[kind(name)] = c
			}
		}
		for _, k := range []string{"sst", "log", "MANIFEST", "OPTIONS"} {
			if counts[k].flips == 0 {
				t.Errorf("%s: no file of kind %s", image.name, k)
			}
		}
		t.Logf("%s: %+v", image.name, counts)
	}
}
