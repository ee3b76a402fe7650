package raftlog

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/hashicorp/raft"

	"rpp-node/store"
)

// Below the snapshots' prefix, records and chunks have one of their own each.
const (
	snapshotRecord byte = 'm'
	snapshotChunk  byte = 'c'
)

func recordKey(seq uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{store.KeyspaceRaftSnapshot, snapshotRecord}, seq)
}

func chunkKey(seq uint64, chunk uint32) []byte {
	b := binary.BigEndian.AppendUint64([]byte{store.KeyspaceRaftSnapshot, snapshotChunk}, seq)
	return binary.BigEndian.AppendUint32(b, chunk)
}

// chunksOf is the range of a snapshot's chunks.
func chunksOf(seq uint64) (lower, upper []byte) {
	return chunkKey(seq, 0), chunkKey(seq+1, 0)
}

// snapshots is the list of complete snapshots.
type snapshots struct {
	db *store.DB

	mu      sync.Mutex
	list    []record // guarded by mu: newest first
	nextSeq uint64   // guarded by mu
}

// load reads the records, checks the newest snapshot, since raft would fall back to one
// that the log may not reach any more, and removes the chunks of incomplete ones.
func (s *snapshots) load() error {
	_, upper := store.KeyspaceBounds(store.KeyspaceRaftSnapshot)
	err := s.db.Scan(recordKey(0), upper, func(key, value []byte) error {
		if len(key) != 10 || key[1] != snapshotRecord {
			return fmt.Errorf("%w: snapshot key %x", store.ErrCorrupt, key)
		}
		seq := binary.BigEndian.Uint64(key[2:])
		r, err := decodeRecord(value, seq)
		if err != nil {
			return err
		}
		s.nextSeq = seq + 1
		s.list = append(s.list, r)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(s.list, newerFirst)
	if len(s.list) > 0 {
		if _, err := newReader(s.db, s.list[0]); err != nil {
			return err
		}
	}
	if err := s.clearIncomplete(); err != nil {
		return err
	}
	return s.reap()
}

// clearIncomplete removes the chunks that belong to no record.
func (s *snapshots) clearIncomplete() error {
	b := s.db.NewBatch()
	for seq := uint64(0); ; seq++ {
		found, err := s.chunksFrom(seq)
		if err != nil {
			return err
		}
		if found == nil {
			return b.Commit(true)
		}
		seq = *found
		if !slices.ContainsFunc(s.list, func(r record) bool { return r.seq == seq }) {
			b.DeleteRange(chunksOf(seq))
			s.nextSeq = max(s.nextSeq, seq+1)
		}
	}
}

// chunksFrom finds the first snapshot from a sequence number on that has chunks.
func (s *snapshots) chunksFrom(seq uint64) (found *uint64, err error) {
	lower, _ := store.KeyspaceBounds(store.KeyspaceRaftSnapshot)
	if seq > 0 {
		lower = chunkKey(seq, 0)
	}
	err = s.db.Scan(lower, recordKey(0), func(key, _ []byte) error {
		if len(key) != 14 || key[1] != snapshotChunk {
			return fmt.Errorf("%w: snapshot key %x", store.ErrCorrupt, key)
		}
		seq := binary.BigEndian.Uint64(key[2:])
		if seq == math.MaxUint64 {
			return fmt.Errorf("%w: snapshot key %x", store.ErrCorrupt, key)
		}
		found = &seq
		return errStop
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return found, err
}

// errStop ends a scan early.
var errStop = errors.New("stop")

func newerFirst(a, b record) int {
	return cmp.Or(cmp.Compare(b.meta.Index, a.meta.Index), cmp.Compare(b.meta.Term, a.meta.Term), cmp.Compare(b.seq, a.seq))
}

// reap removes all but the newest.
func (s *snapshots) reap() error {
	s.mu.Lock()
	var old []record
	if len(s.list) > retainCount {
		old = slices.Clone(s.list[retainCount:])
		s.list = s.list[:retainCount]
	}
	s.mu.Unlock()
	b := s.db.NewBatch()
	for _, r := range old {
		b.Delete(recordKey(r.seq))
		b.DeleteRange(chunksOf(r.seq))
	}
	return b.Commit(false)
}

// covers says whether a complete snapshot holds the entries up to an index.
func (s *snapshots) covers(index uint64) bool {
	if index == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.list, func(r record) bool { return r.meta.Index >= index })
}

// List gives the complete snapshots, newest first.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	metas := make([]*raft.SnapshotMeta, 0, len(s.list))
	for _, r := range s.list {
		metas = append(metas, r.metaCopy())
	}
	return metas, nil
}

// Create begins a snapshot.
func (s *snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration, configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	r := record{meta: raft.SnapshotMeta{
		Version: version, Index: index, Term: term,
		Configuration: configuration.Clone(), ConfigurationIndex: configurationIndex,
	}}
	if err := r.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	r.seq = s.nextSeq
	s.nextSeq++
	s.mu.Unlock()
	r.meta.ID = snapshotID(r.meta.Term, r.meta.Index, r.seq)
	return newSink(s, r), nil
}

// add takes in a snapshot that has been written whole.
func (s *snapshots) add(r record) error {
	s.mu.Lock()
	s.list = append(s.list, r)
	slices.SortFunc(s.list, newerFirst)
	s.mu.Unlock()
	return s.reap()
}

// Open checks a snapshot against its digest and begins to read it. If a newer snapshot
// replaces it meanwhile, reading fails.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	i := slices.IndexFunc(s.list, func(r record) bool { return r.meta.ID == id })
	var r record
	if i >= 0 {
		r = s.list[i]
	}
	s.mu.Unlock()
	if i < 0 {
		return nil, nil, fmt.Errorf("%w: no snapshot %.64q", ErrSnapshot, id)
	}
	rd, err := newReader(s.db, r)
	if err != nil {
		return nil, nil, err
	}
	return r.metaCopy(), rd, nil
}

func snapshotID(term, index, seq uint64) string {
	return fmt.Sprintf("%d-%d-%d", term, index, seq)
}
