package raftlog

import (
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// reader reads a snapshot whose digest has been checked. The chunks are not held: each is
// read again and compared with the digest that it had then.
type reader struct {
	db      *store.DB
	record  record
	digests [][32]byte // of the chunks
	next    uint32
	chunk   []byte // what is left of the one before next
}

func newReader(db *store.DB, r record) (*reader, error) {
	rd := &reader{db: db, record: r, digests: make([][32]byte, 0, r.chunkCount())}
	hash := blake3.New()
	for i := range r.chunkCount() {
		chunk, err := rd.load(i)
		if err != nil {
			return nil, err
		}
		hash.Write(chunk)
		rd.digests = append(rd.digests, blake3.Sum256(chunk))
	}
	var digest [32]byte
	hash.Sum(digest[:0])
	if digest != r.digest {
		return nil, fmt.Errorf("%w: digest of snapshot %s", store.ErrCorrupt, r.meta.ID)
	}
	return rd, nil
}

// load reads a chunk, which has the length that it should have.
func (r *reader) load(i uint32) ([]byte, error) {
	chunk, err := r.db.Get(chunkKey(r.record.seq, i))
	if errors.Is(err, store.ErrNotFound) {
		return nil, r.missing(i)
	}
	if err != nil {
		return nil, err
	}
	want := min(chunkBytes, r.record.meta.Size-int64(i)*chunkBytes)
	if int64(len(chunk)) != want {
		return nil, fmt.Errorf("%w: chunk %d of snapshot %s has %d bytes instead of %d", store.ErrCorrupt, i, r.record.meta.ID, len(chunk), want)
	}
	return chunk, nil
}

// missing tells a snapshot that newer ones have replaced from a damaged one.
func (r *reader) missing(i uint32) error {
	if _, err := r.db.Get(recordKey(r.record.seq)); errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: snapshot %s has been replaced by newer ones", ErrSnapshot, r.record.meta.ID)
	}
	return fmt.Errorf("%w: chunk %d of snapshot %s is gone", store.ErrCorrupt, i, r.record.meta.ID)
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.chunk) == 0 {
		if int(r.next) == len(r.digests) {
			return 0, io.EOF
		}
		chunk, err := r.load(r.next)
		if err != nil {
			return 0, err
		}
		if blake3.Sum256(chunk) != r.digests[r.next] {
			return 0, fmt.Errorf("%w: chunk %d of snapshot %s has changed", store.ErrCorrupt, r.next, r.record.meta.ID)
		}
		r.chunk = chunk
		r.next++
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	return n, nil
}

func (r *reader) Close() error {
	r.chunk = nil
	return nil
}
