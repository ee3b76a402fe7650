package keydir

import (
	"errors"
	"fmt"
	"sync"
)

// Outcome says where GetOrDerive had a key from.
type Outcome string

// The outcomes.
const (
	Hit       Outcome = "hit"
	Derived   Outcome = "derived"
	Rederived Outcome = "rederived after corruption"
)

// Result is a key and how it was come by.
type Result struct {
	Entry   Entry
	Outcome Outcome
	// Damage is what was wrong with the stored file if the outcome is Rederived.
	Damage error
	// Unsaved is why a derived key could not be stored, or the damaged file not set
	// aside. The key is good all the same: a full disk costs the cache, not the proof.
	Unsaved error
}

// GetOrDerive reads a key, or derives and stores it if it is missing or damaged; a
// damaged file is set aside first. derive runs once for all callers that want the key at
// the same time, and they share its result. A key of another format version, or a file
// that cannot be read, is an error: it may be good for somebody else.
func (d *Dir) GetOrDerive(n Name, derive func() (fingerprint [32]byte, blob []byte, err error)) (Result, error) {
	return d.flights.join(n, func() (Result, error) { return d.getOrDerive(n, derive) })
}

func (d *Dir) getOrDerive(n Name, derive func() ([32]byte, []byte, error)) (Result, error) {
	e, err := d.Get(n)
	out := Result{Entry: e, Outcome: Hit}
	switch {
	case err == nil:
		return out, nil
	case errors.Is(err, ErrNotFound):
		out.Outcome = Derived
	case errors.Is(err, ErrCorrupt):
		out.Outcome, out.Damage = Rederived, err
		// Another process may have mended or moved it since.
		if _, err := d.Quarantine(n); err != nil && !errors.Is(err, ErrNotFound) {
			out.Unsaved = err
		}
	default:
		return Result{}, err
	}
	fingerprint, blob, err := derive()
	if err != nil {
		return Result{}, fmt.Errorf("keydir: deriving %s: %w", n, err)
	}
	out.Entry = Entry{n, fingerprint, blob}
	out.Unsaved = errors.Join(out.Unsaved, d.Put(n, fingerprint, blob))
	return out, nil
}

// flights lets one caller work for all that want the same key.
type flights struct {
	mu      sync.Mutex
	running map[Name]*flight // guarded by mu
}

// flight is one derivation. Its fields are written before done is closed and read after.
type flight struct {
	done   chan struct{}
	result Result
	err    error
}

var errAborted = errors.New("keydir: the derivation that this call waited for panicked")

func (f *flights) join(n Name, work func() (Result, error)) (Result, error) {
	f.mu.Lock()
	if running, ok := f.running[n]; ok {
		f.mu.Unlock()
		<-running.done
		return running.result, running.err
	}
	mine := &flight{done: make(chan struct{}), err: errAborted}
	if f.running == nil {
		f.running = map[Name]*flight{}
	}
	f.running[n] = mine
	f.mu.Unlock()

	defer func() { // also when work panics: nobody may wait for ever
		f.mu.Lock()
		delete(f.running, n)
		f.mu.Unlock()
		close(mine.done)
	}()
	mine.result, mine.err = work()
	return mine.result, mine.err
}
