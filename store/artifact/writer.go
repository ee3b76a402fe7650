package artifact

import (
	"errors"
	"fmt"
	"sync"

	"github.com/zeebo/blake3"
)

// A Writer takes an artifact chunk by chunk, in any order and from several goroutines. It
// must end with Commit or Abort. Until Commit has succeeded, nothing of it is served.
type Writer struct {
	s         *Store
	kind      Kind
	digest    Digest
	sizeBytes int64
	instance  uint64
	storeKey  [8]byte
	key       *dataKey // of a witness

	mu     sync.Mutex // guards what follows
	state  []chunkState
	chunks [][32]byte
	hashed int // chunks that hash has seen: the first ones
	hash   *blake3.Hasher
	ended  bool
}

type chunkState uint8

const (
	chunkAbsent chunkState = iota
	chunkBusy
	chunkWritten
)

// NewWriter starts an artifact of which digest and size are known, and takes room for it.
func (s *Store) NewWriter(kind Kind, d Digest, sizeBytes int64) (*Writer, error) {
	w, err := s.begin(kind, d, sizeBytes)
	if err != nil {
		return nil, err
	}
	batch := s.db.NewBatch()
	batch.Set(tableIntent.instanceKey(d, w.instance), intent{kind, sizeBytes, s.nowMS()}.encode(d))
	if err := batch.Commit(false); err != nil {
		w.forget()
		return nil, fmt.Errorf("artifact: %w", err)
	}
	return w, nil
}

// begin makes a writer of which the disk knows nothing yet.
func (s *Store) begin(kind Kind, d Digest, sizeBytes int64) (*Writer, error) {
	if err := kind.admit(sizeBytes); err != nil {
		return nil, err
	}
	if kind == Witness && s.opt.Sealer == nil {
		return nil, fmt.Errorf("artifact: %w", ErrStoreKey)
	}
	if err := s.reserve(kind, sizeBytes); err != nil {
		return nil, err
	}
	count := chunkCount(sizeBytes)
	w := &Writer{
		s: s, kind: kind, digest: d, sizeBytes: sizeBytes,
		state: make([]chunkState, count), chunks: make([][32]byte, count), hash: blake3.New(),
	}
	s.mu.Lock()
	w.instance = s.nextInstance
	s.nextInstance++
	s.live[w.instance] = w
	s.mu.Unlock()
	if kind == Witness {
		key, err := s.opt.Sealer.newDataKey(s.opt.Rand, d, w.instance)
		if err != nil {
			w.forget()
			return nil, err
		}
		w.key, w.storeKey = key, s.opt.Sealer.id
	}
	return w, nil
}

// forget ends the writer's hold on the quota.
func (w *Writer) forget() {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	delete(w.s.live, w.instance)
	w.s.reserved -= w.sizeBytes
}

// ChunkCount is the number of chunks to write: all of ChunkBytes, but the last.
func (w *Writer) ChunkCount() int { return len(w.state) }

// WriteChunk writes chunk i, which no other call may have written. It returns before the
// disk has synced: only Commit promises.
func (w *Writer) WriteChunk(i int, data []byte) error {
	if i < 0 || i >= len(w.state) || len(data) != chunkSize(w.sizeBytes, i) {
		return fmt.Errorf("artifact: %w: %d bytes for chunk %d of %d", ErrChunk, len(data), i, len(w.state))
	}
	if err := w.take(i); err != nil {
		return err
	}
	sum := blake3.Sum256(data)
	batch := w.s.db.NewBatch()
	setChunk(batch, w.digest, w.instance, i, w.stored(i, data))
	err := batch.Commit(false)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.state[i] = chunkAbsent
		return fmt.Errorf("artifact: %w", err)
	}
	w.state[i], w.chunks[i] = chunkWritten, sum
	if i == w.hashed {
		_, _ = w.hash.Write(data)
		w.hashed++
	}
	return nil
}

// take makes this call the one that writes chunk i.
func (w *Writer) take(i int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ended:
		return fmt.Errorf("artifact: %w", ErrEnded)
	case w.state[i] != chunkAbsent:
		return fmt.Errorf("artifact: %w: chunk %d", ErrChunk, i)
	}
	w.state[i] = chunkBusy
	return nil
}

