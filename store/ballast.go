package store

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const ballastName = "BALLAST"

// ballast is a file that takes up space until it is needed.
type ballast struct {
	fs    vfs.FS // not the gate: releasing must work when Pebble's writes do not
	dir   string
	bytes int64

	mu   sync.Mutex
	held bool // guarded by mu
}

func newBallast(fsys vfs.FS, dir string, bytes int64) *ballast {
	return &ballast{fs: fsys, dir: dir, bytes: bytes}
}

func (b *ballast) path() string { return b.fs.PathJoin(b.dir, ballastName) }

// release deletes the file and says whether that has freed anything.
func (b *ballast) release() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.held {
		return false
	}
	b.held = false
	return b.fs.Remove(b.path()) == nil
}

// restore makes the file unless it is there, whole. A file of another size is made anew.
func (b *ballast) restore(admit func(bytes int64) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held {
		return nil
	}
	info, err := b.fs.Stat(b.path())
	switch {
	case err == nil && info.Size() == b.bytes && b.bytes > 0:
		b.held = true
		return nil
	case err == nil:
		if err := b.fs.Remove(b.path()); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if b.bytes == 0 {
		return nil
	}
	if err := admit(b.bytes); err != nil {
		return err
	}
	if err := b.fill(); err != nil {
		return errors.Join(fmt.Errorf("ballast: %w", err), b.fs.Remove(b.path()))
	}
	b.held = true
	return nil
}

// fill reserves the blocks and writes the last byte last: a file of the full size is whole.
func (b *ballast) fill() error {
	f, err := b.fs.OpenReadWrite(b.path(), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	err = f.Preallocate(0, b.bytes)
	if err == nil {
		_, err = f.WriteAt([]byte{0}, b.bytes-1)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncDir(b.fs, b.dir)
}

func (b *ballast) isHeld() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}
