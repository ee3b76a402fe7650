//go:build linux

package processtest

import (
	"time"

	"golang.org/x/sys/unix"
)

// pause stops a node for a while, as a virtual machine that is moved is stopped.
func (r *rig) pause(p *process, d time.Duration) {
	r.tally.count(&r.tally.pauses)
	p.signal(unix.SIGSTOP)
	time.Sleep(d)
	p.signal(unix.SIGCONT)
}

// pauseLeader stops whoever leads, for 0.1 to 30 seconds.
func pauseLeader(r *rig) {
	r.start(6)
	for _, d := range []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, time.Second, 3 * time.Second, 300 * time.Millisecond, 700 * time.Millisecond, 12 * time.Second, 25 * time.Second} {
		l := r.leader()
		d += r.between(0, d/4)
		r.tally.count(&r.tally.pauses)
		l.signal(unix.SIGSTOP)
		began := time.Now()
		r.recovered("%s stopped for %v", l.name, d.Round(time.Millisecond))
		time.Sleep(d - time.Since(began))
		l.signal(unix.SIGCONT)
		time.Sleep(r.between(200*time.Millisecond, 800*time.Millisecond))
	}
}

// pauseWorker stops workers that prove, past the end of their leases: what they report
// when they go on is stale.
func pauseWorker(r *rig) {
	r.startSize(8, 512)
	for _, d := range []time.Duration{lease / 2, lease + time.Second, lease + 3*time.Second} {
		first, second := r.busy(), r.worker()
		for second == first {
			second = r.worker()
		}
		everywhere([]*process{first, second}, func(p *process) { r.pause(p, d) })
		time.Sleep(time.Second)
	}
}
