//go:build !linux

package device

import "time"

// What a task took is measured on Linux only.

func cpuTime() time.Duration { return 0 }
func resetPeak()             {}
func peakBytes() uint64      { return 0 }
