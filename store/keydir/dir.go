package keydir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// Dir is a folder of keys.
type Dir struct {
	fs     FS
	limits Limits

	// changing is held by whatever changes the folder or decides what is to be removed
	// from it, so that a temporary file seen under it is nobody's of this process.
	changing sync.Mutex

	flights flights
}

// Entry is a key as it was stored. Entries from one call of GetOrDerive may be shared:
// the blob is read-only.
type Entry struct {
	Name        Name
	Fingerprint [32]byte
	Blob        []byte
}

// Open returns the folder's keys. It reads nothing yet.
func Open(fs FS, limits Limits) *Dir {
	return &Dir{fs: fs, limits: limits.clamped()}
}

// Put stores a key under a name, in place of what was there. When it fails, the old key
// is still there, or the new one already is.
func (d *Dir) Put(n Name, fingerprint [32]byte, blob []byte) error {
	if err := n.check(); err != nil {
		return err
	}
	if len(blob) == 0 {
		return fmt.Errorf("keydir: %w: %s", ErrEmpty, n)
	}
	if int64(len(blob)) > d.limits.BlobBytes {
		return fmt.Errorf("keydir: %w: %s: %d bytes of key, at most %d", ErrTooLarge, n, len(blob), d.limits.BlobBytes)
	}
	h := newHeader(n, fingerprint, blob)
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.fs.WriteAtomic(n.File(), h.raw, blob); err != nil {
		return fmt.Errorf("keydir: writing %s: %w", n, err)
	}
	return nil
}

// Get reads a key and checks every byte of it. It changes nothing: a damaged file stays
// where it is, see Quarantine.
func (d *Dir) Get(n Name) (Entry, error) {
	if err := n.check(); err != nil {
		return Entry{}, err
	}
	var e Entry
	err := d.read(n, func(h *header, r io.Reader) error {
		blob, err := h.readBlob(r)
		e = Entry{n, h.fingerprint, blob}
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

// Quarantine checks a key and, if its file is damaged, sets it aside under the name
// .corrupt, in place of one set aside earlier, and reports true. It is kept as evidence
// until garbage is collected.
func (d *Dir) Quarantine(n Name) (bool, error) {
	if err := n.check(); err != nil {
		return false, err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	err := d.read(n, (*header).checkBlob)
	if !errors.Is(err, ErrCorrupt) {
		return false, err
	}
	if err := d.fs.Rename(n.File(), n.File()+corruptSuffix); err != nil {
		return false, fmt.Errorf("keydir: setting %s aside: %w", n, err)
	}
	return true, nil
}

// read opens a key, reads its header and hands over the rest.
func (d *Dir) read(n Name, rest func(*header, io.Reader) error) error {
	file := n.File()
	r, size, err := d.fs.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keydir: %w: %s; derive it", ErrNotFound, file)
	}
	if err != nil {
		return fmt.Errorf("keydir: opening %s: %w", file, err)
	}
	defer r.Close() // read only: nothing can be lost
	h, err := readHeader(r, size, d.limits.BlobBytes)
	if err == nil && h.name != n {
		err = damage("holds the key %s", h.name)
	}
	if err == nil {
		err = rest(h, r)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrCorrupt):
		return fmt.Errorf("keydir: %s: %w; derive the key again", file, err)
	default:
		return fmt.Errorf("keydir: %s: %w", file, err)
	}
}
