package child

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes has a process in a group of its own, which dies with the thread that started
// it; Go's threads live as long as the program.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit bounds a process's memory.
func limit(pid int, o Options) (*cgroup, error) {
	if o.MemoryBytes > 0 {
		bytes := uint64(o.MemoryBytes) + reservedBytes
		if err := unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}, nil); err != nil {
			return nil, fmt.Errorf("child: limiting memory: %w", err)
		}
	}
	if o.CgroupDir == "" {
		return nil, nil
	}
	return newCgroup(o.CgroupDir, pid, o.MemoryBytes)
}

// yield gives every thread of a process a low priority and the processors it may use. New
// threads inherit both from the one that starts them, so the work is done when a pass
// finds no thread that an earlier one has not seen.
func yield(pid int, o Options) error {
	set := unix.CPUSet{}
	for _, c := range o.CPUs {
		set.Set(c)
	}
	seen := map[int]bool{}
	for fresh := true; fresh; {
		fresh = false
		threads, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
		if err != nil {
			return fmt.Errorf("child: %w", err)
		}
		for _, t := range threads {
			id, err := strconv.Atoi(t.Name())
			if err != nil || seen[id] {
				continue
			}
			seen[id], fresh = true, true
			if err := unix.Setpriority(unix.PRIO_PROCESS, id, o.Nice); err != nil && err != unix.ESRCH {
				return fmt.Errorf("child: priority: %w", err)
			}
			if len(o.CPUs) > 0 {
				if err := unix.SchedSetaffinity(id, &set); err != nil && err != unix.ESRCH {
					return fmt.Errorf("child: processors %v: %w", o.CPUs, err)
				}
			}
		}
	}
	return nil
}

// pipeBytes holds a usual proof file, so that a process need not wait for its reader.
const pipeBytes = 1 << 20

// widen makes a pipe larger, if the system lets it.
func widen(f *os.File) {
	if c, err := f.SyscallConn(); err == nil {
		c.Control(func(fd uintptr) { unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeBytes) })
	}
}

// kills counts the processes that the system has killed for their memory.
func kills() uint64 { return counter("/proc/vmstat", "oom_kill") }

// counter reads a figure of a file with a name and a figure a line, 0 if it is not there.
func counter(file, name string) uint64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) == 2 && string(f[0]) == name {
			n, _ := strconv.ParseUint(string(f[1]), 10, 64)
			return n
		}
	}
	return 0
}

// resident is what a process has in memory, 0 if it has ended.
func resident(pid int) int64 {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if f := bytes.Fields(b); err == nil && len(f) > 1 {
		pages, _ := strconv.ParseInt(string(f[1]), 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}
