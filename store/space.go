package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Space is what the disk below a DB has. Both are zero if the file system cannot say.
type Space struct {
	FreeBytes, TotalBytes uint64
}

// Space asks the file system.
func (db *DB) Space() (Space, error) {
	u, err := db.fs.GetDiskUsage(db.dir)
	if errors.Is(err, vfs.ErrUnsupported) {
		return Space{}, nil
	}
	if err != nil {
		return Space{}, typed(err)
	}
	return Space{FreeBytes: u.AvailBytes, TotalBytes: u.TotalBytes}, nil
}

// Admit says whether bytes more may be written: ErrDiskFull if that would take the
// head-room. Nothing is reserved. What Raft needs to go on is not asked for here: the
// head-room and the ballast are for it.
func (db *DB) Admit(bytes int64) error { return db.admit(bytes, 1) }

// AdmitOwed says so of what was promised before space ran short, and must be written to
// keep the promise: it may take half of the head-room.
func (db *DB) AdmitOwed(bytes int64) error { return db.admit(bytes, 2) }

// admit leaves the head-room, divided.
func (db *DB) admit(bytes int64, divisor uint64) error {
	s, err := db.Space()
	if err != nil || s.TotalBytes == 0 {
		return err
	}
	keep := max(db.headroom.MinFreeBytes, uint64(db.headroom.MinFreeFraction*float64(s.TotalBytes))) / divisor
	if want := uint64(max(bytes, 0)); s.FreeBytes < keep || s.FreeBytes-keep < want {
		return fmt.Errorf("%w: %d bytes are free, %d of them are kept free, %d are asked for", ErrDiskFull, s.FreeBytes, keep, want)
	}
	return nil
}

// ReleaseBallast deletes the ballast, if there is one. A full disk does the same.
func (db *DB) ReleaseBallast() { db.gate.ballast.release() }

// RestoreBallast makes the ballast again; ErrDiskFull if that would take the head-room.
func (db *DB) RestoreBallast() error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.inflight.Done()
	return typed(db.gate.ballast.restore(db.Admit))
}

// BallastHeld says whether the ballast is there.
func (db *DB) BallastHeld() bool { return db.gate.ballast.isHeld() }
