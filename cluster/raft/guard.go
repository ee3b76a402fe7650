package raft

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	hraft "github.com/hashicorp/raft"
)

// guard stands between the library and the stores. It sees every error of a store first, and
// decides that the member has failed.
//
// The library panics where it cannot do without what a store failed to give, in goroutines
// of its own, which nobody could recover from; elsewhere it logs the error and goes on. Once it
// runs, the goroutine that meets an error in reading or writing is therefore ended where it
// stands: runtime.Goexit runs what the library deferred, so its waiters are answered and its
// shutdown goes on. No lock of the library is held across a call to a store. After a fault
// every further call ends its goroutine too. What the library's snapshot goroutine calls
// returns the error instead: it copes, and somebody may be waiting for it.
type guard struct {
	isCorrupt func(error) bool
	onFault   func(error)
	running   atomic.Bool // the library's goroutines call, not Open
	once      sync.Once
	done      chan struct{} // closed by the first fault
	err       error         // written before done is closed
}

func newGuard(c *Config) *guard {
	return &guard{isCorrupt: c.IsCorrupt, onFault: c.OnFault, done: make(chan struct{})}
}

func (g *guard) failed() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// cause is the first fault, nil if there was none.
func (g *guard) cause() error {
	if !g.failed() {
		return nil
	}
	return g.err
}

func (g *guard) fail(err error) {
	g.once.Do(func() {
		g.err = err
		if g.isCorrupt(err) && !errors.Is(err, ErrCorrupt) {
			g.err = &OpenError{Step: "reading the store", Corrupt: true, Err: err}
		}
		close(g.done)
		if g.onFault != nil && g.running.Load() {
			g.onFault(g.err)
		}
	})
}

// check ends the goroutine over an error, and after any earlier one.
func (g *guard) check(err error) error {
	if err = g.note(err); g.running.Load() && g.failed() {
		runtime.Goexit()
	}
	return err
}

// note passes an error on.
func (g *guard) note(err error) error {
	if err != nil {
		g.fail(err)
	}
	return err
}

// guardedLogs is the log store as the library sees it.
type guardedLogs struct {
	hraft.LogStore
	*guard
	snapshots guardedSnapshots
}

func (l guardedLogs) IsMonotonic() bool {
	m, ok := l.LogStore.(hraft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

func (l guardedLogs) FirstIndex() (uint64, error) {
	i, err := l.LogStore.FirstIndex()
	return i, l.note(err)
}

func (l guardedLogs) LastIndex() (uint64, error) {
	i, err := l.LogStore.LastIndex()
	return i, l.note(err)
}

func (l guardedLogs) GetLog(index uint64, log *hraft.Log) error {
	err := l.LogStore.GetLog(index, log)
	if err == nil && log.Index != index {
		err = &OpenError{Step: "reading the log", Corrupt: true, Err: errors.New("an entry carries another's index")}
	}
	if errors.Is(err, hraft.ErrLogNotFound) {
		if !l.lost(index) {
			return err
		}
		err = &OpenError{Step: "reading the log", Corrupt: true, Err: err}
	}
	return l.check(err)
}

// lost says whether an entry that is not there should be. A peer may ask for one before our
// first or after our last, and a restored backup leaves a hole behind its snapshot.
func (l guardedLogs) lost(index uint64) bool {
	first, err1 := l.FirstIndex()
	last, err2 := l.LastIndex()
	list, err3 := l.snapshots.List()
	if err1 != nil || err2 != nil || err3 != nil || index < first || index > last {
		return false
	}
	return len(list) == 0 || index > list[0].Index
}

func (l guardedLogs) StoreLog(log *hraft.Log) error { return l.check(l.LogStore.StoreLog(log)) }

func (l guardedLogs) StoreLogs(logs []*hraft.Log) error { return l.check(l.LogStore.StoreLogs(logs)) }

func (l guardedLogs) DeleteRange(from, to uint64) error {
	return l.note(l.LogStore.DeleteRange(from, to))
}

// guardedStable is the stable store as the library sees it. "not found" is how stores that
// the library knows say that a key was never set.
type guardedStable struct {
	hraft.StableStore
	*guard
}

func absent(err error) bool { return err != nil && err.Error() == "not found" }

func (s guardedStable) Get(key []byte) ([]byte, error) {
	v, err := s.StableStore.Get(key)
	if absent(err) {
		return nil, err
	}
	return v, s.check(err)
}

func (s guardedStable) GetUint64(key []byte) (uint64, error) {
	v, err := s.StableStore.GetUint64(key)
	if absent(err) {
		return 0, err
	}
	return v, s.check(err)
}

func (s guardedStable) Set(key, v []byte) error { return s.check(s.StableStore.Set(key, v)) }

func (s guardedStable) SetUint64(key []byte, v uint64) error {
	return s.check(s.StableStore.SetUint64(key, v))
}

// guardedSnapshots reports snapshots that cannot be read. The library copes with the error
// itself: it tries an older snapshot, or tells the peer that asked.
type guardedSnapshots struct {
	hraft.SnapshotStore
	*guard
}

func (s guardedSnapshots) List() ([]*hraft.SnapshotMeta, error) {
	list, err := s.SnapshotStore.List()
	return list, s.note(err)
}

func (s guardedSnapshots) Open(id string) (*hraft.SnapshotMeta, io.ReadCloser, error) {
	meta, r, err := s.SnapshotStore.Open(id)
	if err != nil {
		// It may have been replaced by a newer one since it was listed.
		list, listErr := s.List()
		if listErr == nil && len(list) > 0 && list[0].ID == id {
			s.fail(err)
		}
		return nil, nil, err
	}
	return meta, &snapshotReader{ReadCloser: r, meta: meta, guard: s.guard}, nil
}

// snapshotReader carries what the store knows of a snapshot to the machine that restores it.
type snapshotReader struct {
	io.ReadCloser
	meta  *hraft.SnapshotMeta
	guard *guard
}

func (r *snapshotReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		r.guard.fail(err)
	}
	return n, err
}
