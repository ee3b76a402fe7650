package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"rpp-node/prover/proving"
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

// memoryLimit adds to the error of a proof that does not fit how to make it fit.
func memoryLimit(err error) error {
	var m *proving.MemoryError
	if errors.As(err, &m) {
		return fmt.Errorf("--memory-limit: %w; raise the limit, use fewer --threads or a smaller circuit", err)
	}
	return err
}

// eachOf is a function that is told of stages and tells these, in order.
func eachOf(begin ...func(stark.Stage)) func(stark.Stage) {
	return func(s stark.Stage) {
		for _, b := range begin {
			b(s)
		}
	}
}
