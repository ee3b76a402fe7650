//go:build linux

package processtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// throttle leaves a node and its devices a tenth of a processor; free takes that back.
func throttle(t *testing.T, p *process) (free func()) {
	name := fmt.Sprintf("rpp-processtest-%d", time.Now().UnixNano())
	dir, settings := filepath.Join("/sys/fs/cgroup/cpu", name), map[string]string{"cpu.cfs_period_us": "50000", "cpu.cfs_quota_us": "5000"}
	if b, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers"); err == nil && strings.Contains(string(b), "cpu") {
		dir, settings = filepath.Join("/sys/fs/cgroup", name), map[string]string{"cpu.max": "5000 50000"}
		os.WriteFile("/sys/fs/cgroup/cgroup.subtree_control", []byte("+cpu"), 0) // it may be on already
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("no control group for processor time: %v", err)
	}
	move := func(to string) {
		for _, pid := range append(p.children(), p.life().cmd.Process.Pid) {
			if err := os.WriteFile(filepath.Join(to, "cgroup.procs"), fmt.Append(nil, pid), 0); err != nil {
				t.Errorf("%s: process %d: %v", p.name, pid, err)
			}
		}
	}
	for file, value := range settings {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	move(dir)
	return func() {
		move(filepath.Dir(dir))
		if err := os.Remove(dir); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// batch submits so many jobs at once, calls midway when a quarter of them is proved, and
// says how long all of them took.
func (l *load) batch(jobs int, midway func()) time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	var once sync.Once
	var mu sync.Mutex
	done := 0
	for i := range jobs {
		c := l.client(l.clients + i)
		all.Add(1)
		go func() {
			defer all.Done()
			c.one(l.ctx, uint64(i))
			mu.Lock()
			done++
			quarter := done >= jobs/4
			mu.Unlock()
			if quarter {
				once.Do(midway)
			}
		}()
	}
	l.clients += jobs
	all.Wait()
	return time.Since(began)
}

// slowWorker slows one worker down to a tenth in the middle of its work. What it holds is
// done by others.
func slowWorker(r *rig) {
	l := r.startSize(0, 512)
	const jobs = 48
	l.batch(8, func() {})
	before := l.batch(jobs, func() {})
	var free func()
	w := r.worker()
	slowed := l.batch(jobs, func() { free = throttle(r.t, w) })
	s, err := r.clusterStatus()
	if err != nil {
		r.t.Error(err)
	}
	free()
	after := l.batch(jobs, func() {})
	r.t.Logf("%d jobs: %v, with %s slowed %v, then %v; %d steals", jobs, before.Round(time.Millisecond), w.name, slowed.Round(time.Millisecond), after.Round(time.Millisecond), s.GetQueue().GetSteals())
	if slowed > max(before, after)*3/2 {
		r.t.Errorf("one slow worker makes it %v, it was %v and %v", slowed, before, after)
	}
	for _, d := range s.GetDecisions() {
		if (d.Kind == "steal" || d.Kind == "hedge") && strings.HasPrefix(d.From, w.name) {
			r.t.Logf("%s of %x from %s to %s: %s", d.Kind, d.Job[:4], d.From, d.Device, d.Reason)
			return
		}
	}
	if s.GetQueue().GetSteals() == 0 {
		r.t.Error("nothing was stolen, as far as the status says")
	}
}
