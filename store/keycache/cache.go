package keycache

import (
	"errors"
	"fmt"

	"rpp-node/store"
	"rpp-node/store/artifact"
)

// Cache is the index. It is safe for concurrent use.
type Cache struct {
	db    *store.DB
	blobs *artifact.Store

	changing chan int // of one, the number of entries: taken by whoever changes the index
}

// New opens the index that stands in the same store as the artifacts.
func New(db *store.DB, blobs *artifact.Store) (*Cache, error) {
	c := &Cache{db: db, blobs: blobs, changing: make(chan int, 1)}
	count := 0
	lower, upper := []byte(tableName), store.PrefixEnd([]byte(tableName))
	if err := db.Scan(lower, upper, func(_, _ []byte) error { count++; return nil }); err != nil {
		return nil, fmt.Errorf("keycache: %w", err)
	}
	c.changing <- count
	return c, nil
}

// Put stores a key and its entry, and answers with the entry when the disk has synced.
// Blob and SizeBytes are filled in. A key that had the name before is no longer found.
func (c *Cache) Put(e Entry, blob []byte) (Entry, error) {
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	d, err := c.blobs.Put(artifact.Key, blob)
	if err != nil {
		return Entry{}, fmt.Errorf("keycache: %v: %w", e.Name, err)
	}
	e.Blob, e.SizeBytes = d, int64(len(blob))
	return e, c.Add(e)
}

// Add writes the entry of a key whose artifact is there already: pulled from a peer.
func (c *Cache) Add(e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	info, err := c.blobs.Stat(e.Blob)
	if err != nil {
		return fmt.Errorf("keycache: %v: %w", e.Name, err)
	}
	if info.SizeBytes != e.SizeBytes || e.SizeBytes > artifact.MaxKeyBytes || info.Kind == artifact.Witness {
		return fmt.Errorf("keycache: %v: %w: a %v of %d bytes", e.Name, ErrEntry, info.Kind, info.SizeBytes)
	}
	count := <-c.changing
	defer func() { c.changing <- count }()
	batch := c.db.NewBatch()
	added := 0
	old, err := c.entry(e.Name)
	switch {
	case errors.Is(err, ErrNotFound) && count >= MaxEntryCount:
		return fmt.Errorf("keycache: %w: %d", ErrTooMany, count)
	case errors.Is(err, ErrNotFound):
		added = 1
	case errors.Is(err, ErrCorrupt): // overwritten; what its fingerprint led to leads nowhere
	case err != nil:
		return err
	default:
		batch.Delete(old.fingerprintKey())
	}
	batch.Set(e.Name.key(), e.encode())
	batch.Set(e.fingerprintKey(), nil)
	if err := batch.Commit(true); err != nil {
		return fmt.Errorf("keycache: %v: %w", e.Name, err)
	}
	count += added
	return nil
}

// entry reads an entry; whether its artifact is there is another question.
func (c *Cache) entry(n Name) (Entry, error) {
	b, err := c.db.Get(n.key())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Entry{}, fmt.Errorf("keycache: %w: %v", ErrNotFound, n)
	case store.IsCorruption(err):
		return Entry{}, fmt.Errorf("keycache: %w: %v: %w", ErrCorrupt, n, err)
	case err != nil:
		return Entry{}, fmt.Errorf("keycache: %v: %w", n, err)
	}
	e, err := decodeEntry(n, b)
	switch {
	case errors.Is(err, ErrVersion):
		return Entry{}, fmt.Errorf("keycache: %v: %w", n, err)
	case err != nil:
		return Entry{}, fmt.Errorf("keycache: %w: %v: %w", ErrCorrupt, n, err)
	}
	return e, nil
}

