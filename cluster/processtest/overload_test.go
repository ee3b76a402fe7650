//go:build linux

package processtest

import (
	"slices"
	"time"

	"rpp-node/cluster/config"
)

// queueJobs is how many jobs the cluster of this scenario takes at once.
const queueJobs = 16

func smallQueue(_ string, c *config.Config) {
	c.Limits.QueueJobs, c.Limits.TenantJobs = queueJobs, queueJobs
}

// overload has as many clients as there are places, then 64 more.
func overload(r *rig) {
	l := r.start(0)
	l.batch(4, func() {})
	measure := func(clients int, d time.Duration) (p99 time.Duration, jobs int) {
		l.mu.Lock()
		from := len(l.took)
		l.mu.Unlock()
		end := l.more(clients)
		time.Sleep(d)
		l.mu.Lock()
		took := slices.Clone(l.took[from:])
		l.mu.Unlock()
		end()
		if len(took) == 0 {
			return 0, 0
		}
		slices.Sort(took)
		return took[(len(took)*99-1)/100], len(took)
	}
	alone, jobs := measure(queueJobs, 8*time.Second)
	refused := l.refused.Load()
	crowded, more := measure(queueJobs+64, 10*time.Second)
	r.t.Logf("p99 of %d jobs %v; with 64 clients too many, of %d jobs %v, %d calls refused", jobs, alone.Round(time.Millisecond), more, crowded.Round(time.Millisecond), l.refused.Load()-refused)
	if jobs < 8 || more < 8 {
		r.t.Errorf("%d and %d jobs: too few to say", jobs, more)
	}
	if crowded > 2*alone {
		r.t.Errorf("p99 is %v, with 64 clients too many %v", alone, crowded)
	}
	if l.refused.Load() == refused {
		r.t.Error("nothing was refused")
	}
}
