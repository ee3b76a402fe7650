package artifact

import (
	"errors"
	"fmt"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// damage is what a read found wrong with an artifact.
type damage struct {
	chunk int // or noChunk
	why   error
}

func (d *damage) Error() string {
	if d.chunk == noChunk {
		return d.why.Error()
	}
	return fmt.Sprintf("chunk %d: %v", d.chunk, d.why)
}

// Is makes damage ErrCorrupt, before it has been set aside too.
func (d *damage) Is(target error) bool { return target == ErrCorrupt }

func (d *damage) Unwrap() error { return d.why }

// Get answers with an artifact's bytes, every one checked.
func (s *Store) Get(d Digest) ([]byte, error) {
	var out []byte
	err := s.withRecord(d, func(r *record) error {
		key, err := s.dataKey(d, r)
		if err != nil {
			return err
		}
		out = make([]byte, 0, r.sizeBytes)
		for i := range r.chunks {
			data, err := s.stored(d, r, key, i)
			if err != nil {
				return err
			}
			out = append(out, data...)
		}
		if Digest(blake3.Sum256(out)) != d {
			return &damage{firstDamaged(r, out), errors.New("digest")}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// firstDamaged looks for the chunk to blame.
func firstDamaged(r *record, b []byte) int {
	for i, want := range r.chunks {
		size := chunkSize(r.sizeBytes, i)
		if blake3.Sum256(b[:size]) != want {
			return i
		}
		b = b[size:]
	}
	return noChunk
}

// ReadChunk answers with one chunk, checked against the digest that the record has of it,
// and with the number of chunks and the size of the whole. Whoever puts chunks together
// checks the whole.
func (s *Store) ReadChunk(d Digest, i int) (data []byte, count int, sizeBytes int64, err error) {
	err = s.withRecord(d, func(r *record) error {
		key, err := s.dataKey(d, r)
		if err != nil {
			return err
		}
		if i < 0 || i >= len(r.chunks) {
			return fmt.Errorf("artifact: %w: %d of %d", ErrChunk, i, len(r.chunks))
		}
		count, sizeBytes = len(r.chunks), r.sizeBytes
		data, err = s.chunk(d, r, key, i)
		return err
	})
	if err != nil {
		return nil, 0, 0, err
	}
	return data, count, sizeBytes, nil
}

// verify reads an artifact as Get does, in the memory of one chunk.
func (s *Store) verify(d Digest) error {
	return s.withRecord(d, func(r *record) error {
		key, err := s.dataKey(d, r)
		if err != nil {
			return err
		}
		h := blake3.New()
		for i := range r.chunks {
			data, err := s.chunk(d, r, key, i)
			if err != nil {
				return err
			}
			_, _ = h.Write(data)
		}
		if Digest(h.Sum(nil)) != d {
			return &damage{noChunk, errors.New("digest")}
		}
		return nil
	})
}

// withRecord runs read on an artifact's record, and again if the artifact was replaced or
// deleted meanwhile. Damage that read finds sets the artifact aside.
func (s *Store) withRecord(d Digest, read func(*record) error) error {
	for {
		r, err := s.record(d)
		if err == nil {
			err = read(r)
		}
		var found *damage
		if !errors.As(err, &found) {
			return err
		}
		if changed, err := s.setAside(d, r, found); !changed {
			return err
		}
	}
}

// record reads an artifact's record.
func (s *Store) record(d Digest) (*record, error) {
	b, err := s.db.Get(tableRecord.key(d))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("artifact: %w: %v", ErrNotFound, d)
	case store.IsCorruption(err):
		return nil, &damage{noChunk, err}
	case err != nil:
		return nil, fmt.Errorf("artifact: record of %v: %w", d, err)
	}
	r, err := decodeRecord(d, b)
	if err != nil && !errors.Is(err, ErrVersion) {
		return nil, &damage{noChunk, err}
	}
	if err != nil {
		return nil, fmt.Errorf("artifact: %v: %w", d, err)
	}
	return r, nil
}

// dataKey opens the data key of a witness; it is nil for what is not encrypted.
func (s *Store) dataKey(d Digest, r *record) (*dataKey, error) {
	if r.kind != Witness {
		return nil, nil
	}
	if s.opt.Sealer == nil || s.opt.Sealer.id != r.storeKey {
		return nil, fmt.Errorf("artifact: %w: %v", ErrStoreKey, d)
	}
	wrapped, err := s.db.Get(tableDataKey.instanceKey(d, r.instance))
	if err != nil {
		return nil, readError(noChunk, "data key", err)
	}
	key, err := s.opt.Sealer.unwrap(wrapped, d, r.instance)
	if err != nil {
		return nil, &damage{noChunk, err}
	}
	return key, nil
}

// chunk reads chunk i and checks it against the record.
func (s *Store) chunk(d Digest, r *record, key *dataKey, i int) ([]byte, error) {
	data, err := s.stored(d, r, key, i)
	if err != nil {
		return nil, err
	}
	if blake3.Sum256(data) != r.chunks[i] {
		return nil, &damage{i, errors.New("digest")}
	}
	return data, nil
}

// stored reads chunk i and decrypts it, if it is encrypted. Its digest is left to check.
func (s *Store) stored(d Digest, r *record, key *dataKey, i int) ([]byte, error) {
	size := chunkSize(r.sizeBytes, i)
	room := size
	if key != nil {
		room += tagBytes
	}
	data := make([]byte, 0, room)
	// Piece by piece: a scan would also touch what an earlier instance has left next to
	// them, and fail if that is what is damaged.
	for piece := 0; len(data) < room; piece++ {
		b, err := s.db.Get(pieceKey(d, r.instance, i, piece))
		if err != nil {
			return nil, readError(i, "chunk", err)
		}
		if want := min(room-len(data), pieceBytes); len(b) != want {
			return nil, &damage{i, fmt.Errorf("piece %d has %d bytes", piece, len(b))}
		}
		data = append(data, b...)
	}
	if key != nil {
		var err error
		data, err = key.open(data, d, r.instance, i, len(r.chunks))
		if err != nil {
			return nil, &damage{i, err}
		}
	}
	if len(data) != size {
		return nil, &damage{i, fmt.Errorf("%d bytes", len(data))}
	}
	return data, nil
}

// readError tells damage from a store that cannot be read. What a record promises and is
// not there is damage.
func readError(chunk int, what string, err error) error {
	switch {
	case errors.As(err, new(*damage)):
		return err
	case errors.Is(err, store.ErrNotFound), store.IsCorruption(err):
		return &damage{chunk, err}
	}
	return fmt.Errorf("artifact: %s: %w", what, err)
}

// Info is what is known of an artifact without reading it.
type Info struct {
	Digest      Digest
	Kind        Kind
	SizeBytes   int64
	ChunkCount  int
	Created     time.Time
	PinnedUntil time.Time // zero if it is not pinned

	instance uint64
}

// Stat describes an artifact.
func (s *Store) Stat(d Digest) (Info, error) {
	var info Info
	err := s.withRecord(d, func(r *record) error {
		var err error
		info, err = s.describe(d, r)
		return err
	})
	return info, err
}

func (s *Store) describe(d Digest, r *record) (Info, error) {
	info := Info{
		Digest: d, Kind: r.kind, SizeBytes: r.sizeBytes,
		ChunkCount: len(r.chunks), Created: time.UnixMilli(r.createdMS), instance: r.instance,
	}
	until, err := s.pinnedUntil(d)
	if err == nil && until != 0 {
		info.PinnedUntil = time.UnixMilli(until)
	}
	return info, err
}

// Has says whether an artifact is there, without reading it.
func (s *Store) Has(d Digest) (bool, error) {
	_, err := s.Stat(d)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrCorrupt):
		return false, nil
	default:
		return false, err
	}
}

// List describes every artifact, in the order of digests, until fn fails. It passes over
// records that are damaged.
func (s *Store) List(fn func(Info) error) error {
	return s.scan(tableRecord, func(d Digest, _ uint64, value []byte) error {
		r, err := decodeRecord(d, value)
		if err != nil {
			return nil
		}
		info, err := s.describe(d, r)
		if err != nil {
			return err
		}
		return fn(info)
	})
}
