package raftlog

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/hashicorp/raft"

	"rpp-node/store"
)

var faultStride = flag.Int("faults.stride", 3, "inject a fault at every n-th write of the script")

// promised is what the script was told is durable.
type promised struct {
	first, last uint64
	// mayFirst and mayLast are where a failed operation would have left the log.
	mayFirst, mayLast uint64
	term, vote        uint64
	mayVote           uint64
	snapshot          uint64
	maySnapshot       uint64
}

// faultScript does what raft does, until something fails.
func faultScript(l *Log, p *promised) error {
	add := func(from, to uint64) error {
		p.mayLast = to
		if p.first == 0 {
			p.mayFirst = from
		}
		if err := l.StoreLogs(entries(from, to, p.term)); err != nil {
			return err
		}
		p.first, p.last = p.mayFirst, p.mayLast
		return nil
	}
	for round := uint64(1); round <= 6; round++ {
		if err := l.SetUint64([]byte(keyCurrentTerm), round); err != nil {
			return err
		}
		p.term = round
		p.mayVote = round
		if err := l.SetUint64([]byte(keyVoteTerm), round); err != nil {
			return err
		}
		if err := l.Set([]byte(keyVoteCand), fmt.Appendf(nil, "n%d", round)); err != nil {
			return err
		}
		p.vote = round
		for range 5 {
			if err := add(p.last+1, p.last+3); err != nil {
				return err
			}
		}
		p.mayLast = p.last - 2
		if err := l.DeleteRange(p.last-1, p.last); err != nil {
			return err
		}
		p.last = p.mayLast
		p.maySnapshot = p.last - 3
		s, err := l.Create(1, p.maySnapshot, round, testConfiguration(), 1, nil)
		if err != nil {
			return err
		}
		_, err = s.Write(make([]byte, 3000))
		if err := errors.Join(err, s.Close()); err != nil {
			return err
		}
		p.snapshot = p.maySnapshot
		p.mayFirst = p.snapshot - 1
		if err := l.DeleteRange(p.first, p.snapshot-2); err != nil {
			return err
		}
		p.first = p.mayFirst
	}
	return nil
}

// keeps says whether a log that was opened again has what was promised, or what the failed
// operation would have made of it.
func (p *promised) keeps(l *Log) error {
	first, last := l.edges()
	if first != p.first && first != p.mayFirst || last != p.last && last != p.mayLast {
		return fmt.Errorf("log is %d to %d, want %d or %d to %d or %d", first, last, p.first, p.mayFirst, p.last, p.mayLast)
	}
	for i := first; i <= last && i > 0; i++ {
		var e raft.Log
		if err := l.GetLog(i, &e); err != nil || !equalEntry(&e, entry(i, e.Term)) {
			return fmt.Errorf("entry %d: %+v, %v", i, e, err)
		}
	}
	vote, err := l.GetUint64([]byte(keyVoteTerm))
	if err != nil || vote != p.vote && vote != p.mayVote {
		return fmt.Errorf("vote in term %d, %v; want %d or %d", vote, err, p.vote, p.mayVote)
	}
	cand, err := l.Get([]byte(keyVoteCand))
	if err != nil || vote > 0 && string(cand) != fmt.Sprintf("n%d", vote) {
		return fmt.Errorf("vote in term %d for %q, %v", vote, cand, err)
	}
	metas, err := l.List()
	if err != nil {
		return err
	}
	newest := uint64(0)
	if len(metas) > 0 {
		newest = metas[0].Index
	}
	if newest != p.snapshot && newest != p.maySnapshot {
		return fmt.Errorf("snapshot at %d, want %d or %d", newest, p.snapshot, p.maySnapshot)
	}
	return nil
}

// The disk fails at any write, once or for good. The script ends with an error or goes on;
// after a crash the log is what was promised.
func TestDiskFaults(t *testing.T) {
	var total int64
	var stopped, refused, passed int
	for at := int64(-1); at < total; at += int64(*faultStride) {
		for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
			var count atomic.Int64
			fail := errorfs.InjectorFunc(func(op errorfs.Op) error {
				if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
					return nil
				}
				n := count.Add(1) - 1
				if at >= 0 && (n == at || errno == syscall.ENOSPC && n > at) {
					return errno
				}
				return nil
			})
			mem := vfs.NewCrashableMem()
			var p promised
			db, err := store.Open(store.Options{FS: errorfs.Wrap(mem, fail), Dir: "raft", CacheBytes: 1 << 20, MemTableBytes: 64 << 10})
			if err == nil {
				var l *Log
				if l, err = Open(db); err == nil {
					err = faultScript(l, &p)
				}
				switch {
				case err == nil:
					passed++
				case errors.Is(err, store.ErrFailed):
					stopped++
				default:
					t.Errorf("%v at write %d: %v", errno, at, err)
				}
				if closeErr := db.Close(); at < 0 && (err != nil || closeErr != nil) {
					t.Fatal(err, closeErr)
				}
			} else {
				refused++
			}
			if at < 0 {
				total = count.Load()
			}
			rng := rand.New(rand.NewPCG(uint64(at), uint64(errno)))
			again, l := openLog(t, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng}))
			if err := p.keeps(l); err != nil {
				t.Errorf("%v at write %d: %v", errno, at, err)
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("writes=%d stopped=%d refused=%d passed=%d", total, stopped, refused, passed)
	if stopped == 0 || refused == 0 {
		t.Error("the faults did not reach what they should")
	}
}

// A stopped store takes a new term in without writing it, and nothing else.
func TestStoppedStore(t *testing.T) {
	var broken atomic.Bool
	fail := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return syscall.EIO
		}
		return nil
	})
	db, l := openLog(t, errorfs.Wrap(vfs.NewMem(), fail))
	if err := errors.Join(l.StoreLogs(entries(1, 5, 1)), l.SetUint64([]byte(keyCurrentTerm), 1)); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	for range 2 {
		if err := l.StoreLog(entry(6, 1)); !errors.Is(err, store.ErrFailed) {
			t.Errorf("entry: %v", err)
		}
		if err := l.SetUint64([]byte(keyCurrentTerm), 2); err != nil {
			t.Errorf("term: %v", err)
		}
		if err := errors.Join(l.SetUint64([]byte(keyVoteTerm), 2), l.Set([]byte(keyVoteCand), []byte("n1"))); !errors.Is(err, store.ErrFailed) {
			t.Errorf("vote: %v", err)
		}
	}
	if term, err := l.GetUint64([]byte(keyCurrentTerm)); term != 1 || err != nil {
		t.Errorf("term %d, %v", term, err)
	}
	if last, _ := l.LastIndex(); last != 5 {
		t.Errorf("last %d", last)
	}
	if err := db.Close(); !errors.Is(err, store.ErrFailed) {
		t.Errorf("close: %v", err)
	}
}
