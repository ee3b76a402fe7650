package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// DB is one Pebble database.
type DB struct {
	pdb      *pebble.DB
	fs       vfs.FS // as the caller gave it
	dir      string
	headroom Headroom
	gate     *gate
	faults   *faults
	lock     *pebble.Lock

	mu       sync.Mutex
	closed   bool           // guarded by mu
	closeErr error          // what Close returned, constant once closing has ended
	closing  chan struct{}  // closed when Close has ended
	inflight sync.WaitGroup // calls that Close waits for; grows only while closed is false
}

// Open opens the database in a folder, or makes one. Whatever is wrong with the folder is
// an error here (ErrCorrupt, ErrVersion) and leaves it as it is.
func Open(o Options) (*DB, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	f := newFaults(o)
	g := &gate{FS: o.FS, dir: o.Dir, faults: f, ballast: newBallast(o.FS, o.Dir, o.BallastBytes)}
	db := &DB{fs: o.FS, dir: o.Dir, headroom: o.Headroom, gate: g, faults: f, closing: make(chan struct{})}
	if err := db.open(o); err != nil {
		return nil, fmt.Errorf("store %s: %w", o.Dir, typed(err))
	}
	if err := g.ballast.restore(db.Admit); err != nil {
		o.Log.Warn("store: no ballast", "dir", o.Dir, "err", err)
	}
	return db, nil
}

func (db *DB) open(o Options) (err error) {
	if err := makeDir(o.FS, o.Dir); err != nil {
		return err
	}
	exists, err := readFormat(o.FS, o.Dir)
	if err != nil {
		return err
	}
	if db.lock, err = pebble.LockDirectory(o.Dir, o.FS); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.lock.Close())
		}
	}()
	if err := checkWAL(o.FS, o.Dir); err != nil {
		return err
	}
	if db.gate.manifest, err = openManifestLog(o.FS, o.Dir); err != nil {
		return err
	}
	db.pdb, err = openPebble(o.Dir, pebbleOptions(o, db.gate, db.lock, exists))
	if err == nil {
		err = settleVersion(db.pdb)
		if err == nil && !exists {
			err = writeFormat(o.FS, o.Dir)
		}
		if err == nil {
			db.gate.armed.Store(true)
			if err = db.faults.stop(); err == nil {
				return nil
			}
		}
		err = errors.Join(err, db.pdb.Close())
	} else if errors.Is(err, pebble.ErrDBDoesNotExist) {
		err = fmt.Errorf("%w: the database is gone: %w", ErrCorrupt, err)
	} else if exists && refused(err) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return errors.Join(err, db.gate.manifest.close())
}

// refused tells what Pebble does not accept of its own files, such as OPTIONS that name
// another comparer, from a failure of the file system. The format was right, so it is
// damage, but for a Pebble that is older than the one that wrote.
func refused(err error) bool {
	var number syscall.Errno
	return !errors.As(err, &number) && !errors.Is(err, ErrFailed) && !strings.Contains(err.Error(), "format major version")
}

// openPebble turns the panic of a failed sync of the folder into an error.
func openPebble(dir string, o *pebble.Options) (pdb *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			cause, ok := r.(error)
			if !ok {
				cause = fmt.Errorf("%v", r)
			}
			pdb, err = nil, fmt.Errorf("%w while opening: %w", ErrFailed, cause)
		}
	}()
	return pebble.Open(dir, o)
}

func pebbleOptions(o Options, g *gate, lock *pebble.Lock, exists bool) *pebble.Options {
	return &pebble.Options{
		FS:                 g,
		Lock:               lock,
		ErrorIfNotExists:   exists,
		FormatMajorVersion: pebble.FormatNewest, // the log's chunks say what was synced
		CacheSize:          o.CacheBytes,
		MemTableSize:       uint64(o.MemTableBytes),
		Logger:             logger{gate: g},
		EventListener:      listener(g),
	}
}

// Pebble gives store's own packages what a DB does not wrap: metrics, iterators, sizes.
// Writes must go through a Batch: after a fault, a write of Pebble does not return.
func (db *DB) Pebble() *pebble.DB { return db.pdb }

// Err is the fault that stopped the store, else the first damage that was met, else nil.
func (db *DB) Err() error { return db.faults.first() }

// Stopped is closed when the store accepts no more writes.
func (db *DB) Stopped() <-chan struct{} { return db.faults.stopped }

// enter begins a call that Close waits for.
func (db *DB) enter() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return ErrClosed
	}
	db.inflight.Add(1)
	return nil
}

// Get reads a value into memory of the caller's own; ErrNotFound if there is none.
func (db *DB) Get(key []byte) ([]byte, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.inflight.Done()
	v, closer, err := db.pdb.Get(key)
	if err != nil {
		return nil, typed(err)
	}
	value := append(make([]byte, 0, len(v)), v...)
	if err := closer.Close(); err != nil {
		return nil, typed(err)
	}
	return value, nil
}

// Scan calls fn for each key in [lower, upper), in order, until it returns an error, and
// returns that error. The slices are valid during the call only. What is written
// meanwhile is not seen. A nil bound is none.
func (db *DB) Scan(lower, upper []byte, fn func(key, value []byte) error) (err error) {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.inflight.Done()
	it, err := db.pdb.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return typed(err)
	}
	defer func() {
		if closeErr := it.Close(); err == nil {
			err = typed(closeErr)
		}
	}()
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return typed(err)
		}
		if err := fn(it.Key(), v); err != nil {
			return err
		}
	}
	return typed(it.Error())
}

// Checkpoint makes a copy in a folder that does not exist yet and lies outside this one.
// Files are linked where the file system can. The copy opens like any store.
func (db *DB) Checkpoint(dir string) error {
	if db.gate.inside(dir) {
		return fmt.Errorf("%w: checkpoint inside the store", errOptions)
	}
	return db.guard(func() error {
		if err := db.pdb.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
			return err
		}
		return writeFormat(db.fs, dir)
	})
}

// guard runs a call that may write on a goroutine of its own: if the disk fails, the call
// does not return, but guard does, with the fault.
func (db *DB) guard(call func() error) error {
	if err := db.faults.stop(); err != nil {
		return err
	}
	if err := db.enter(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer db.inflight.Done()
		defer db.recovered()
		done <- call()
	}()
	select {
	case err := <-done:
		if stop := db.faults.stop(); stop != nil {
			return stop // Pebble may return nil after a fault
		}
		return typed(err)
	case <-db.faults.stopped:
		return db.faults.stop()
	}
}

// recovered turns a panic of Pebble into a fault of this store. Its locks may be held for
// ever now.
func (db *DB) recovered() {
	if r := recover(); r != nil {
		db.faults.abandon()
		db.gate.freeze(FaultInternal, fmt.Errorf("panic: %v", r))
	}
}

// Close waits for the calls in progress and closes the database. After a fault of the disk
// it only lets go of it: the folder stays locked until the process ends. Only the first
// call closes; later ones wait for it and return the same.
func (db *DB) Close() error {
	db.mu.Lock()
	first := !db.closed
	db.closed = true
	db.mu.Unlock()
	if first {
		db.closeErr = db.close()
		close(db.closing)
	}
	<-db.closing
	return db.closeErr
}

func (db *DB) close() error {
	done := make(chan error, 1)
	go func() {
		defer db.recovered()
		db.inflight.Wait()
		done <- errors.Join(typed(db.pdb.Close()), db.gate.manifest.close(), db.lock.Close())
	}()
	select {
	case err := <-done:
		return err
	case <-db.faults.parked:
		return db.faults.first()
	}
}
