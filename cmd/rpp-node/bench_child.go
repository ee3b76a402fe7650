package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// childTimeout ends a program that hangs; the largest proof of a benchmark circuit takes
// a small part of it.
const childTimeout = 30 * time.Minute

// run makes one proof in a new process.
func (c *contender) run(cell benchCell) (*benchRun, error) {
	ctx, cancel := context.WithTimeout(context.Background(), childTimeout)
	defer cancel()
	args, env := c.command(cell)
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Env = append(os.Environ(), env...) // of two values the last counts
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	resetPeak()
	start := time.Now()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("ended after %v: %w", childTimeout, err)
		}
		return nil, c.failed(cell, err, stderr.Bytes())
	}
	took := time.Since(start)
	r, err := c.read(cell, stdout.Bytes())
	if err != nil {
		return nil, c.failed(cell, err, nil)
	}
	r.Seconds = took.Seconds()
	r.CPUSeconds = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		if peak := int64(u.Maxrss) * 1024; peak > ownPeak() {
			r.PeakBytes = peak
		}
	}
	return r, nil
}

// resetPeak lowers this process's peak resident size to its present size: until it
// executes its program, a child lives in its parent's memory, and Linux counts the
// parent's peak as the child's own. A child's figure means something only above ours.
func resetPeak() {
	// "5" resets the peak (proc(5)). Where it cannot be written, more figures are unknown.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// ownPeak is this process's peak since resetPeak. The one of getrusage never falls.
func ownPeak() int64 {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				return kib * 1024
			}
		}
	}
	_, peak := usage()
	return peak
}
