package artifact

import (
	"errors"
	"fmt"

	"rpp-node/store"
)

// setAside takes a damaged artifact out of what is served and answers with ErrCorrupt. Its
// chunks stay where they are, as evidence. If the record is no longer the one that the
// damage was found under (nil: no readable one), nothing is done and changed is true: the
// caller looks again.
func (s *Store) setAside(d Digest, found *record, why *damage) (changed bool, err error) {
	corrupt := fmt.Errorf("artifact: %w: %v: %w", ErrCorrupt, d, why)
	release := s.claims.claim(d)
	defer release()
	now, err := s.record(d)
	switch unreadable := errors.As(err, new(*damage)); {
	case err != nil && !unreadable:
		return true, nil // deleted, or about to tell its own error
	case unreadable != (found == nil):
		return true, nil
	case found != nil && now.instance != found.instance:
		return true, nil
	}
	instances, err := s.blamed(d, found)
	if err != nil {
		return false, errors.Join(corrupt, err)
	}
	raw, err := s.db.Get(tableRecord.key(d))
	if err != nil && !store.IsCorruption(err) {
		return false, errors.Join(corrupt, err)
	}
	batch := s.db.NewBatch()
	for _, instance := range instances {
		batch.Set(tableAside.instanceKey(d, instance), evidence{s.nowMS(), why.chunk, raw}.encode(d))
	}
	batch.Delete(tableRecord.key(d))
	if err := batch.Commit(true); err != nil {
		return false, errors.Join(corrupt, err)
	}
	if found != nil {
		s.account(found.kind, -found.sizeBytes)
	}
	return false, corrupt
}

// blamed says which instances a damaged artifact leaves behind. If the record cannot be
// read, they are those that have chunks and belong neither to a writer nor to earlier
// evidence; there may be none that can be found, and then the number 0 stands for them.
func (s *Store) blamed(d Digest, found *record) ([]uint64, error) {
	if found != nil {
		return []uint64{found.instance}, nil
	}
	var out []uint64
	lower, upper := tableChunk.key(d), store.PrefixEnd(tableChunk.key(d))
	for {
		instance, ok, err := s.firstInstance(lower, upper)
		if err != nil && !store.IsCorruption(err) {
			return nil, err
		}
		if err != nil || !ok {
			break
		}
		lower = tableChunk.instanceKey(d, instance+1)
		known := false
		for _, t := range []table{tableIntent, tableAside} {
			_, err := s.db.Get(t.instanceKey(d, instance))
			known = known || !errors.Is(err, store.ErrNotFound)
		}
		if !known {
			out = append(out, instance)
		}
	}
	if len(out) == 0 {
		out = []uint64{0}
	}
	return out, nil
}

var errStop = errors.New("enough")

// firstInstance is that of the first chunk in a range.
func (s *Store) firstInstance(lower, upper []byte) (instance uint64, ok bool, err error) {
	err = s.db.Scan(lower, upper, func(key, _ []byte) error {
		_, instance = tableChunk.split(key)
		ok = true
		return errStop
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return instance, ok, err
}

// ClearIncomplete deletes what is left of artifacts that were never completed and that
// nobody is writing, and says how many there were.
func (s *Store) ClearIncomplete() (count int, err error) {
	list, err := s.incomplete()
	for i := 0; i < len(list) && err == nil; i++ {
		err = s.clear(list[i].Digest, list[i].Instance)
	}
	if err != nil {
		return 0, fmt.Errorf("artifact: clearing what is incomplete: %w", err)
	}
	return len(list), nil
}

// incomplete lists the intents that no writer stands behind.
func (s *Store) incomplete() (out []Item, err error) {
	err = s.scan(tableIntent, func(d Digest, instance uint64, value []byte) error {
		if s.isLive(instance) {
			return nil
		}
		item := Item{Digest: d, Instance: instance, Reason: Incomplete, Kind: Other}
		if i, err := decodeIntent(d, value); err == nil {
			item.Kind, item.SizeBytes = i.kind, i.sizeBytes
		}
		out = append(out, item)
		return nil
	})
	return out, err
}

func (s *Store) isLive(instance uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[instance] != nil
}

// clear deletes the chunks and the intent of an instance.
func (s *Store) clear(d Digest, instance uint64) error {
	batch := s.db.NewBatch()
	deleteInstance(batch, d, instance)
	batch.Delete(tableIntent.instanceKey(d, instance))
	return batch.Commit(false)
}
