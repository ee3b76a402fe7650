package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/hashicorp/raft"

	"rpp-node/store"
)

// Log is a node's Raft state on one store.
type Log struct {
	db *store.DB
	stable
	snapshots

	mu          sync.Mutex // held while the log is changed, so that first and last fit it
	first, last uint64     // guarded by edge; both 0 if the log is empty
	edge        sync.RWMutex
}

var (
	_ raft.LogStore      = (*Log)(nil)
	_ raft.StableStore   = (*Log)(nil)
	_ raft.SnapshotStore = (*Log)(nil)
)

// Open reads and checks what the store has and removes incomplete snapshots. The store has
// one Log.
func Open(db *store.DB) (*Log, error) {
	l := &Log{db: db}
	l.stable.db = db
	l.snapshots.db = db
	if err := l.snapshots.load(); err != nil {
		return nil, err
	}
	if err := l.stable.check(); err != nil {
		return nil, err
	}
	if err := l.load(); err != nil {
		return nil, err
	}
	if l.first != 0 && !l.snapshots.covers(l.first-1) {
		return nil, fmt.Errorf("%w: the log begins at entry %d, which no snapshot reaches", store.ErrCorrupt, l.first)
	}
	return l, nil
}

func logKey(index uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{store.KeyspaceRaftLog}, index)
}

// load reads every entry once.
func (l *Log) load() error {
	lower, upper := store.KeyspaceBounds(store.KeyspaceRaftLog)
	var entry raft.Log
	return l.db.Scan(lower, upper, func(key, value []byte) error {
		if len(key) != 9 {
			return fmt.Errorf("%w: key of the log with %d bytes", store.ErrCorrupt, len(key))
		}
		index := binary.BigEndian.Uint64(key[1:])
		if l.last != 0 && index != l.last+1 {
			return fmt.Errorf("%w: entry %d follows entry %d", store.ErrCorrupt, index, l.last)
		}
		if err := decodeEntry(value, index, &entry); err != nil {
			return err
		}
		if l.first == 0 {
			l.first = index
		}
		l.last = index
		return nil
	})
}

func (l *Log) edges() (first, last uint64) {
	l.edge.RLock()
	defer l.edge.RUnlock()
	return l.first, l.last
}

func (l *Log) setEdges(first, last uint64) {
	l.edge.Lock()
	l.first, l.last = first, last
	l.edge.Unlock()
}

// FirstIndex is the index of the first entry, 0 if there is none.
func (l *Log) FirstIndex() (uint64, error) {
	first, _ := l.edges()
	return first, nil
}

// LastIndex is the index of the last entry, 0 if there is none.
func (l *Log) LastIndex() (uint64, error) {
	_, last := l.edges()
	return last, nil
}

// GetLog reads an entry; raft.ErrLogNotFound if it is not there.
func (l *Log) GetLog(index uint64, entry *raft.Log) error {
	if first, last := l.edges(); index < first || index > last || index == 0 {
		return raft.ErrLogNotFound
	}
	v, err := l.db.Get(logKey(index))
	if errors.Is(err, store.ErrNotFound) {
		if first, last := l.edges(); index < first || index > last {
			return raft.ErrLogNotFound // deleted meanwhile
		}
		return fmt.Errorf("%w: entry %d is gone", store.ErrCorrupt, index)
	}
	if err != nil {
		return err
	}
	return decodeEntry(v, index, entry)
}

// StoreLog appends one entry.
func (l *Log) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// StoreLogs appends entries in one synced batch. They follow each other, and the log.
func (l *Log) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	first, last := l.edges()
	b := l.db.NewBatch()
	if next := entries[0].Index; last == 0 || next != last+1 {
		if next <= last || !l.snapshots.covers(next-1) {
			return fmt.Errorf("%w: entry %d would follow entry %d", ErrGap, next, last)
		}
		if last != 0 {
			b.DeleteRange(logKey(first), logKey(last+1))
			first = 0
		}
	}
	var buf []byte
	for i, e := range entries {
		if e.Index != entries[0].Index+uint64(i) {
			return fmt.Errorf("%w: entry %d after %d", ErrGap, e.Index, entries[i-1].Index)
		}
		var err error
		if buf, err = appendEntry(buf[:0], e); err != nil {
			return err
		}
		b.Set(logKey(e.Index), buf)
	}
	if err := b.Commit(true); err != nil {
		return err
	}
	if first == 0 {
		first = entries[0].Index
	}
	l.setEdges(first, entries[len(entries)-1].Index)
	return nil
}

// DeleteRange removes the entries from min to max, which are the log's first, and then a
// snapshot holds them, or its last. Raft's two goroutines that compact look up min first,
// which is 0 if the other one has just emptied the log.
func (l *Log) DeleteRange(min, max uint64) error {
	if min > max || max == math.MaxUint64 {
		return fmt.Errorf("%w: delete %d to %d", ErrGap, min, max)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	first, last := l.edges()
	if last == 0 || max < first || min > last {
		return nil
	}
	switch {
	case min <= first && max >= last:
		first, last = 0, 0
	case min <= first:
		if !l.snapshots.covers(max) {
			return fmt.Errorf("%w: no snapshot reaches entry %d", ErrGap, max)
		}
		first = max + 1
	case max >= last:
		last = min - 1
	default:
		return fmt.Errorf("%w: delete %d to %d of %d to %d", ErrGap, min, max, first, last)
	}
	b := l.db.NewBatch()
	b.DeleteRange(logKey(min), logKey(max+1))
	if err := b.Commit(true); err != nil {
		return err
	}
	l.setEdges(first, last)
	return nil
}
