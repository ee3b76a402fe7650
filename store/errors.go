package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// The ways in which a request can fail. Everything that leaves the package wraps one of
// these, or is an error of the file system from opening.
var (
	// ErrNotFound: there is no such key.
	ErrNotFound = errors.New("store: not found")
	// ErrCorrupt: what is on the disk is not what was written.
	ErrCorrupt = errors.New("store: damaged data")
	// ErrFailed: an earlier fault has stopped the store for good; open it again.
	ErrFailed = errors.New("store: stopped by a fault")
	// ErrDiskFull: the write would take the disk's head-room, or there is none left.
	ErrDiskFull = errors.New("store: disk full")
	// ErrVersion: the folder belongs to another release, or to another program.
	ErrVersion = errors.New("store: another format version")
	// ErrTooLarge: a key, value or batch is above its limit.
	ErrTooLarge = errors.New("store: too large")
	// ErrClosed: the store has been closed.
	ErrClosed = errors.New("store: closed")
)

// IsCorruption tells damage from every other failure.
func IsCorruption(err error) bool {
	return errors.Is(err, ErrCorrupt) || pebble.IsCorruptionError(err)
}

// typed gives an error of Pebble the sentinel that callers look for.
func typed(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrCorrupt), errors.Is(err, ErrFailed):
		return err
	case errors.Is(err, pebble.ErrNotFound):
		return ErrNotFound
	case pebble.IsCorruptionError(err):
		return fmt.Errorf("%w: %w", ErrCorrupt, line{err})
	case isDiskFull(err):
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return fmt.Errorf("store: %w", err)
}

// line is an error as one line: Pebble puts a second one to some that says nothing.
type line struct{ error }

func (l line) Error() string {
	text, _, _ := strings.Cut(l.error.Error(), "\n")
	return text
}

func (l line) Unwrap() error { return l.error }
