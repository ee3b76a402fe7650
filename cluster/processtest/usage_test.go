//go:build linux

package processtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a process takes of the machine.
type usage struct {
	residentBytes int64
	files         int
	threads       int
}

func (p *process) usage() (u usage, err error) {
	pid := p.life().cmd.Process.Pid
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return u, err
	}
	u.files = len(entries)
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(b)) {
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		switch name {
		case "VmRSS":
			kib, err := strconv.ParseInt(fields[0], 10, 64)
			if err != nil {
				return u, err
			}
			u.residentBytes = kib << 10
		case "Threads":
			if u.threads, err = strconv.Atoi(fields[0]); err != nil {
				return u, err
			}
		}
	}
	return u, nil
}

// children are the processes that this one has started and that run: its devices.
func (p *process) children() []int {
	var list []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// The name, in parentheses, may hold anything.
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		parent, err := strconv.Atoi(fields[1])
		if err != nil || parent != p.life().cmd.Process.Pid || fields[0] == "Z" {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			list = append(list, pid)
		}
	}
	return list
}

// dump ends the process with a list of its goroutines, and counts them.
func (p *process) dump() (goroutines int, err error) {
	p.mu.Lock()
	p.run.told = true
	p.mu.Unlock()
	from := len(p.words())
	p.signal(unix.SIGQUIT)
	select {
	case <-p.life().ended:
	case <-time.After(5 * time.Second):
		p.kill()
		return 0, fmt.Errorf("%s does not end on SIGQUIT", p.name)
	}
	return strings.Count(p.words()[from:], "\ngoroutine "), nil
}
