package raftlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"rpp-node/store"
)

func openStore(t testing.TB, fsys vfs.FS) *store.DB {
	t.Helper()
	db, err := store.Open(store.Options{
		FS: fsys, Dir: "raft", CacheBytes: 1 << 20, MemTableBytes: 256 << 10,
		StopOnCorruption: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openLog(t testing.TB, fsys vfs.FS) (*store.DB, *Log) {
	t.Helper()
	db := openStore(t, fsys)
	l, err := Open(db)
	if err != nil {
		t.Fatal(err)
	}
	return db, l
}

func entry(index, term uint64) *raft.Log {
	return &raft.Log{
		Index: index, Term: term, Type: raft.LogCommand,
		Data: fmt.Appendf(nil, "entry %d of term %d", index, term), AppendedAt: time.Unix(1_700_000_000, int64(index)).UTC(),
	}
}

func entries(from, to, term uint64) []*raft.Log {
	var list []*raft.Log
	for i := from; i <= to; i++ {
		list = append(list, entry(i, term))
	}
	return list
}

func writeSnapshot(t testing.TB, l *Log, index, term uint64, data []byte) string {
	t.Helper()
	s, err := l.Create(1, index, term, testConfiguration(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Write(data); err != nil || n != len(data) {
		t.Fatal(n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.ID()
}

func testConfiguration() raft.Configuration {
	return raft.Configuration{Servers: []raft.Server{
		{Suffrage: raft.Voter, ID: "n0", Address: "10.0.0.1:7000"},
		{Suffrage: raft.Nonvoter, ID: "n1", Address: "10.0.0.2:7000"},
	}}
}

// A log, a vote and a snapshot are the same after the store has been opened again.
func TestReopen(t *testing.T) {
	fsys := vfs.NewMem()
	db, l := openLog(t, fsys)
	if err := l.StoreLogs(entries(1, 50, 2)); err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("state"), 300_000)
	id := writeSnapshot(t, l, 30, 2, data)
	if err := l.DeleteRange(1, 20); err != nil {
		t.Fatal(err)
	}
	if err := l.DeleteRange(41, 50); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.SetUint64([]byte(keyCurrentTerm), 3), l.SetUint64([]byte(keyVoteTerm), 3), l.Set([]byte(keyVoteCand), []byte("n1"))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if first, _ := l.FirstIndex(); first != 21 {
			t.Errorf("first %d", first)
		}
		if last, _ := l.LastIndex(); last != 40 {
			t.Errorf("last %d", last)
		}
		var e raft.Log
		if err := l.GetLog(33, &e); err != nil || !equalEntry(&e, entry(33, 2)) {
			t.Errorf("%+v, %v", e, err)
		}
		for _, i := range []uint64{0, 20, 41} {
			if err := l.GetLog(i, &e); !errors.Is(err, raft.ErrLogNotFound) {
				t.Errorf("entry %d: %v", i, err)
			}
		}
		if term, err := l.GetUint64([]byte(keyVoteTerm)); term != 3 || err != nil {
			t.Errorf("term of the vote: %d, %v", term, err)
		}
		if c, err := l.Get([]byte(keyVoteCand)); string(c) != "n1" || err != nil {
			t.Errorf("candidate: %q, %v", c, err)
		}
		m, r, err := l.snapshots.Open(id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, data) || m.Index != 30 || m.Term != 2 || m.Size != int64(len(data)) || len(m.Configuration.Servers) != 2 {
			t.Errorf("%+v, %d bytes, %v", m, len(got), err)
		}
		if err := errors.Join(r.Close(), db.Close()); err != nil {
			t.Fatal(err)
		}
		db, l = openLog(t, fsys)
	}
	db.Close()
}

func equalEntry(a, b *raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && bytes.Equal(a.Data, b.Data) &&
		bytes.Equal(a.Extensions, b.Extensions) && a.AppendedAt.Equal(b.AppendedAt)
}

// A snapshot that replaces the log and a compaction meet: whoever comes second looked up
// the first entry of an empty log.
func TestDeleteFromAnEmptyLog(t *testing.T) {
	db, l := openLog(t, vfs.NewMem())
	defer db.Close()
	if err := l.StoreLogs(entries(1, 20, 1)); err != nil {
		t.Fatal(err)
	}
	writeSnapshot(t, l, 25, 1, []byte("state"))
	if err := l.DeleteRange(1, 20); err != nil {
		t.Fatal(err)
	}
	if err := l.DeleteRange(0, 20); err != nil {
		t.Errorf("empty: %v", err)
	}
	if err := l.StoreLogs(entries(26, 30, 1)); err != nil {
		t.Fatal(err)
	}
	if err := l.DeleteRange(0, 20); err != nil {
		t.Errorf("begun anew: %v", err)
	}
	if first, last := l.edges(); first != 26 || last != 30 {
		t.Errorf("log is %d to %d", first, last)
	}
}
