package artifact

import (
	"errors"
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// Put stores bytes and answers with their digest when the disk has synced. It pins them,
// for DefaultPin unless Options say otherwise. Bytes that are there already are read and
// checked instead: an acknowledgement is worth the same either way.
//
// Bytes of two kinds are stored once, too. A witness that was stored as something public
// before stays public; what was stored as a witness becomes public when it is put as
// something else: whoever does so publishes it.
//
// After a failure of the disk it is unknown whether the artifact exists. It does whole or
// not at all.
func (s *Store) Put(kind Kind, b []byte) (Digest, error) {
	if err := kind.admit(int64(len(b))); err != nil {
		return Digest{}, err
	}
	d := Digest(blake3.Sum256(b))
	if _, err := s.sound(d); err != nil {
		return Digest{}, err
	}
	release := s.claims.claim(d)
	defer release()
	held, err := s.renew(d, kind)
	if err == nil && !held {
		err = s.write(kind, d, b)
	}
	if err != nil {
		return Digest{}, err
	}
	return d, nil
}

// write stores bytes that are not there. The caller has claimed the artifact.
func (s *Store) write(kind Kind, d Digest, b []byte) error {
	if len(b) <= ChunkBytes {
		w, err := s.begin(kind, d, int64(len(b)))
		if err != nil {
			return err
		}
		w.chunks[0] = d // a single chunk is the whole
		return w.publish(b)
	}
	w, err := s.NewWriter(kind, d, int64(len(b)))
	if err != nil {
		return err
	}
	for i := range w.ChunkCount() {
		at := i * ChunkBytes
		if err := w.WriteChunk(i, b[at:at+chunkSize(w.sizeBytes, i)]); err != nil {
			return errors.Join(err, w.Abort())
		}
	}
	if err := w.end(true); err != nil {
		return err
	}
	return w.publish(nil)
}

// sound reads and checks an artifact. If it is not there, or is set aside now, the answer
// is false; an error is the store's.
func (s *Store) sound(d Digest) (bool, error) {
	switch err := s.verify(d); {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrCorrupt):
		return false, nil
	default:
		return false, err
	}
}

// renew says whether an artifact is there in a form that serves the kind; if so, it is
// pinned as if it had just been put. The caller has claimed it.
func (s *Store) renew(d Digest, kind Kind) (bool, error) {
	r, err := s.record(d)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case r.kind == Witness && kind != Witness:
		return false, nil
	}
	return true, s.extendPin(d, s.uploadPin())
}

// setChunk writes a chunk, as it is stored, in pieces.
func setChunk(batch *store.Batch, d Digest, instance uint64, i int, stored []byte) {
	for piece := 0; len(stored) > 0; piece++ {
		n := min(len(stored), pieceBytes)
		batch.Set(pieceKey(d, instance, i, piece), stored[:n])
		stored = stored[n:]
	}
}

// deleteInstance deletes the chunks of one instance, and the key to them.
func deleteInstance(batch *store.Batch, d Digest, instance uint64) {
	lower, upper := instanceRange(d, instance)
	batch.Delete(tableDataKey.instanceKey(d, instance))
	batch.DeleteRange(lower, upper)
}

// DropWitness deletes a witness at once, pinned or not: its retention is over. One that
// is not there is no error; an artifact of another kind is ErrKind.
func (s *Store) DropWitness(d Digest) error {
	release := s.claims.claim(d)
	defer release()
	r, err := s.record(d)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case r.kind != Witness:
		return fmt.Errorf("artifact: %w: %v is a %v", ErrKind, d, r.kind)
	}
	return s.remove(d, r, true)
}

// remove deletes an artifact with its record and pin. The caller has claimed it.
func (s *Store) remove(d Digest, r *record, sync bool) error {
	batch := s.db.NewBatch()
	batch.Delete(tableRecord.key(d))
	batch.Delete(tablePin.key(d))
	deleteInstance(batch, d, r.instance)
	if err := batch.Commit(sync); err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	s.account(r.kind, -r.sizeBytes)
	return nil
}
