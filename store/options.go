package store

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options say where a DB lives and what it may use. Only Dir is required.
type Options struct {
	// FS is the file system; nil stands for the operating system's.
	FS vfs.FS
	// Dir is the folder, made if it is not there. It belongs to this DB alone.
	Dir string
	// Log takes what Pebble reports; nil discards it.
	Log *slog.Logger
	// CacheBytes bounds the block cache; 0 stands for 64 MiB.
	CacheBytes int64
	// MemTableBytes is the size of a memtable; 0 stands for 16 MiB.
	MemTableBytes int64
	// BallastBytes is the size of a file that is kept to be deleted when the disk is
	// full, so that Raft can compact and end in order; 0 keeps none.
	BallastBytes int64
	// Headroom is what Admit leaves free.
	Headroom Headroom
	// OnFault is told each distinct fault once. It is called from Pebble's goroutines,
	// with its locks held: it must return at once and not call the DB.
	OnFault func(Fault)
	// StopOnCorruption makes damage stop the store, as a failed write does. Without it
	// the damaged keys fail and the others go on, so that the owner can repair them.
	StopOnCorruption bool
}

// Headroom is what has to stay free on the disk: the larger of the two.
type Headroom struct {
	MinFreeBytes    uint64  // 0 stands for 1 GiB
	MinFreeFraction float64 // of the disk; 0 stands for 0.1
}

var errOptions = errors.New("store: invalid options")

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Dir == "":
		return o, fmt.Errorf("%w: no folder", errOptions)
	case o.CacheBytes < 0 || o.MemTableBytes < 0:
		return o, fmt.Errorf("%w: negative size", errOptions)
	case o.BallastBytes < 0 || o.BallastBytes > MaxBallastBytes:
		return o, fmt.Errorf("%w: ballast of %d bytes; between 0 and %d are possible", errOptions, o.BallastBytes, int64(MaxBallastBytes))
	case !(o.Headroom.MinFreeFraction >= 0 && o.Headroom.MinFreeFraction < 1):
		return o, fmt.Errorf("%w: free fraction %v is not in [0, 1)", errOptions, o.Headroom.MinFreeFraction)
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = defaultMemTableBytes
	}
	if o.Headroom.MinFreeBytes == 0 {
		o.Headroom.MinFreeBytes = defaultMinFreeBytes
	}
	if o.Headroom.MinFreeFraction == 0 {
		o.Headroom.MinFreeFraction = defaultMinFreeFraction
	}
	if o.OnFault == nil {
		o.OnFault = func(Fault) {}
	}
	return o, nil
}
