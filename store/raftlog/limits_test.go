package raftlog

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"rpp-node/store"
)

// Each limit lets its value pass and refuses the next one.
func TestLimits(t *testing.T) {
	db, l := openLog(t, vfs.NewMem())
	defer db.Close()
	fill := func(n int) []byte { return bytes.Repeat([]byte{7}, n) }
	named := func(n int) raft.Configuration {
		return raft.Configuration{Servers: []raft.Server{{ID: raft.ServerID(fill(n)), Address: raft.ServerAddress(fill(n))}}}
	}
	create := func(c raft.Configuration) error {
		s, err := l.Create(1, 1, 1, c, 1, nil)
		if err != nil {
			return err
		}
		return s.Close()
	}
	for _, c := range []struct {
		name string
		call func(over int) error
	}{
		{"data", func(over int) error { return l.StoreLog(&raft.Log{Index: 1, Data: fill(MaxDataBytes + over)}) }},
		{"extensions", func(over int) error {
			return l.StoreLog(&raft.Log{Index: 2, Data: fill(MaxDataBytes), Extensions: fill(MaxExtensionsBytes + over)})
		}},
		{"stable key", func(over int) error { return l.Set(fill(MaxStableKeyBytes+over), nil) }},
		{"stable value", func(over int) error { return l.Set([]byte("k"), fill(MaxStableValueBytes+over)) }},
		{"name of a server", func(over int) error { return create(named(MaxServerBytes + over)) }},
		{"count of servers", func(over int) error {
			return create(raft.Configuration{Servers: make([]raft.Server, MaxServerCount+over)})
		}},
		{"data of a snapshot", func(over int) error {
			s := newSink(&l.snapshots, record{meta: raft.SnapshotMeta{Size: MaxSnapshotBytes - 10}})
			n, err := s.Write(fill(10 + over))
			if n != 10 {
				t.Errorf("%d bytes of a snapshot were taken", n)
			}
			return err
		}},
	} {
		if err := c.call(1); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s, above the limit: %v", c.name, err)
		}
		if err := c.call(0); err != nil {
			t.Errorf("%s, at the limit: %v", c.name, err)
		}
	}
	var e raft.Log
	if err := l.GetLog(2, &e); err != nil || len(e.Data) != MaxDataBytes || len(e.Extensions) != MaxExtensionsBytes {
		t.Errorf("the largest entry: %d, %d, %v", len(e.Data), len(e.Extensions), err)
	}
}

