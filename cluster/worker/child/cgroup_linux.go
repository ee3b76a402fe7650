package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// cgroup is a memory cgroup with one process in it, of version 2 or 1. Nil is none.
type cgroup struct {
	dir   string
	two   bool
	start uint64 // kills when it began
}

// newCgroup makes a group below dir, bounds it and moves the process in.
func newCgroup(dir string, pid int, memoryBytes int64) (*cgroup, error) {
	g := &cgroup{dir: filepath.Join(dir, "device-"+strconv.Itoa(pid))}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return nil, fmt.Errorf("child: memory cgroup: %w", err)
	}
	file := "memory.limit_in_bytes"
	if _, err := os.Stat(filepath.Join(g.dir, "memory.max")); err == nil {
		g.two, file = true, "memory.max"
	}
	var err error
	if memoryBytes > 0 {
		err = g.write(file, strconv.FormatInt(memoryBytes, 10))
	}
	if err == nil {
		err = g.write("cgroup.procs", strconv.Itoa(pid))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("child: memory cgroup: %w", err), os.Remove(g.dir))
	}
	g.start = g.kills()
	return g, nil
}

func (g *cgroup) write(file, text string) error {
	return os.WriteFile(filepath.Join(g.dir, file), []byte(text), 0)
}

func (g *cgroup) kills() uint64 {
	file := "memory.oom_control"
	if g.two {
		file = "memory.events"
	}
	return counter(filepath.Join(g.dir, file), "oom_kill")
}

// starved says whether the system killed the group's process for its memory.
func (g *cgroup) starved() bool { return g != nil && g.kills() > g.start }

// remove removes the group; its process has ended, but the system may take a moment to
// notice.
func (g *cgroup) remove() {
	if g == nil {
		return
	}
	for range 10 {
		if err := os.Remove(g.dir); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
