package artifact

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rpp-node/store"
)

// Plan lists what may be deleted at a time, and why. referenced says whether a live job,
// a released proof within retention or a current key needs an artifact; it is asked from
// this call only. Nothing is changed.
func (s *Store) Plan(now time.Time, referenced func(Digest) bool) (Plan, error) {
	p := Plan{CreatedMS: now.UnixMilli()}
	old := now.Add(-s.opt.Grace).UnixMilli()
	items, err := s.incomplete()
	if err == nil {
		p.Items = items
		err = s.scan(tableAside, func(d Digest, instance uint64, value []byte) error {
			item := Item{Digest: d, Instance: instance, Reason: SetAside, Kind: Other}
			e, err := decodeEvidence(d, value)
			if err == nil && e.atMS > old {
				return nil
			}
			if r, err := decodeRecord(d, e.record); err == nil {
				item.Kind, item.SizeBytes = r.kind, r.sizeBytes
			}
			p.Items = append(p.Items, item)
			return nil
		})
	}
	if err == nil {
		err = s.List(func(info Info) error {
			if info.Created.UnixMilli() <= old && info.PinnedUntil.Before(now) && !referenced(info.Digest) {
				p.Items = append(p.Items, Item{
					Digest: info.Digest, Instance: info.instance, Kind: info.Kind,
					Reason: Unreferenced, SizeBytes: info.SizeBytes,
				})
			}
			return nil
		})
	}
	if err != nil {
		return Plan{}, fmt.Errorf("artifact: planning a collection: %w", err)
	}
	p.Items = p.Items[:min(len(p.Items), MaxPlanItems)]
	return p, nil
}

// Collected is what executing a plan came to.
type Collected struct {
	DeletedCount int
	DeletedBytes int64
	// SkippedCount is what no longer is as the plan saw it: pinned, referenced, replaced
	// or gone meanwhile.
	SkippedCount int
}

// Execute writes the plan down and carries it out: each item is looked at again, then
// deleted in one step. A plan that is interrupted, by ctx or by the end of the process,
// is found by PendingPlan. Plans wait for each other.
//
// When it returns, the keys of the witnesses that it deleted are no longer in the tables
// of the store. Copies in a log that Pebble has not reused yet, and in free blocks of the
// disk, are as safe as the store key.
func (s *Store) Execute(ctx context.Context, p Plan, referenced func(Digest) bool) (Collected, error) {
	var done Collected
	select {
	case s.executing <- struct{}{}:
		defer func() { <-s.executing }()
	case <-ctx.Done():
		return done, ctx.Err()
	}
	if len(p.Items) > MaxPlanItems {
		return done, fmt.Errorf("artifact: %w: %d items, at most %d", ErrPlan, len(p.Items), MaxPlanItems)
	}
	batch := s.db.NewBatch()
	batch.Set([]byte(tablePlan), p.Encode())
	if err := batch.Commit(true); err != nil {
		return done, fmt.Errorf("artifact: writing a plan down: %w", err)
	}
	secrets := false
	for _, item := range p.Items {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		deleted, err := s.collect(item, referenced)
		if err != nil {
			return done, fmt.Errorf("artifact: collecting %v: %w", item.Digest, err)
		}
		if !deleted {
			done.SkippedCount++
			continue
		}
		done.DeletedCount++
		done.DeletedBytes += item.SizeBytes
		secrets = secrets || item.Kind == Witness
	}
	if secrets {
		if err := s.Shred(ctx); err != nil {
			return done, err
		}
	}
	batch = s.db.NewBatch()
	batch.Delete([]byte(tablePlan))
	if err := batch.Commit(true); err != nil {
		return done, fmt.Errorf("artifact: ending a plan: %w", err)
	}
	return done, nil
}

// collect deletes one item, if it is still as the plan saw it.
func (s *Store) collect(item Item, referenced func(Digest) bool) (bool, error) {
	release := s.claims.claim(item.Digest)
	defer release()
	switch item.Reason {
	case Incomplete:
		if there, err := s.exists(tableIntent.instanceKey(item.Digest, item.Instance)); !there || err != nil {
			return false, err
		}
		if s.isLive(item.Instance) {
			return false, nil
		}
		return true, s.clear(item.Digest, item.Instance)
	case SetAside:
		return s.collectAside(item)
	}
	r, err := s.record(item.Digest)
	if errors.Is(err, ErrNotFound) || errors.As(err, new(*damage)) {
		return false, nil
	}
	if err != nil || r.instance != item.Instance {
		return false, err
	}
	until, err := s.pinnedUntil(item.Digest)
	if err != nil || until >= s.nowMS() || referenced(item.Digest) {
		return false, err
	}
	return true, s.remove(item.Digest, r, false)
}

func (s *Store) collectAside(item Item) (bool, error) {
	d := item.Digest
	there, err := s.exists(tableAside.instanceKey(d, item.Instance))
	if !there || err != nil {
		return false, err
	}
	replaced, err := s.exists(tableRecord.key(d))
	if err != nil {
		return false, err
	}
	batch := s.db.NewBatch()
	deleteInstance(batch, d, item.Instance)
	batch.Delete(tableAside.instanceKey(d, item.Instance))
	if !replaced {
		batch.Delete(tablePin.key(d))
	}
	return true, batch.Commit(false)
}

func (s *Store) exists(key []byte) (bool, error) {
	_, err := s.db.Get(key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil || store.IsCorruption(err), ignoreCorruption(err)
}

func ignoreCorruption(err error) error {
	if store.IsCorruption(err) {
		return nil
	}
	return err
}

// Shred makes the store rewrite the table of data keys, so that those of witnesses that
// were deleted are in no file any more but a log that waits for reuse. The store must not
// be closed meanwhile.
func (s *Store) Shred(ctx context.Context) error {
	lower, upper := tableDataKey.bounds()
	done := make(chan error, 1)
	go func() { done <- s.db.Pebble().Compact(ctx, lower, upper, false) }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("artifact: shredding keys: %w", err)
		}
		return nil
	case <-s.db.Stopped(): // the call may never return
		return fmt.Errorf("artifact: shredding keys: %w", s.db.Err())
	}
}
