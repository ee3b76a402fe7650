package store

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

var faultStride = flag.Int("faults.stride", 3, "inject a fault at every n-th write of the scripts")

// writeFault fails write operations of the file system: the one of an index, or it and all
// that follow.
type writeFault struct {
	at      int64 // negative: none
	forever bool
	errno   syscall.Errno
	count   atomic.Int64
	hit     atomic.Bool
}

func (f *writeFault) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	n := f.count.Add(1) - 1
	if f.at >= 0 && (n == f.at || f.forever && n > f.at) {
		f.hit.Store(true)
		return f.errno
	}
	return nil
}

func (f *writeFault) String() string {
	return fmt.Sprintf("%v at write %d, forever %v", f.errno, f.at, f.forever)
}

// script writes, overwrites, deletes, flushes and compacts. It returns what was
// acknowledged, and what may be there besides: the values that the failed write held.
func script(db *DB) (acked, maybe map[string]string, err error) {
	acked, maybe = map[string]string{}, map[string]string{}
	for round := range 6 {
		for i := range 8 {
			b := db.NewBatch()
			writes := map[string]string{}
			for j := range 2 {
				k := fmt.Sprintf("k%02d", (i*5+j*3+round)%20)
				writes[k] = fmt.Sprint(round, i, j, strings.Repeat("x", 500))
				b.Set([]byte(k), []byte(writes[k]))
			}
			if err := b.Commit(true); err != nil {
				return acked, writes, err
			}
			for k, v := range writes {
				acked[k] = v
			}
		}
		flush := func() error {
			if round%3 == 2 {
				return db.pdb.Compact(context.Background(), []byte("a"), []byte("z"), false)
			}
			return db.pdb.Flush()
		}
		if err := db.guard(flush); err != nil {
			return acked, maybe, err
		}
	}
	return acked, maybe, nil
}

// holds says whether the store has what was acknowledged: a key may have the value of the
// failed batch instead, but then all of them do.
func holds(db *DB, acked, maybe map[string]string) error {
	got := map[string]string{}
	lower, upper := []byte("k"), []byte("l")
	if err := db.Scan(lower, upper, func(k, v []byte) error { got[string(k)] = string(v); return nil }); err != nil {
		return err
	}
	old, new := true, true
	for k := range maybe {
		old = old && got[k] == acked[k]
		new = new && got[k] == maybe[k]
	}
	if !old && !new {
		return errors.New("half a batch")
	}
	for k, v := range acked {
		if _, ok := maybe[k]; !ok && got[k] != v {
			return fmt.Errorf("%s is %.20q instead of %.20q", k, got[k], v)
		}
	}
	return nil
}

