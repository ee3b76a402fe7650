package raft

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	hraft "github.com/hashicorp/raft"
)

// shim drives the Machine for the library: a BatchingFSM and a ConfigurationStore. All of it
// runs on the library's machine goroutine, before that on Open's.
type shim struct {
	user  Machine
	guard *guard

	mu      sync.Mutex
	applied uint64        // last entry that the Machine has seen
	changed chan struct{} // closed when applied grows, then replaced
}

var (
	_ hraft.BatchingFSM        = (*shim)(nil)
	_ hraft.ConfigurationStore = (*shim)(nil)
)

func newShim(m Machine, g *guard) *shim {
	return &shim{user: m, guard: g, changed: make(chan struct{})}
}

// ApplyBatch executes committed entries in order. After a fault it executes none.
func (s *shim) ApplyBatch(logs []*hraft.Log) []any {
	results := make([]any, len(logs))
	for i, l := range logs {
		results[i] = s.Apply(l)
	}
	return results
}

// Apply executes one entry.
func (s *shim) Apply(l *hraft.Log) any {
	if s.guard.failed() {
		return Halt{s.guard.cause()}
	}
	var result any
	switch l.Type {
	case hraft.LogCommand:
		result = s.user.Apply(l.Index, l.Data)
		if h, ok := result.(Halt); ok {
			s.guard.fail(fmt.Errorf("entry %d: %w", l.Index, h.Err))
			return result
		}
	case hraft.LogConfiguration:
		s.StoreConfiguration(l.Index, hraft.DecodeConfiguration(l.Data))
	}
	s.advance(l.Index)
	return result
}

// StoreConfiguration tells the Machine its voters.
func (s *shim) StoreConfiguration(index uint64, c hraft.Configuration) {
	var ids []string
	for _, srv := range c.Servers {
		if srv.Suffrage == hraft.Voter {
			ids = append(ids, string(srv.ID))
		}
	}
	slices.Sort(ids)
	s.user.SetVoters(index, ids)
}

// Snapshot captures the state.
func (s *shim) Snapshot() (hraft.FSMSnapshot, error) {
	if s.guard.failed() {
		return nil, fmt.Errorf("%w: %w", ErrFaulted, s.guard.cause())
	}
	w, err := s.user.Snapshot()
	if err != nil {
		return nil, err
	}
	return snapshot{w}, nil
}

// Restore replaces the state with a snapshot's. The configuration that the store keeps
// beside it is repeated to the Machine: in a restored backup, the state still names the
// voters of the cluster that it came from.
func (s *shim) Restore(rc io.ReadCloser) error {
	r, ok := rc.(*snapshotReader)
	if w, wrapped := rc.(hraft.ReadCloserWrapper); wrapped && !ok {
		r, ok = w.WrappedReadCloser().(*snapshotReader)
	}
	if err := s.user.Restore(rc); err != nil {
		s.guard.fail(fmt.Errorf("restoring a snapshot: %w", err))
		if s.guard.running.Load() {
			return nil // for a leader the library panics; this Machine is not used again anyway
		}
		return err
	}
	if ok {
		s.StoreConfiguration(r.meta.ConfigurationIndex, r.meta.Configuration)
		s.advance(r.meta.Index)
	}
	return nil
}

func (s *shim) advance(index uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied = index
	close(s.changed)
	s.changed = make(chan struct{})
}

// state is the last entry seen, and a channel that is closed when there is a later one.
func (s *shim) state() (uint64, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied, s.changed
}

// wait blocks until the Machine has seen index.
func (s *shim) wait(ctx context.Context, index uint64) error {
	for {
		applied, changed := s.state()
		if applied >= index {
			return nil
		}
		select {
		case <-changed:
		case <-s.guard.done:
			return fmt.Errorf("%w: %w", ErrFaulted, s.guard.cause())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// snapshot writes a captured state. The library closes or cancels the sink.
type snapshot struct{ state io.WriterTo }

func (s snapshot) Persist(sink hraft.SnapshotSink) error {
	_, err := s.state.WriteTo(sink)
	return err
}

func (s snapshot) Release() {}
