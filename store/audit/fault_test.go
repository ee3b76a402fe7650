package audit

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rpp-node/store"
)

// Whatever write of the disk fails: the caller is told, the log appends nothing more, and
// after opening again it is sound and holds every acknowledged record.
func TestEveryWriteFails(t *testing.T) {
	const appends = 30
	run := func(at int64) (writes int64) {
		var count atomic.Int64
		var armed atomic.Bool
		mem := vfs.NewCrashableMem()
		disk := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if armed.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && count.Add(1) == at {
				return errorfs.ErrInjected
			}
			return nil
		}))
		db, err := store.Open(store.Options{FS: disk, Dir: "data", CacheBytes: 1 << 20, MemTableBytes: 1 << 18})
		if err != nil {
			t.Fatal(err)
		}
		n := &node{t: t, fs: mem, db: db, now: start}
		if n.Log, err = New(db, nowOf(n)); err != nil {
			t.Fatal(err)
		}
		armed.Store(true)
		var acked Head
		var failed error
		for i := range appends {
			r, err := n.Append(event(i))
			switch {
			case err == nil && failed == nil:
				acked = Head{r.Sequence, r.Digest}
			case err == nil:
				t.Errorf("write %d fails: appended after a failure", at)
			case !errors.Is(err, ErrBroken):
				t.Errorf("write %d fails: %v", at, err)
			default:
				failed = err
			}
		}
		writes = count.Load()
		rng := rand.New(rand.NewPCG(uint64(at), 0))
		image := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(at * 37 % 101), RNG: rng})
		_ = db.Close()
		n.fs = image
		if err := n.open(); err != nil {
			t.Fatalf("write %d fails: %v", at, err)
		}
		defer n.db.Close()
		err = n.VerifyAgainst(acked, func(f Fault) bool { t.Errorf("write %d fails: %v", at, f); return true })
		if err != nil {
			t.Error(err)
		}
		n.append(1)
		return writes
	}
	total := run(0)
	if total < appends {
		t.Fatalf("%d appends make %d writes", appends, total)
	}
	stride := int64(4)
	switch {
	case *thorough:
		stride = 1
	case testing.Short():
		stride = 15
	}
	for at := int64(1); at <= total; at += stride {
		run(at)
	}
	t.Logf("%d writes", total)
}
