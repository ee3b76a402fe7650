package store

import (
	"fmt"
	"log/slog"
	"sync"
)

// A Fault is something that the owner of a DB has to know at once.
type Fault struct {
	Kind FaultKind
	// Err wraps the sentinel of the kind.
	Err error
	// Stopped says that the store accepts no more writes.
	Stopped bool
}

// FaultKind is a class of faults.
type FaultKind uint8

const (
	// FaultIO: the disk failed a write, a sync or a background read (ErrFailed).
	FaultIO FaultKind = iota + 1
	// FaultCorrupt: damage was met (ErrCorrupt).
	FaultCorrupt
	// FaultDiskFull: the disk is full; the ballast has been deleted and the write made
	// again (ErrDiskFull).
	FaultDiskFull
	// FaultInternal: Pebble gave up for a reason of its own (ErrFailed).
	FaultInternal
)

func (k FaultKind) String() string {
	switch k {
	case FaultIO:
		return "io"
	case FaultCorrupt:
		return "corrupt"
	case FaultDiskFull:
		return "disk-full"
	case FaultInternal:
		return "internal"
	}
	return fmt.Sprintf("FaultKind(%d)", uint8(k))
}

// faults remembers what has gone wrong with one DB. Its methods may be called with any lock
// of Pebble held.
type faults struct {
	log              *slog.Logger
	onFault          func(Fault)
	stopOnCorruption bool

	stopped chan struct{} // closed at the first fault that stops the store
	parked  chan struct{} // closed when a goroutine will never return

	mu      sync.Mutex
	seen    map[string]struct{} // guarded by mu: kind and text of each reported fault
	stopErr error               // guarded by mu, constant once set
	corrupt error               // guarded by mu: the first damage
	isPark  bool                // guarded by mu
}

func newFaults(o Options) *faults {
	return &faults{
		log: o.Log, onFault: o.OnFault, stopOnCorruption: o.StopOnCorruption,
		stopped: make(chan struct{}), parked: make(chan struct{}),
		seen: make(map[string]struct{}),
	}
}

// report records a fault and tells the owner, once for each kind and text.
func (f *faults) report(kind FaultKind, cause error) {
	fault := Fault{Kind: kind, Stopped: true}
	switch kind {
	case FaultCorrupt:
		fault.Err = fmt.Errorf("%w: %w", ErrCorrupt, line{cause})
		fault.Stopped = f.stopOnCorruption
	case FaultDiskFull:
		fault.Err = fmt.Errorf("%w: %w", ErrDiskFull, cause)
		fault.Stopped = false
	default:
		fault.Err = fmt.Errorf("%w: %w", ErrFailed, cause)
		if isDiskFull(cause) {
			fault.Err = fmt.Errorf("%w: %w", ErrDiskFull, fault.Err)
		}
	}
	fresh, stops := f.record(fault)
	if fresh {
		f.log.Error("store fault", "kind", kind.String(), "stopped", fault.Stopped, "err", fault.Err)
		f.onFault(fault)
	}
	if stops {
		close(f.stopped) // last: whoever sees ErrFailed knows that the owner has been told
	}
}

func (f *faults) record(fault Fault) (fresh, stops bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.Kind == FaultCorrupt && f.corrupt == nil {
		f.corrupt = fault.Err
	}
	if fault.Stopped && f.stopErr == nil {
		f.stopErr = fault.Err
		if fault.Kind == FaultCorrupt {
			f.stopErr = fmt.Errorf("%w: %w", ErrFailed, fault.Err)
		}
		stops = true
	}
	id := fault.Kind.String() + fault.Err.Error()
	if _, ok := f.seen[id]; !ok && len(f.seen) < maxFaults {
		f.seen[id] = struct{}{}
		fresh = true
	}
	return fresh, stops
}

// stop is the error of a stopped store, else nil.
func (f *faults) stop() error {
	select {
	case <-f.stopped:
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.stopErr
	default:
		return nil
	}
}

// first is the error that stopped the store, else the first damage, else nil.
func (f *faults) first() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopErr != nil {
		return f.stopErr
	}
	return f.corrupt
}

// park never returns.
func (f *faults) park() {
	f.abandon()
	select {}
}

// abandon says that Pebble will never end in order.
func (f *faults) abandon() {
	f.mu.Lock()
	if !f.isPark {
		f.isPark = true
		close(f.parked)
	}
	f.mu.Unlock()
}