// stored is what the disk gets of a chunk.
func (w *Writer) stored(i int, data []byte) []byte {
	if w.key == nil {
		return data
	}
	return w.key.seal(data, w.digest, w.instance, i, len(w.state))
}

// Commit makes the artifact exist, if the chunks together have the digest that they were
// announced with; else it is as if Abort had been called, and the error is ErrDigest. It
// returns when the disk has synced. The artifact is pinned as by Put.
//
// After a failure of the disk it is unknown whether the artifact exists. It does whole or
// not at all.
func (w *Writer) Commit() error {
	if err := w.end(true); err != nil {
		return err
	}
	sum, err := w.sum()
	if err == nil && sum != w.digest {
		err = fmt.Errorf("artifact: %w: want %v, have %v", ErrDigest, w.digest, sum)
	}
	if err == nil {
		_, err = w.s.sound(w.digest)
	}
	if err != nil {
		return errors.Join(err, w.discard())
	}
	release := w.s.claims.claim(w.digest)
	defer release()
	if held, err := w.s.renew(w.digest, w.kind); held || err != nil {
		return errors.Join(err, w.discard())
	}
	return w.publish(nil)
}

// Abort drops what was written. After Commit it does nothing.
func (w *Writer) Abort() error {
	if err := w.end(false); err != nil {
		return nil // it has ended already
	}
	return w.discard()
}

// end lets nobody write any more. A writer that is to be complete ends only if it is.
func (w *Writer) end(complete bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return fmt.Errorf("artifact: %w", ErrEnded)
	}
	for i, state := range w.state {
		if state == chunkBusy || complete && state != chunkWritten {
			return fmt.Errorf("artifact: %w: chunk %d is not written", ErrChunk, i)
		}
	}
	w.ended = true
	return nil
}

// sum is the digest of the whole. Chunks that did not come in order are read back.
func (w *Writer) sum() (Digest, error) {
	r := w.record()
	for ; w.hashed < len(w.chunks); w.hashed++ {
		data, err := w.s.chunk(w.digest, r, w.key, w.hashed)
		if err != nil {
			return Digest{}, fmt.Errorf("artifact: %w", err)
		}
		_, _ = w.hash.Write(data)
	}
	return Digest(w.hash.Sum(nil)), nil
}

func (w *Writer) record() *record {
	return &record{
		kind: w.kind, instance: w.instance, sizeBytes: w.sizeBytes,
		createdMS: w.s.nowMS(), storeKey: w.storeKey, chunks: w.chunks,
	}
}

// publish writes the record, and what belongs to it, in one synced step; only is the
// chunk of an artifact that has just one, if it is not written yet. A record that stands
// in the way goes in the same step. The caller has claimed the artifact.
func (w *Writer) publish(only []byte) error {
	d := w.digest
	replaced, err := w.s.record(d)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return errors.Join(err, w.discard())
	}
	until, err := w.s.pinnedUntil(d)
	if err != nil {
		return errors.Join(err, w.discard())
	}
	batch := w.s.db.NewBatch()
	if replaced != nil {
		deleteInstance(batch, d, replaced.instance)
	}
	if only != nil {
		setChunk(batch, d, w.instance, 0, w.stored(0, only))
	}
	if w.key != nil {
		batch.Set(tableDataKey.instanceKey(d, w.instance), w.key.wrapped)
	}
	batch.Set(tablePin.key(d), encodePin(max(until, w.s.uploadPin())))
	batch.Set(tableRecord.key(d), w.record().encode(d))
	batch.Delete(tableIntent.instanceKey(d, w.instance))
	err = batch.Commit(true)
	w.forget()
	if err != nil {
		// Its chunks and its intent stay as they are: either there is a record now, or
		// ClearIncomplete takes them away.
		return fmt.Errorf("artifact: %w", err)
	}
	w.s.account(w.kind, w.sizeBytes)
	if replaced != nil {
		w.s.account(replaced.kind, -replaced.sizeBytes)
	}
	return nil
}

// discard deletes what the writer wrote.
func (w *Writer) discard() error {
	defer w.forget()
	batch := w.s.db.NewBatch()
	deleteInstance(batch, w.digest, w.instance)
	batch.Delete(tableIntent.instanceKey(w.digest, w.instance))
	if err := batch.Commit(false); err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	return nil
}
