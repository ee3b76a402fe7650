package main

import (
	"fmt"
	"math"
	"runtime/debug"
	"strconv"
	"strings"

	"rpp-node/prover/memory"
	"rpp-node/prover/stark"
)

// byteSize is a number of bytes on the command line: 300MiB, 2GiB, 1000000.
type byteSize int64

// byteUnits are the units that a size may have.
var byteUnits = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}, {"", 1}}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *byteSize) UnmarshalText(text []byte) error {
	for _, u := range byteUnits {
		digits, ok := strings.CutSuffix(string(text), u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || !(n > 0) || n*float64(u.bytes) > math.MaxInt64/2 {
			break
		}
		*b = byteSize(n * float64(u.bytes))
		return nil
	}
	return fmt.Errorf("%q is not a size; write for example 300MiB or 2GiB", text)
}

// memoryError says that a proof does not fit.
type memoryError struct{ need, limit int64 }

func (e *memoryError) Error() string {
	return fmt.Sprintf("--memory-limit: the proof needs %d MiB, the limit is %d MiB; raise the limit, use fewer --threads or a smaller circuit",
		mebibytes(e.need), e.limit>>20)
}

// mebibytes rounds up, so that the figure is a limit that is enough.
func mebibytes(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

// programBytes is what a process has in memory besides its mappings and what the Go
// runtime counts: the program itself.
const programBytes = 8 << 20

// fits refuses a proof that would take more memory than the limit, 0 for none.
func fits(f stark.Footprint, limit byteSize) error {
	if limit != 0 && mebibytes(f.Peak) > int64(limit)>>20 {
		return &memoryError{f.Peak, int64(limit)}
	}
	return nil
}

// admit refuses what does not fit, and makes room for what does. It returns a function to
// be told when a stage begins, which has the collector keep the Go heap within what the
// stage's mappings leave of the limit.
func admit(f stark.Footprint, limit byteSize) (begin func(stark.Stage), err error) {
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
			debug.SetMemoryLimit(max(int64(limit)-mapped-programBytes, 1<<20))
		}
	}, nil
}

// eachOf is a function that is told of stages and tells these, in order.
func eachOf(begin ...func(stark.Stage)) func(stark.Stage) {
	return func(s stark.Stage) {
		for _, b := range begin {
			b(s)
		}
	}
}
