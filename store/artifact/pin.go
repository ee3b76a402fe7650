package artifact

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"rpp-node/store"
)

// Pin keeps an artifact from collection until a time, or longer if it is pinned for
// longer already. It returns when the disk has synced.
func (s *Store) Pin(d Digest, until time.Time) error {
	release := s.claims.claim(d)
	defer release()
	if _, err := s.record(d); err != nil {
		return err
	}
	return s.extendPin(d, until.UnixMilli())
}

func (s *Store) uploadPin() int64 { return s.opt.Now().Add(s.opt.Pin).UnixMilli() }

// extendPin never shortens. The caller has claimed the artifact.
func (s *Store) extendPin(d Digest, untilMS int64) error {
	until, err := s.pinnedUntil(d)
	if err != nil || until >= untilMS {
		return err
	}
	batch := s.db.NewBatch()
	batch.Set(tablePin.key(d), encodePin(untilMS))
	if err := batch.Commit(true); err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	return nil
}

// pinnedUntil is a time in milliseconds, 0 if there is no pin.
func (s *Store) pinnedUntil(d Digest) (int64, error) {
	b, err := s.db.Get(tablePin.key(d))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("artifact: pin of %v: %w", d, err)
	case len(b) != 8:
		return 0, nil // damaged: whoever needs it pins again
	}
	return int64(binary.LittleEndian.Uint64(b)), nil
}

func encodePin(untilMS int64) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(untilMS))
}
