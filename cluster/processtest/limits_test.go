//go:build linux

package processtest

import (
	"golang.org/x/sys/unix"
)

// killProcess ends a process that is not a node.
func killProcess(pid int) { unix.Kill(pid, unix.SIGKILL) }

// starve leaves a process no memory that it does not have already.
func starve(pid int) error {
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}, nil)
}
