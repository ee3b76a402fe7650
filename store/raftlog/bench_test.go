package raftlog

import (
	"io"
	"testing"

	"github.com/hashicorp/raft"

	"rpp-node/store"
)

// Benchmarks run on a real disk: a sync costs what it costs there.
func benchLog(b *testing.B) *Log {
	db, err := store.Open(store.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	l, err := Open(db)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func benchEntry(index uint64) *raft.Log {
	return &raft.Log{Index: index, Term: 1, Data: make([]byte, 256)}
}

func BenchmarkStoreLog(b *testing.B) {
	l := benchLog(b)
	index := uint64(0)
	for b.Loop() {
		index++
		if err := l.StoreLog(benchEntry(index)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStoreLogs64(b *testing.B) {
	l := benchLog(b)
	index := uint64(0)
	for b.Loop() {
		list := make([]*raft.Log, 64)
		for i := range list {
			index++
			list[i] = benchEntry(index)
		}
		if err := l.StoreLogs(list); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetLog(b *testing.B) {
	l := benchLog(b)
	const n = 10_000
	for index := uint64(1); index <= n; index += 100 {
		var list []*raft.Log
		for i := range uint64(100) {
			list = append(list, benchEntry(index+i))
		}
		if err := l.StoreLogs(list); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.db.Pebble().Flush(); err != nil {
		b.Fatal(err)
	}
	index := uint64(0)
	var e raft.Log
	for b.Loop() {
		index = index%n + 1
		if err := l.GetLog(index, &e); err != nil {
			b.Fatal(err)
		}
	}
}

const benchSnapshotBytes = 32 << 20

func BenchmarkSnapshotWrite(b *testing.B) {
	l := benchLog(b)
	data := make([]byte, benchSnapshotBytes)
	b.SetBytes(benchSnapshotBytes)
	index := uint64(0)
	for b.Loop() {
		index++
		writeSnapshot(b, l, index, 1, data)
	}
}

func BenchmarkSnapshotRead(b *testing.B) {
	l := benchLog(b)
	id := writeSnapshot(b, l, 1, 1, make([]byte, benchSnapshotBytes))
	b.SetBytes(benchSnapshotBytes)
	for b.Loop() {
		_, r, err := l.snapshots.Open(id)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != benchSnapshotBytes || err != nil {
			b.Fatal(n, err)
		}
		r.Close()
	}
}
