package lru

import (
	"container/list"
	"context"
	"errors"
	"sync"
)

// ErrClosed is what Acquire answers after Close.
var ErrClosed = errors.New("key cache in memory: closed")

// Options say how much is kept and who is told. Every function may be nil, and may be
// called by several goroutines at once.
type Options[K comparable, V any] struct {
	CapacityBytes int64

	// Free gives a value's memory back. It is called once for every value that was
	// loaded, after the last of its users.
	Free func(K, V)

	// Hit and Miss are told of every Acquire: whether the value was there, or being
	// loaded already. Evicted is told of every value that made room for others.
	Hit, Miss func(K)
	Evicted   func(key K, sizeBytes int64)
}

// Cache is a cache. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	opt Options[K, V]

	mu        sync.Mutex // guards what follows and every entry's fields
	entries   map[K]*entry[K, V]
	idle      *list.List // of *entry, loaded and unused; the one used last is in front
	heldBytes int64      // of all that was loaded and not freed, in use or not
	closed    bool
}

// entry is a value, or the promise of one.
type entry[K comparable, V any] struct {
	key       K
	value     V
	sizeBytes int64
	users     int
	detached  bool          // no longer in the map: the last user frees it
	place     *list.Element // in idle, if unused
	err       error         // of the load; set before loaded is closed
	loaded    chan struct{} // closed when the load has ended
}

// New makes an empty cache.
func New[K comparable, V any](opt Options[K, V]) *Cache[K, V] {
	return &Cache[K, V]{opt: opt, entries: map[K]*entry[K, V]{}, idle: list.New()}
}

// A Load makes a value and says how many bytes it holds.
type Load[V any] func(context.Context) (V, int64, error)

// Acquire answers with the value of a key, and with a function that hands it back; until
// that has been called, the value stays as it is. If there is none, load makes it, and
// callers who ask meanwhile wait for it. A load that fails fails them all and leaves
// nothing behind; but if it failed because its own caller gave up, the next one loads.
func (c *Cache[K, V]) Acquire(ctx context.Context, key K, load Load[V]) (V, func(), error) {
	var none V
	for counted := false; ; {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return none, nil, ErrClosed
		}
		e, ok := c.entries[key]
		if !ok {
			e = &entry[K, V]{key: key, users: 1, loaded: make(chan struct{})}
			c.entries[key] = e
		} else {
			c.use(e)
		}
		c.mu.Unlock()

		if !counted {
			counted = true
			c.observe(ok, key)
		}
		if !ok {
			return c.load(ctx, e, load)
		}
		select {
		case <-e.loaded:
		case <-ctx.Done():
			c.release(e)
			return none, nil, ctx.Err()
		}
		if e.err == nil {
			return e.value, c.releaser(e), nil
		}
		if !gaveUp(e.err) {
			return none, nil, e.err
		}
	}
}

func gaveUp(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (c *Cache[K, V]) observe(hit bool, key K) {
	f := c.opt.Miss
	if hit {
		f = c.opt.Hit
	}
	if f != nil {
		f(key)
	}
}

// load fulfils an entry's promise. A load that panics has failed: those who wait must not
// wait for ever.
func (c *Cache[K, V]) load(ctx context.Context, e *entry[K, V], load Load[V]) (V, func(), error) {
	err := errors.New("key cache in memory: the load panicked")
	var value V
	var size int64
	defer func() {
		if err != nil {
			c.fail(e, err)
		}
	}()
	value, size, err = load(ctx)
	if err != nil {
		return value, nil, err
	}
	c.mu.Lock()
	e.value, e.sizeBytes = value, size
	c.heldBytes += size
	freed := c.shrink()
	close(e.loaded)
	c.mu.Unlock()
	c.free(freed, true)
	return value, c.releaser(e), nil
}

func (c *Cache[K, V]) fail(e *entry[K, V], err error) {
	c.mu.Lock()
	e.err = err
	if !e.detached {
		delete(c.entries, e.key)
		e.detached = true
	}
	close(e.loaded)
	c.mu.Unlock()
}

// use counts one more user of an entry. The caller holds mu.
func (c *Cache[K, V]) use(e *entry[K, V]) {
	e.users++
	if e.place != nil {
		c.idle.Remove(e.place)
		e.place = nil
	}
}

// releaser is the function that ends one use. Calling it again does nothing.
func (c *Cache[K, V]) releaser(e *entry[K, V]) func() {
	var once sync.Once
	return func() { once.Do(func() { c.release(e) }) }
}

func (c *Cache[K, V]) release(e *entry[K, V]) {
	c.mu.Lock()
	e.users--
	var gone, evicted []*entry[K, V]
	switch {
	case e.users > 0 || !e.isLoaded():
	case e.detached:
		c.heldBytes -= e.sizeBytes
		gone = append(gone, e)
	default:
		e.place = c.idle.PushFront(e)
		evicted = c.shrink()
	}
	c.mu.Unlock()
	c.free(gone, false)
	c.free(evicted, true)
}

// isLoaded says whether the entry has a value. The caller holds mu, and so does whoever
// closes loaded.
func (e *entry[K, V]) isLoaded() bool {
	select {
	case <-e.loaded:
		return e.err == nil
	default:
		return false
	}
}

// shrink takes unused values out until the rest fits, the one unused for longest first.
// The caller holds mu and frees what it gets after letting go.
func (c *Cache[K, V]) shrink() (out []*entry[K, V]) {
	for c.heldBytes > c.opt.CapacityBytes && c.idle.Len() > 0 {
		out = append(out, c.detachIdle(c.idle.Back().Value.(*entry[K, V])))
	}
	return out
}

func (c *Cache[K, V]) detachIdle(e *entry[K, V]) *entry[K, V] {
	c.idle.Remove(e.place)
	e.place = nil
	e.detached = true
	delete(c.entries, e.key)
	c.heldBytes -= e.sizeBytes
	return e
}

func (c *Cache[K, V]) free(list []*entry[K, V], evicted bool) {
	for _, e := range list {
		if c.opt.Free != nil {
			c.opt.Free(e.key, e.value)
		}
		if evicted && c.opt.Evicted != nil {
			c.opt.Evicted(e.key, e.sizeBytes)
		}
	}
}

// Remove forgets a key, whose value is freed as soon as nobody uses it. Whoever acquires
// it next loads it again.
func (c *Cache[K, V]) Remove(key K) {
	c.mu.Lock()
	var gone []*entry[K, V]
	if e, ok := c.entries[key]; ok {
		gone = c.forget(e)
	}
	c.mu.Unlock()
	c.free(gone, false)
}

// forget takes an entry out of the map and answers with it if it can be freed at once.
// The caller holds mu.
func (c *Cache[K, V]) forget(e *entry[K, V]) []*entry[K, V] {
	if e.place != nil {
		return []*entry[K, V]{c.detachIdle(e)}
	}
	e.detached = true
	delete(c.entries, e.key)
	return nil
}

// Close forgets every key. Values in use are freed by the last of their users.
func (c *Cache[K, V]) Close() {
	c.mu.Lock()
	c.closed = true
	var gone []*entry[K, V]
	for _, e := range c.entries {
		gone = append(gone, c.forget(e)...)
	}
	c.mu.Unlock()
	c.free(gone, false)
}

// HeldBytes is the size of what is in memory, in use or not.
func (c *Cache[K, V]) HeldBytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heldBytes
}

// Count is the number of keys whose value is in memory or being loaded.
func (c *Cache[K, V]) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}
