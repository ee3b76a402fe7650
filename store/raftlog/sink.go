package raftlog

import (
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// sink writes one snapshot, chunk by chunk. Only the record is synced: the log of the store
// keeps the order, so what came before it is then durable too.
type sink struct {
	snapshots *snapshots
	record    record
	hash      *blake3.Hasher
	chunk     []byte
	chunks    uint32
	err       error // the first failure: a sink that has failed writes no more
	done      bool
}

func newSink(s *snapshots, r record) *sink {
	return &sink{snapshots: s, record: r, hash: blake3.New()}
}

// ID names the snapshot.
func (s *sink) ID() string { return s.record.meta.ID }

// Write takes more of the data.
func (s *sink) Write(p []byte) (n int, err error) {
	if s.done {
		return 0, fmt.Errorf("%w: write after the end", ErrSnapshot)
	}
	for len(p) > 0 && s.err == nil {
		if s.record.meta.Size == MaxSnapshotBytes {
			s.err = fmt.Errorf("%w: snapshot of more than %d bytes", store.ErrTooLarge, MaxSnapshotBytes)
			break
		}
		if s.chunk == nil {
			s.chunk = make([]byte, 0, chunkBytes)
		}
		m := min(len(p), chunkBytes-len(s.chunk), int(MaxSnapshotBytes-s.record.meta.Size))
		s.chunk = append(s.chunk, p[:m]...)
		s.record.meta.Size += int64(m)
		p, n = p[m:], n+m
		if len(s.chunk) == chunkBytes {
			s.flush()
		}
	}
	return n, s.err
}

func (s *sink) flush() {
	if len(s.chunk) == 0 || s.err != nil {
		return
	}
	s.hash.Write(s.chunk)
	b := s.snapshots.db.NewBatch()
	b.Set(chunkKey(s.record.seq, s.chunks), s.chunk)
	s.err = b.Commit(false)
	s.chunks++
	s.chunk = s.chunk[:0]
}

// Close makes the snapshot complete. If it fails there may be a snapshot or not.
func (s *sink) Close() error {
	if s.done {
		return s.err
	}
	s.flush()
	if s.err != nil {
		return s.Cancel()
	}
	s.done = true
	s.hash.Sum(s.record.digest[:0])
	b := s.snapshots.db.NewBatch()
	b.Set(recordKey(s.record.seq), s.record.encode())
	if s.err = b.Commit(true); s.err != nil {
		return s.err
	}
	return s.snapshots.add(s.record)
}

// Cancel gives the snapshot up. It returns why, if writing had failed.
func (s *sink) Cancel() error {
	if s.done {
		return s.err
	}
	s.done = true
	b := s.snapshots.db.NewBatch()
	b.DeleteRange(chunksOf(s.record.seq))
	if err := b.Commit(false); s.err == nil {
		s.err = err
	}
	return s.err
}