// A disk that fails once, or for good, at any write: the store says so or goes on, nobody
// panics or hangs, and what was acknowledged is there after a crash at that moment.
func TestDiskFaults(t *testing.T) {
	none := &writeFault{at: -1}
	db := open(t, testOptions(errorfs.Wrap(vfs.NewCrashableMem(), none)))
	if _, _, err := script(db); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	total := none.count.Load()
	var stopped, refused, passed int
	for at := int64(0); at < total; at += int64(*faultStride) {
		for _, f := range []*writeFault{
			{at: at, errno: syscall.EIO},
			{at: at, errno: syscall.ENOSPC, forever: true},
		} {
			rng := rand.New(rand.NewPCG(uint64(at), 1))
			mem := vfs.NewCrashableMem()
			o := testOptions(errorfs.Wrap(mem, f))
			var told atomic.Int64
			o.OnFault = func(Fault) { told.Add(1) }
			var acked, maybe map[string]string
			db, err := Open(o)
			if err == nil {
				acked, maybe, err = script(db)
				switch {
				case err != nil && told.Load() == 0:
					t.Errorf("%s: %v, and OnFault was not called", f, err)
				case err != nil && !errors.Is(err, ErrFailed):
					t.Errorf("%s: %v", f, err)
				case err != nil:
					stopped++
				default:
					passed++
				}
				closeErr := db.Close()
				if err == nil && closeErr == nil && told.Load() > 0 && db.Err() == nil {
					t.Errorf("%s: a fault without an error", f)
				}
			} else {
				refused++
			}
			next, err := Open(testOptions(mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})))
			if err != nil {
				t.Fatalf("%s: open after a crash: %v", f, err)
			}
			if err := holds(next, acked, maybe); err != nil {
				t.Errorf("%s: %v", f, err)
			}
			if err := next.Close(); err != nil {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
	t.Logf("writes=%d stopped=%d refused=%d passed=%d", total, stopped, refused, passed)
	if stopped == 0 || refused == 0 {
		t.Error("the faults did not reach what they should")
	}
}

// Many goroutines that wait for the same failed sync are all told, and so are later calls;
// reads go on.
func TestFaultReleasesAllCallers(t *testing.T) {
	f := &writeFault{at: -1}
	armed := &atomic.Bool{}
	inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() {
			return f.MaybeError(op)
		}
		return nil
	})
	f.at, f.forever, f.errno = 0, true, syscall.EIO
	o := testOptions(errorfs.Wrap(vfs.NewMem(), inject))
	var faults []Fault
	o.OnFault = func(f Fault) { faults = append(faults, f) }
	db := open(t, o)
	set(t, db, "k", "v")
	armed.Store(true)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			b := db.NewBatch()
			b.Set(fmt.Appendf(nil, "k%d", i), []byte("v"))
			if err := b.Commit(i%2 == 0); i%2 == 0 && !errors.Is(err, ErrFailed) {
				t.Errorf("commit %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	<-db.Stopped()
	b := db.NewBatch()
	b.Set([]byte("later"), []byte("v"))
	if err := b.Commit(false); !errors.Is(err, ErrFailed) || !errors.Is(err, syscall.EIO) {
		t.Errorf("later commit: %v", err)
	}
	if v, err := db.Get([]byte("k")); string(v) != "v" || err != nil {
		t.Errorf("read after a fault: %q, %v", v, err)
	}
	if err := db.Err(); !errors.Is(err, ErrFailed) {
		t.Errorf("Err: %v", err)
	}
	if err := db.Close(); !errors.Is(err, ErrFailed) {
		t.Errorf("Close: %v", err)
	}
	if len(faults) != 1 || faults[0].Kind != FaultIO || !faults[0].Stopped {
		t.Errorf("faults: %+v", faults)
	}
}

// What Pebble calls fatal stops the store and not the process.
func TestFatalf(t *testing.T) {
	var told atomic.Int64
	o := testOptions(vfs.NewMem())
	o.OnFault = func(f Fault) {
		if f.Kind == FaultInternal {
			told.Add(1)
		}
	}
	db := open(t, o)
	go logger{gate: db.gate}.Fatalf("invariant %d", 7)
	<-db.Stopped()
	b := db.NewBatch()
	b.Set([]byte("k"), nil)
	if err := b.Commit(true); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "invariant 7") {
		t.Errorf("commit: %v", err)
	}
	if err := db.Close(); !errors.Is(err, ErrFailed) || told.Load() != 1 {
		t.Errorf("Close: %v, told %d times", err, told.Load())
	}
}

// A panic of Pebble in a commit is a fault too.
func TestPanicInCommit(t *testing.T) {
	db := open(t, testOptions(vfs.NewMem()))
	err := db.guard(func() error { panic("not reached") })
	if !errors.Is(err, ErrFailed) {
		t.Errorf("guard: %v", err)
	}
	if err := db.Close(); !errors.Is(err, ErrFailed) {
		t.Errorf("Close: %v", err)
	}
}

// Damage is reported once per place. It stops the store only if that was asked for.
func TestCorruptionPolicy(t *testing.T) {
	for _, stop := range []bool{false, true} {
		o := testOptions(vfs.NewMem())
		o.StopOnCorruption = stop
		var faults []Fault
		o.OnFault = func(f Fault) { faults = append(faults, f) }
		db := open(t, o)
		for range 2 {
			db.gate.background(fmt.Errorf("table 7: %w", pebble.ErrCorruption))
		}
		if len(faults) != 1 || faults[0].Kind != FaultCorrupt || faults[0].Stopped != stop || !IsCorruption(faults[0].Err) {
			t.Errorf("stop %v: faults %+v", stop, faults)
		}
		if !IsCorruption(db.Err()) {
			t.Errorf("stop %v: Err %v", stop, db.Err())
		}
		b := db.NewBatch()
		b.Set([]byte("k"), nil)
		if err := b.Commit(true); stop != errors.Is(err, ErrFailed) || stop != IsCorruption(err) {
			t.Errorf("stop %v: commit %v", stop, err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("stop %v: Close %v", stop, err)
		}
	}
}
