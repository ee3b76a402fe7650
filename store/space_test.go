package store

import (
	"bytes"
	"errors"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func TestAdmitOwed(t *testing.T) {
	fsys := vfs.NewMem()
	o := testOptions(fsys)
	o.Headroom = Headroom{MinFreeBytes: 100, MinFreeFraction: 0.2}
	db := open(t, o)
	defer db.Close()
	for _, c := range []struct {
		free, bytes int64
		ok          bool
	}{{1000, 900, true}, {1000, 901, false}, {150, 50, true}, {150, 51, false}, {100, 0, true}, {99, 0, false}} {
		fsys.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: uint64(c.free), TotalBytes: 1000})
		if err := db.AdmitOwed(c.bytes); c.ok != (err == nil) || err != nil && !errors.Is(err, ErrDiskFull) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestAdmit(t *testing.T) {
	fsys := vfs.NewMem()
	o := testOptions(fsys)
	o.Headroom = Headroom{MinFreeBytes: 100, MinFreeFraction: 0.2}
	db := open(t, o)
	defer db.Close()
	if err := db.Admit(1 << 40); err != nil {
		t.Errorf("unknown space: %v", err)
	}
	for _, c := range []struct {
		free, total uint64
		bytes       int64
		ok          bool
	}{
		{1000, 1000, 800, true},
		{1000, 1000, 801, false},
		{200, 1000, 0, true},
		{199, 1000, 0, false},
		{150, 200, 50, true}, // the number counts where the fraction is less
		{150, 200, 51, false},
		{0, 1000, -5, false},
		{1000, 1000, 1 << 62, false},
	} {
		fsys.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: c.free, TotalBytes: c.total})
		if err := db.Admit(c.bytes); c.ok != (err == nil) || err != nil && !errors.Is(err, ErrDiskFull) {
			t.Errorf("%+v: %v", c, err)
		}
		if s, err := db.Space(); s.FreeBytes != c.free || s.TotalBytes != c.total || err != nil {
			t.Errorf("%+v: %+v, %v", c, s, err)
		}
	}
}

func TestBallast(t *testing.T) {
	fsys := vfs.NewMem()
	o := testOptions(fsys)
	o.BallastBytes = 1 << 20
	db := open(t, o)
	size := func() int64 {
		info, err := fsys.Stat("db/" + ballastName)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	if !db.BallastHeld() || size() != o.BallastBytes {
		t.Errorf("ballast of %d bytes", size())
	}
	db.ReleaseBallast()
	if db.BallastHeld() || size() != 0 {
		t.Errorf("released: %d bytes", size())
	}
	fsys.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 21})
	if err := db.RestoreBallast(); !errors.Is(err, ErrDiskFull) || size() != 0 {
		t.Errorf("without head-room: %v, %d bytes", err, size())
	}
	fsys.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 30, TotalBytes: 1 << 31})
	if err := db.RestoreBallast(); err != nil || size() != o.BallastBytes {
		t.Errorf("restored: %v, %d bytes", err, size())
	}
	for _, bytes := range []int64{o.BallastBytes, 2 << 20, 0} { // kept, made anew, removed
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		o.BallastBytes = bytes
		db = open(t, o)
		if size() != bytes || db.BallastHeld() != (bytes > 0) {
			t.Errorf("%d bytes instead of %d", size(), bytes)
		}
	}
	db.Close()
}

// A full disk costs the ballast, and then the store goes on; without one it stops.
func TestDiskFullReleasesBallast(t *testing.T) {
	for _, ballastBytes := range []int64{0, 1 << 10} {
		mem := vfs.NewMem()
		var full atomic.Bool
		fsys := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if !full.Load() || op.Kind != errorfs.OpFileWrite {
				return nil
			}
			if _, err := mem.Stat("db/" + ballastName); err != nil && ballastBytes > 0 {
				return nil // it has made room
			}
			return syscall.ENOSPC
		}))
		o := testOptions(fsys)
		o.BallastBytes = ballastBytes
		var kinds []FaultKind
		o.OnFault = func(f Fault) { kinds = append(kinds, f.Kind) }
		db := open(t, o)
		full.Store(true)
		b := db.NewBatch()
		b.Set([]byte("k"), []byte("v"))
		err := b.Commit(true)
		if ballastBytes > 0 {
			if err != nil || db.BallastHeld() || !slices.Equal(kinds, []FaultKind{FaultDiskFull}) || db.Err() != nil {
				t.Errorf("with ballast: %v, held %v, %v, %v", err, db.BallastHeld(), kinds, db.Err())
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if !errors.Is(err, ErrFailed) || !errors.Is(err, ErrDiskFull) || !slices.Equal(kinds, []FaultKind{FaultIO}) {
			t.Errorf("without ballast: %v, %v", err, kinds)
		}
		db.Close()
	}
}

