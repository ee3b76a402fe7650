package artifact

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"rpp-node/store"
)

// Options say what a Store is given.
type Options struct {
	// QuotaBytes bounds what all artifacts hold together, plain bytes counted, those being
	// written included. What was set aside does not count: it must not keep its
	// replacement out.
	QuotaBytes int64
	// Now is the wall clock: it dates artifacts and ends pins.
	Now func() time.Time
	// Rand is where data keys of witnesses come from: crypto/rand.Reader.
	Rand io.Reader
	// Sealer holds the store key. Without one, witnesses are neither written nor read.
	Sealer *Sealer
	// Pin is how long an artifact is pinned by being put, and Grace how long one that
	// nothing refers to is kept after it was made: DefaultPin and DefaultGrace if 0.
	Pin, Grace time.Duration
}

// Store is the artifacts of one node. It is safe for concurrent use.
type Store struct {
	db  *store.DB
	opt Options

	claims    claims        // of digests: who changes an artifact has claimed it
	executing chan struct{} // of one: taken by whoever executes a plan

	mu           sync.Mutex // guards what follows
	nextInstance uint64
	heldBytes    [kindCount]int64   // by records
	reserved     int64              // by writers
	live         map[uint64]*Writer // writers that have not ended, by instance
}

// New opens the artifacts of a store, and clears what a crash left incomplete.
func New(db *store.DB, opt Options) (*Store, error) {
	if opt.Pin == 0 {
		opt.Pin = DefaultPin
	}
	if opt.Grace == 0 {
		opt.Grace = DefaultGrace
	}
	s := &Store{
		db: db, opt: opt,
		claims:       claims{held: map[Digest]chan struct{}{}},
		executing:    make(chan struct{}, 1),
		nextInstance: 1,
		live:         map[uint64]*Writer{},
	}
	if err := s.recount(); err != nil {
		return nil, err
	}
	if _, err := s.ClearIncomplete(); err != nil {
		return nil, err
	}
	return s, nil
}

// recount reads what is held from the records, and which instances were used.
func (s *Store) recount() error {
	err := s.scan(tableRecord, func(d Digest, _ uint64, value []byte) error {
		r, err := decodeRecord(d, value)
		if errors.Is(err, ErrVersion) {
			return fmt.Errorf("artifact: %v: %w", d, err)
		}
		if err != nil {
			return nil // damaged: set aside by the next read
		}
		s.heldBytes[r.kind] += r.sizeBytes
		s.nextInstance = max(s.nextInstance, r.instance+1)
		return nil
	})
	for _, t := range []table{tableIntent, tableAside} {
		if err == nil {
			err = s.scan(t, func(_ Digest, instance uint64, _ []byte) error {
				s.nextInstance = max(s.nextInstance, instance+1)
				return nil
			})
		}
	}
	if err != nil {
		return err
	}
	plan, ok, err := s.PendingPlan()
	if err == nil && ok {
		for _, item := range plan.Items {
			s.nextInstance = max(s.nextInstance, item.Instance+1)
		}
	}
	if errors.Is(err, ErrPlan) {
		return nil // damaged; the next one replaces it
	}
	return err
}

// scan goes through one table. fn must not keep the value.
func (s *Store) scan(t table, fn func(d Digest, instance uint64, value []byte) error) error {
	lower, upper := t.bounds()
	return s.db.Scan(lower, upper, func(key, value []byte) error {
		d, instance := t.split(key)
		return fn(d, instance, value)
	})
}

// Usage is what a store holds. Sizes are those of plain bytes. What had a record that could
// not be read any more stays counted until the store is opened again.
type Usage struct {
	QuotaBytes    int64
	HeldBytes     int64
	ReservedBytes int64 // for artifacts that are being written
	ByKind        map[Kind]int64
}

// Usage says how much of the quota is taken.
func (s *Store) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := Usage{QuotaBytes: s.opt.QuotaBytes, ReservedBytes: s.reserved, ByKind: map[Kind]int64{}}
	for k := Witness; k <= Other; k++ {
		u.ByKind[k] = s.heldBytes[k]
		u.HeldBytes += s.heldBytes[k]
	}
	return u
}

// reserve takes room for an artifact, or says what there is none of. Proofs and keys are
// what accepted jobs need to end: the head-room is for them too.
func (s *Store) reserve(kind Kind, sizeBytes int64) error {
	admit := s.db.Admit
	if kind == Proof || kind == Key {
		admit = s.db.AdmitOwed
	}
	if err := admit(sizeBytes); err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.reserved
	for _, n := range s.heldBytes {
		taken += n
	}
	if sizeBytes > s.opt.QuotaBytes-taken {
		return fmt.Errorf("artifact: %w: %d bytes wanted, %d of %d taken", ErrQuota, sizeBytes, taken, s.opt.QuotaBytes)
	}
	s.reserved += sizeBytes
	return nil
}

// account adds to what is held.
func (s *Store) account(kind Kind, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heldBytes[kind] += bytes
}

func (s *Store) nowMS() int64 { return s.opt.Now().UnixMilli() }
