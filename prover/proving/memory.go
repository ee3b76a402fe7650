package proving

import (
	"runtime/debug"

	"rpp-node/prover/memory"
	"rpp-node/prover/stark"
)

// mebibytes rounds up, so that the figure is a limit that is enough.
func mebibytes(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

// programBytes is what a process has in memory besides its mappings and what the Go
// runtime counts: the program itself.
const programBytes = 8 << 20

// fits refuses a proof that would take more bytes than the limit, 0 for none.
func fits(f stark.Footprint, limit int64) error {
	if limit != 0 && mebibytes(f.Peak) > limit>>20 {
		return &MemoryError{f.Peak, limit}
	}
	return nil
}

// fitsAny refuses, before a witness is expanded, what would not fit the limit at any of
// the heights that its variant may have.
func fitsAny(pk *stark.Key, heights [][]int, workers int, limit int64) error {
	if limit == 0 {
		return nil
	}
	var err error
	for _, h := range heights {
		if err = fits(pk.Footprint(h, workers, true, false), limit); err == nil {
			return nil
		}
	}
	return err
}

// Admit refuses a proof that does not fit the limit, 0 for none, and makes room for one
// that does. It returns a function to be told when a stage begins, which has the collector
// keep the Go heap within what the stage's mappings leave of the limit.
func Admit(f stark.Footprint, limit int64) (begin func(stark.Stage), err error) {
	if err := fits(f, limit); err != nil {
		return nil, err
	}
	debug.FreeOSMemory() // what compiling the circuit left
	if limit != 0 {
		memory.Trim()
	}
	return func(s stark.Stage) {
		if s == stark.StageCommit || s == stark.StageQuery { // where the peak is
			debug.FreeOSMemory()
		}
		if mapped, ok := f.Mapped[s]; ok && limit != 0 {
			debug.SetMemoryLimit(max(limit-mapped-programBytes, 1<<20))
		}
	}, nil
}