// Lookup finds a key by its name. It reads the index only.
func (c *Cache) Lookup(n Name) (Entry, error) {
	if err := n.check(); err != nil {
		return Entry{}, err
	}
	e, err := c.entry(n)
	if errors.Is(err, ErrCorrupt) {
		return Entry{}, errors.Join(err, c.Delete(n))
	}
	if err != nil {
		return Entry{}, err
	}
	info, err := c.blobs.Stat(e.Blob)
	if err == nil && info.SizeBytes != e.SizeBytes {
		err = artifact.ErrCorrupt
	}
	return e, c.settle(e, err)
}

// ByFingerprint finds a key by its fingerprint.
func (c *Cache) ByFingerprint(f Fingerprint, k Kind) (Entry, error) {
	prefix := fingerprintPrefix(f, k)
	var names []Name
	err := c.db.Scan(prefix, store.PrefixEnd(prefix), func(key, _ []byte) error {
		n, err := parseName(key[len(prefix):])
		if err == nil && n.Kind == k {
			names = append(names, n)
		}
		return nil
	})
	if err != nil {
		return Entry{}, fmt.Errorf("keycache: %w", err)
	}
	for _, n := range names {
		e, err := c.Lookup(n)
		if err == nil && e.Fingerprint == f {
			return e, nil
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Entry{}, err
		}
	}
	return Entry{}, fmt.Errorf("keycache: %w: %v key with fingerprint %v", ErrNotFound, k, f)
}

// Get reads a key, every byte checked.
func (c *Cache) Get(e Entry) ([]byte, error) {
	b, err := c.blobs.Get(e.Blob)
	if err == nil && int64(len(b)) != e.SizeBytes {
		err = artifact.ErrCorrupt
	}
	if err := c.settle(e, err); err != nil {
		return nil, err
	}
	return b, nil
}

// settle gives an error of the artifacts its meaning for an entry, and deletes the entry
// of an artifact that is gone.
func (c *Cache) settle(e Entry, err error) error {
	meaning := ErrNotFound
	switch {
	case err == nil:
		return nil
	case errors.Is(err, artifact.ErrCorrupt):
		meaning = ErrCorrupt
	case !errors.Is(err, artifact.ErrNotFound):
		return fmt.Errorf("keycache: %v: %w", e.Name, err)
	}
	err = fmt.Errorf("keycache: %w: %v: %w", meaning, e.Name, err)
	return errors.Join(err, c.delete(e.Name, func(now Entry) bool { return now == e }))
}

// Delete forgets a key, there or not. Its artifact stays until it is collected.
func (c *Cache) Delete(n Name) error {
	if err := n.check(); err != nil {
		return err
	}
	return c.delete(n, func(Entry) bool { return true })
}

func (c *Cache) delete(n Name, still func(Entry) bool) error {
	count := <-c.changing
	defer func() { c.changing <- count }()
	e, err := c.entry(n)
	if errors.Is(err, ErrNotFound) || err == nil && !still(e) {
		return nil
	}
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return err
	}
	batch := c.db.NewBatch()
	batch.Delete(n.key())
	if err == nil {
		batch.Delete(e.fingerprintKey())
	}
	if err := batch.Commit(true); err != nil {
		return fmt.Errorf("keycache: %v: %w", n, err)
	}
	count--
	return nil
}

// List describes every key that is there, in the order of names.
func (c *Cache) List() ([]Entry, error) {
	var names []Name
	err := c.db.Scan([]byte(tableName), store.PrefixEnd([]byte(tableName)), func(key, _ []byte) error {
		if n, err := parseName(key[len(tableName):]); err == nil {
			names = append(names, n)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keycache: %w", err)
	}
	var out []Entry
	for _, n := range names {
		switch e, err := c.Lookup(n); {
		case err == nil:
			out = append(out, e)
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrCorrupt):
			return nil, err
		}
	}
	return out, nil
}

// Blobs is the artifacts that entries need: what collection has to keep.
func (c *Cache) Blobs() (map[artifact.Digest]bool, error) {
	list, err := c.List()
	out := make(map[artifact.Digest]bool, len(list))
	for _, e := range list {
		out[e.Blob] = true
	}
	return out, err
}