func TestLimits(t *testing.T) {
	db := open(t, testOptions(vfs.NewMem()))
	defer db.Close()
	for _, c := range []struct {
		name  string
		build func(b *Batch, over int)
	}{
		{"key", func(b *Batch, over int) { b.Set(make([]byte, MaxKeyBytes+over), nil) }},
		{"deleted key", func(b *Batch, over int) { b.Delete(make([]byte, MaxKeyBytes+over)) }},
		{"bound", func(b *Batch, over int) { b.DeleteRange([]byte("a"), bytes.Repeat([]byte("b"), MaxKeyBytes+over)) }},
		{"value", func(b *Batch, over int) { b.Set([]byte("k"), make([]byte, MaxValueBytes+over)) }},
		{"batch", func(b *Batch, over int) {
			for range MaxBatchBytes/MaxValueBytes - 1 {
				b.Set([]byte("k"), make([]byte, MaxValueBytes-batchOpBytes-1))
			}
			b.Set([]byte("k"), make([]byte, MaxBatchBytes-b.Bytes()-batchOpBytes-1+over))
		}},
	} {
		for over := range 2 {
			b := db.NewBatch()
			c.build(b, over)
			if err := b.Commit(false); (over == 1) != errors.Is(err, ErrTooLarge) || over == 0 && err != nil {
				t.Errorf("%s, %d above the limit: %v", c.name, over, err)
			}
		}
	}
	b := db.NewBatch()
	b.Set(nil, nil)
	if err := b.Commit(false); err == nil {
		t.Error("an empty key was written")
	}
	b = db.NewBatch()
	if err := errors.Join(b.Commit(true)); err != nil {
		t.Errorf("empty batch: %v", err)
	}
	if err := b.Commit(true); err == nil {
		t.Error("a batch was committed twice")
	}
	for _, o := range []Options{
		{}, {Dir: "x", CacheBytes: -1}, {Dir: "x", MemTableBytes: -1},
		{Dir: "x", BallastBytes: MaxBallastBytes + 1}, {Dir: "x", Headroom: Headroom{MinFreeFraction: 1}},
	} {
		if _, err := Open(o); !errors.Is(err, errOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestKeyspaces(t *testing.T) {
	seen := map[byte]bool{}
	for _, p := range []byte{
		KeyspaceVersion, KeyspaceRaftLog, KeyspaceRaftStable, KeyspaceRaftSnapshot, KeyspaceArtifact, KeyspaceArtifactData,
		KeyspaceArtifactRef, KeyspaceArtifactPlan, KeyspaceKeyCache, KeyspaceKeyCacheData, KeyspaceAudit, KeyspaceAuditHead,
	} {
		if seen[p] {
			t.Errorf("prefix %q has two owners", p)
		}
		seen[p] = true
	}
	for _, c := range [][2]string{{"a", "b"}, {"a\xff", "b"}, {"\xff\xff", ""}, {"", ""}, {"ab", "ac"}} {
		if got := PrefixEnd([]byte(c[0])); string(got) != c[1] {
			t.Errorf("end of %q: %q", c[0], got)
		}
	}
}

// A folder of another version, of another program, or without its database is refused.
func TestVersion(t *testing.T) {
	write := func(fsys vfs.FS, name, content string) {
		f, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, c := range []struct {
		name  string
		spoil func(fsys *vfs.MemFS)
		want  error
	}{
		{"later version", func(fsys *vfs.MemFS) { write(fsys, "db/"+formatName, "rpp-store 2 2\n") }, ErrVersion},
		{"damaged version", func(fsys *vfs.MemFS) { write(fsys, "db/"+formatName, "rpp-store 2 1\n") }, ErrCorrupt},
		{"long version", func(fsys *vfs.MemFS) { write(fsys, "db/"+formatName, string(make([]byte, formatBytesMax+1))) }, ErrCorrupt},
		{"markers gone", func(fsys *vfs.MemFS) {
			names, _ := fsys.List("db")
			for _, n := range names {
				if n != formatName {
					fsys.Remove("db/" + n)
				}
			}
		}, ErrCorrupt},
		{"version file gone", func(fsys *vfs.MemFS) { fsys.Remove("db/" + formatName) }, nil},
		{"version key of a later release", func(fsys *vfs.MemFS) {
			db := open(t, testOptions(fsys))
			set(t, db, string(versionKey()), "rpp-store 2 2\n")
			db.Close()
		}, ErrVersion},
		{"version key gone", func(fsys *vfs.MemFS) {
			db := open(t, testOptions(fsys))
			if err := db.pdb.Delete(versionKey(), pebble.Sync); err != nil {
				t.Fatal(err)
			}
			db.Close()
		}, ErrVersion},
	} {
		fsys := vfs.NewMem()
		db := open(t, testOptions(fsys))
		set(t, db, "k", "v")
		db.Close()
		c.spoil(fsys)
		db, err := Open(testOptions(fsys))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			if v, err := db.Get([]byte("k")); string(v) != "v" || err != nil {
				t.Errorf("%s: %q, %v", c.name, v, err)
			}
			db.Close()
		}
	}
}

func TestCheckpoint(t *testing.T) {
	fsys := vfs.NewMem()
	db := open(t, testOptions(fsys))
	defer db.Close()
	set(t, db, "k", "then")
	if err := db.Checkpoint("copy"); err != nil {
		t.Fatal(err)
	}
	set(t, db, "k", "now")
	if err := db.Checkpoint("copy"); err == nil {
		t.Error("a checkpoint was overwritten")
	}
	if err := db.Checkpoint("db/copy"); err == nil {
		t.Error("a checkpoint inside the store")
	}
	o := testOptions(fsys)
	o.Dir = "copy"
	again := open(t, o)
	defer again.Close()
	if v, err := again.Get([]byte("k")); string(v) != "then" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if db.Err() != nil {
		t.Errorf("a failed checkpoint stopped the store: %v", db.Err())
	}
}

// A second owner of the folder is refused; the first does not notice.
func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, CacheBytes: 1 << 20, BallastBytes: 1 << 20, Headroom: Headroom{MinFreeBytes: 1, MinFreeFraction: 1e-9}}
	db := open(t, o)
	if _, err := Open(o); err == nil {
		t.Error("two owners")
	}
	set(t, db, "k", "v")
	if !db.BallastHeld() {
		t.Error("no ballast on a real disk")
	}
	if s, err := db.Space(); s.TotalBytes == 0 || err != nil {
		t.Errorf("%+v, %v", s, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, o)
	if v, err := db.Get([]byte("k")); string(v) != "v" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
