package raftlog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"rpp-node/store"
)

// conformance drives a Log and raft's in-memory store with the same operations, as raft
// would issue them, and crashes the disk under the Log.
type conformance struct {
	fs    *vfs.MemFS
	db    *store.DB
	log   *Log
	model *raft.InmemStore

	term     uint64
	snapshot uint64 // index of the newest
	pending  bool   // a vote's term has been set, its candidate not
}

func (c *conformance) open(t *rapid.T) {
	db, err := store.Open(store.Options{FS: c.fs, Dir: "raft", CacheBytes: 1 << 20, MemTableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(db)
	if err != nil {
		t.Fatal(err)
	}
	c.db, c.log = db, l
}

func (c *conformance) edges() (first, last uint64) {
	first, _ = c.model.FirstIndex()
	last, _ = c.model.LastIndex()
	return first, last
}

func (c *conformance) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"StoreLogs": func(t *rapid.T) {
			_, last := c.edges()
			list := entries(max(last, c.snapshot)+1, max(last, c.snapshot)+rapid.Uint64Range(1, 8).Draw(t, "count"), c.term)
			for _, e := range list {
				e.Type = raft.LogType(rapid.Uint8Range(0, 5).Draw(t, "type"))
				e.Extensions = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "extensions")
			}
			c.both(t, func(s raft.LogStore) error { return s.StoreLogs(list) })
		},
		"StoreGap": func(t *rapid.T) {
			_, last := c.edges()
			next := max(last, c.snapshot) + rapid.Uint64Range(2, 5).Draw(t, "by")
			if err := c.log.StoreLog(entry(next, c.term)); !errors.Is(err, ErrGap) {
				t.Fatalf("gap before %d: %v", next, err)
			}
		},
		"Truncate": func(t *rapid.T) {
			first, last := c.edges()
			if last <= c.snapshot {
				t.Skip("nothing to truncate")
			}
			from := rapid.Uint64Range(max(first, c.snapshot+1), last).Draw(t, "from")
			c.both(t, func(s raft.LogStore) error { return s.DeleteRange(from, last) })
		},
		"Snapshot": func(t *rapid.T) {
			_, last := c.edges()
			if last <= c.snapshot {
				t.Skip("nothing new")
			}
			c.snapshot = rapid.Uint64Range(c.snapshot+1, last).Draw(t, "index")
			c.writeSnapshot(t)
			c.compact(t)
		},
		"InstallSnapshot": func(t *rapid.T) {
			first, last := c.edges()
			c.snapshot = max(last, c.snapshot) + rapid.Uint64Range(1, 20).Draw(t, "ahead")
			c.writeSnapshot(t)
			if rapid.Bool().Draw(t, "crash first") {
				// The next entry replaces the log.
				list := entries(c.snapshot+1, c.snapshot+1, c.term)
				if err := c.log.StoreLogs(list); err != nil {
					t.Fatal(err)
				}
				if last > 0 {
					c.model.DeleteRange(first, last)
				}
				c.model.StoreLogs(list)
			} else if last > 0 {
				c.both(t, func(s raft.LogStore) error { return s.DeleteRange(first, last) })
			}
		},
		"NewTerm": func(t *rapid.T) {
			c.term += rapid.Uint64Range(1, 3).Draw(t, "by")
			c.stable(t, func(s raft.StableStore) error { return s.SetUint64([]byte(keyCurrentTerm), c.term) })
		},
		"Vote": func(t *rapid.T) {
			cand := rapid.SampledFrom([]string{"n0", "n1", "n2"}).Draw(t, "candidate")
			c.stable(t, func(s raft.StableStore) error {
				return errors.Join(s.SetUint64([]byte(keyVoteTerm), c.term), s.Set([]byte(keyVoteCand), []byte(cand)))
			})
			c.pending = false
		},
		"HalfVote": func(t *rapid.T) {
			if err := c.log.SetUint64([]byte(keyVoteTerm), c.term+100); err != nil {
				t.Fatal(err)
			}
			c.pending = true
		},
		"CandidateAlone": func(t *rapid.T) {
			if c.pending {
				t.Skip("has its term")
			}
			if err := c.log.Set([]byte(keyVoteCand), []byte("n9")); !errors.Is(err, ErrVote) {
				t.Fatal(err)
			}
		},
		"Reopen": func(t *rapid.T) {
			if err := c.db.Close(); err != nil {
				t.Fatal(err)
			}
			c.pending = false
			c.open(t)
		},
		"Crash": func(t *rapid.T) {
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			next := c.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
			if err := c.db.Close(); err != nil {
				t.Fatal(err)
			}
			c.fs, c.pending = next, false
			c.open(t)
		},
		"": c.check,
	}
}

func (c *conformance) both(t *rapid.T, op func(raft.LogStore) error) {
	if err := op(c.log); err != nil {
		t.Fatal(err)
	}
	if err := op(c.model); err != nil {
		t.Fatal(err)
	}
}

func (c *conformance) stable(t *rapid.T, op func(raft.StableStore) error) {
	if err := op(c.log); err != nil {
		t.Fatal(err)
	}
	if err := op(c.model); err != nil {
		t.Fatal(err)
	}
}

func (c *conformance) writeSnapshot(t *rapid.T) {
	s, err := c.log.Create(1, c.snapshot, max(c.term, 1), testConfiguration(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(s, "state at %d", c.snapshot)
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// compact deletes what the snapshot holds, but for some entries.
func (c *conformance) compact(t *rapid.T) {
	first, _ := c.edges()
	to := rapid.Uint64Range(first-1, c.snapshot).Draw(t, "compact to")
	if to >= first {
		c.both(t, func(s raft.LogStore) error { return s.DeleteRange(first, to) })
	}
}

// check compares everything that can be read.
func (c *conformance) check(t *rapid.T) {
	first, last := c.edges()
	gotFirst, _ := c.log.FirstIndex()
	gotLast, _ := c.log.LastIndex()
	if gotFirst != first || gotLast != last {
		t.Fatalf("log is %d to %d, want %d to %d", gotFirst, gotLast, first, last)
	}
	for i := first; i <= last+1; i++ {
		var got, want raft.Log
		err, wantErr := c.log.GetLog(i, &got), c.model.GetLog(i, &want)
		if !errors.Is(err, wantErr) || err == nil && !equalEntry(&got, &want) {
			t.Fatalf("entry %d: %+v, %v; want %+v, %v", i, got, err, want, wantErr)
		}
	}
	for _, key := range []string{keyCurrentTerm, keyVoteTerm} {
		got, err := c.log.GetUint64([]byte(key))
		want, _ := c.model.GetUint64([]byte(key))
		if err != nil || got != want {
			t.Fatalf("%s: %d, %v; want %d", key, got, err, want)
		}
	}
	got, err := c.log.Get([]byte(keyVoteCand))
	want, _ := c.model.Get([]byte(keyVoteCand))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("candidate %q, %v; want %q", got, err, want)
	}
	metas, err := c.log.List()
	if err != nil || c.snapshot > 0 && (len(metas) == 0 || len(metas) > retainCount || metas[0].Index != c.snapshot) {
		t.Fatalf("snapshots %v, %v; want one at %d", metas, err, c.snapshot)
	}
}

// Every random sequence of what raft does gives what raft's own in-memory store gives, with
// the process ended and the disk crashed at any moment: what was acknowledged is there.
func TestConformance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &conformance{fs: vfs.NewCrashableMem(), model: raft.NewInmemStore(), term: 1}
		c.open(t)
		defer func() { c.db.Close() }()
		t.Repeat(c.actions())
	})
}
