package child

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"rpp-node/cluster/worker/device"
)

func TestPriorityAndGroup(t *testing.T) {
	r := open(t, func(o *Options) { o.Nice = 7; o.CPUs = []int{0} })
	pid := r.current.cmd.Process.Pid
	if nice, err := unix.Getpriority(unix.PRIO_PROCESS, pid); err != nil || 20-nice != 7 {
		t.Errorf("priority %d, %v, want 7", 20-nice, err)
	}
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &set); err != nil || set.Count() != 1 || !set.IsSet(0) {
		t.Errorf("processors %v, %v", set, err)
	}
	if group, err := unix.Getpgid(pid); err != nil || group != pid {
		t.Errorf("group %d, %v, want its own, %d", group, err, pid)
	}
}

// The system's own killer, in a cgroup whose bound the process crosses by touching.
func TestMemoryCgroup(t *testing.T) {
	const dir = "/sys/fs/cgroup/memory"
	if testing.Short() {
		t.Skip("lets the system kill")
	}
	group := filepath.Join(dir, "rpp-test")
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skip("needs a memory cgroup: ", err)
	}
	t.Cleanup(func() { os.Remove(group) })
	j := small(t)
	r := open(t, func(o *Options) { o.CgroupDir = group; o.MemoryBytes = 64 << 20 })
	// Mappings stay below RLIMIT_DATA, which counts reservedBytes more.
	r.plant(t, "touch")
	r.fails(t, j, device.OutOfMemory)
	r.plant(t, "")
	r.proves(t, j)
	r.Close()
	if left, _ := os.ReadDir(group); len(directories(left)) > 0 {
		t.Errorf("groups are left: %v", left)
	}
}

func directories(list []os.DirEntry) (names []string) {
	for _, e := range list {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}