// What a Log cannot keep is refused, and changes nothing.
func TestRefusals(t *testing.T) {
	db, l := openLog(t, vfs.NewMem())
	defer db.Close()
	if err := l.StoreLogs(entries(1, 20, 1)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		call func() error
	}{
		"gap":                {ErrGap, func() error { return l.StoreLog(entry(22, 1)) }},
		"overwriting":        {ErrGap, func() error { return l.StoreLog(entry(20, 1)) }},
		"gap inside":         {ErrGap, func() error { return l.StoreLogs([]*raft.Log{entry(21, 1), entry(23, 1)}) }},
		"index 0":            {ErrGap, func() error { return l.StoreLog(entry(0, 1)) }},
		"type":               {ErrEntry, func() error { return l.StoreLog(&raft.Log{Index: 21, Type: 6}) }},
		"hole":               {ErrGap, func() error { return l.DeleteRange(5, 10) }},
		"without a snapshot": {ErrGap, func() error { return l.DeleteRange(1, 10) }},
		"range upside down":  {ErrGap, func() error { return l.DeleteRange(20, 19) }},
		"range to the end":   {ErrGap, func() error { return l.DeleteRange(20, math.MaxUint64) }},
		"snapshot version":   {ErrSnapshot, func() error { _, err := l.Create(0, 1, 1, testConfiguration(), 1, nil); return err }},
		"snapshot at 0":      {ErrSnapshot, func() error { _, err := l.Create(1, 0, 1, testConfiguration(), 1, nil); return err }},
		"unknown snapshot":   {ErrSnapshot, func() error { _, _, err := l.Open("1-1-1"); return err }},
		"write after the end": {ErrSnapshot, func() error {
			s := newSink(&l.snapshots, record{})
			s.Cancel()
			_, err := s.Write([]byte{1})
			return err
		}},
	} {
		if err := c.call(); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if first, last := l.edges(); first != 1 || last != 20 {
		t.Errorf("log is %d to %d", first, last)
	}
	if err := l.StoreLogs(nil); err != nil {
		t.Errorf("no entries: %v", err)
	}
	if err := l.DeleteRange(21, 30); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

// Two snapshots are kept; a reader of one that goes is told.
func TestSnapshotRetention(t *testing.T) {
	fsys := vfs.NewMem()
	db, l := openLog(t, fsys)
	data := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 2*chunkBytes+i) }
	oldest := writeSnapshot(t, l, 10, 1, data(1))
	_, r, err := l.Open(oldest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	writeSnapshot(t, l, 20, 1, data(2))
	writeSnapshot(t, l, 30, 2, data(3))
	if _, err := io.ReadAll(r); !errors.Is(err, ErrSnapshot) {
		t.Errorf("reading a snapshot that is gone: %v", err)
	}
	cancelled, err := l.Create(1, 40, 2, testConfiguration(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cancelled.Write(data(4)); err != nil {
		t.Fatal(err)
	}
	if err := cancelled.Cancel(); err != nil {
		t.Fatal(err)
	}
	unfinished, err := l.Create(1, 50, 2, testConfiguration(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unfinished.Write(data(5)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		metas, err := l.List()
		if err != nil || len(metas) != 2 || metas[0].Index != 30 || metas[1].Index != 20 {
			t.Fatalf("%+v, %v", metas, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db, l = openLog(t, fsys)
	}
	chunks := map[string]int{}
	lower, upper := store.KeyspaceBounds(store.KeyspaceRaftSnapshot)
	if err := db.Scan(lower, upper, func(k, _ []byte) error { chunks[string(k[1:10])]++; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(chunks) != 4 { // records and chunks of two snapshots
		t.Errorf("%d snapshots have left something", len(chunks))
	}
	db.Close()
}

// The log that a snapshot has replaced goes with the first entry after the gap; a power cut
// before that leaves both, and the same happens later.
func TestGapAfterSnapshot(t *testing.T) {
	fsys := vfs.NewCrashableMem()
	db, l := openLog(t, fsys)
	if err := l.StoreLogs(entries(1, 5, 1)); err != nil {
		t.Fatal(err)
	}
	writeSnapshot(t, l, 100, 3, []byte("state"))
	if err := l.StoreLog(entry(102, 3)); !errors.Is(err, ErrGap) {
		t.Errorf("beyond the snapshot: %v", err)
	}
	after := fsys.CrashClone(vfs.CrashCloneCfg{})
	db.Close()
	db, l = openLog(t, after)
	defer db.Close()
	if err := l.StoreLogs(entries(101, 103, 3)); err != nil {
		t.Fatal(err)
	}
	if first, last := l.edges(); first != 101 || last != 103 {
		t.Errorf("log is %d to %d", first, last)
	}
	if err := l.GetLog(3, new(raft.Log)); !errors.Is(err, raft.ErrLogNotFound) {
		t.Errorf("entry 3: %v", err)
	}
}

// Damage inside the values, below a sound database, is found on opening.
func TestOpenFindsDamage(t *testing.T) {
	whole := func() *store.DB {
		db, l := openLog(t, vfs.NewMem())
		if err := l.StoreLogs(entries(1, 9, 1)); err != nil {
			t.Fatal(err)
		}
		if err := l.SetUint64([]byte(keyCurrentTerm), 1); err != nil {
			t.Fatal(err)
		}
		writeSnapshot(t, l, 5, 1, bytes.Repeat([]byte("x"), chunkBytes+1))
		return db
	}
	for name, damage := range map[string]func(*store.Batch){
		"entry missing":   func(b *store.Batch) { b.Delete(logKey(4)) },
		"entry changed":   func(b *store.Batch) { b.Set(logKey(4), []byte(strings.Repeat("y", 60))) },
		"entries missing": func(b *store.Batch) { b.DeleteRange(logKey(1), logKey(8)) },
		"entry misplaced": func(b *store.Batch) { v, _ := appendEntry(nil, entry(9, 1)); b.Set(logKey(10), v) },
		"stray key":       func(b *store.Batch) { b.Set([]byte{store.KeyspaceRaftLog, 1}, nil) },
		"term changed":    func(b *store.Batch) { b.Set(stableKey([]byte(keyCurrentTerm)), make([]byte, 16)) },
		"chunk missing":   func(b *store.Batch) { b.Delete(chunkKey(0, 1)) },
		"chunk changed":   func(b *store.Batch) { b.Set(chunkKey(0, 1), []byte("z")) },
		"chunk shorter":   func(b *store.Batch) { b.Set(chunkKey(0, 0), []byte("x")) },
		"record changed":  func(b *store.Batch) { b.Set(recordKey(0), make([]byte, 100)) },
		"stray snapshot":  func(b *store.Batch) { b.Set([]byte{store.KeyspaceRaftSnapshot, 'z'}, nil) },
	} {
		db := whole()
		b := db.NewBatch()
		damage(b)
		if err := b.Commit(true); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(db); !store.IsCorruption(err) {
			t.Errorf("%s: %v", name, err)
		}
		db.Close()
	}
}
