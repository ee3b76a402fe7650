package scheduler

import (
	"slices"
	"time"
)

// lease is the right of a device to run a job's part until it expires.
type lease struct {
	fence     Fence
	job       *job
	device    *device
	expires   time.Time
	heapAt    int
	granted   time.Time
	timeLimit time.Duration
	alone     bool
	hedge     bool

	// begun: it is the first in the device's queue, since start as far as is known;
	// predicted is how long it should take from there.
	begun     bool
	start     time.Time
	predicted time.Duration
	// running: the worker has said so. listed: the worker has named it at all.
	running, listed bool

	// revoking: the worker was asked to give it up if it has not begun; thief is the device
	// that is to have it then, nil if any may.
	revoking bool
	thief    *device
	relieved bool // asked back from a late device, for whoever comes first
	// over: the job is no longer its business; it takes a place in the device until the
	// worker has let it go.
	over       bool
	overReason string
}

func (l *lease) expiresBefore(m *lease) bool {
	if !l.expires.Equal(m.expires) {
		return l.expires.Before(m.expires)
	}
	return l.fence.Less(m.fence)
}

// unstarted tells whether the part can still be moved.
func (l *lease) unstarted() bool { return !l.begun && !l.running && !l.over }

// remaining guesses how long a begun part still takes: one that is late is taken to need as
// long again as it is late.
func (l *lease) remaining(now time.Time) time.Duration {
	left := l.predicted - now.Sub(l.start)
	return max(left, -left)
}

// slowness is how many times its prediction a begun part has run, at least 1.
func (l *lease) slowness(now time.Time) float64 {
	return min(max(1, float64(now.Sub(l.start))/float64(max(l.predicted, 1))), 100)
}

func (l *lease) forgetThief() {
	if l.thief == nil {
		return
	}
	l.thief.incoming = slices.DeleteFunc(l.thief.incoming, func(x *lease) bool { return x == l })
	l.thief = nil
}

// attach makes a lease without telling anybody.
func (s *Scheduler) attach(j *job, d *device) *lease {
	l := &lease{
		fence: s.fence(), job: j, device: d, heapAt: -1,
		granted: s.now, expires: s.now.Add(s.config.Lease), alone: j.alone,
		timeLimit: min(max(scale(float64(d.run(j))*s.config.TimeLimitFactor), s.config.TimeLimitMin), s.config.TimeLimitMax),
	}
	s.leases[l.fence] = l
	s.expiries.push(l)
	j.leases = append(j.leases, l)
	j.grants++
	s.setState(j, JobLeased)
	d.queue = append(d.queue, l)
	s.begin(d)
	return l
}

// grant leases the job's part to the device and says so.
func (s *Scheduler) grant(j *job, d *device, kind string, reason string) *lease {
	l := s.attach(j, d)
	j.decision = reason
	s.counters.Grants++
	s.grantedCells += j.Cells
	s.note(Decision{Kind: kind, Job: j.ID, Device: d.id, Fence: l.fence, Reason: reason})
	s.do(Grant{
		Job: j.ID, Worker: d.worker.id, Device: d.id, Fence: l.fence, Lease: s.config.Lease,
		TimeLimit: l.timeLimit, Alone: l.alone, Reason: reason,
	})
	return l
}

// begin takes the first part of a device's queue as running from now on.
func (s *Scheduler) begin(d *device) {
	for _, l := range d.queue {
		if l.over {
			continue
		}
		if !l.begun {
			s.begun(l, s.now)
		}
		return
	}
}

func (s *Scheduler) begun(l *lease, start time.Time) {
	l.begun, l.start, l.predicted = true, start, l.device.run(l.job)
	if !l.job.waitCounted {
		l.job.waitCounted = true
		s.classes[l.job.Class].waits.add(start.Sub(l.job.Accepted))
	}
}

// free forgets a lease; its job is not queued again.
func (s *Scheduler) free(l *lease) {
	delete(s.leases, l.fence)
	s.expiries.remove(l)
	l.forgetThief()
	same := func(x *lease) bool { return x == l }
	l.device.queue = slices.DeleteFunc(l.device.queue, same)
	l.job.leases = slices.DeleteFunc(l.job.leases, same)
	if l.hedge {
		s.hedges--
		l.hedge = false
	}
	s.begin(l.device)
}

// lose forgets a lease whose part nobody works on any more, and queues the job again.
func (s *Scheduler) lose(l *lease, reason string) {
	over := l.over
	s.free(l)
	if over {
		return
	}
	s.note(Decision{Kind: "lost", Job: l.job.ID, Device: l.device.id, Fence: l.fence, Reason: reason})
	s.again(l.job, reason)
}

// again queues the job if it has fewer leases than it wants.
func (s *Scheduler) again(j *job, reason string) {
	if j.need() > 0 {
		s.enqueue(j, "queued again: "+reason)
	}
}

// cancel takes a lease back whether it has begun or not. The device's place stays taken
// until the worker has answered, or the lease expires.
func (s *Scheduler) cancel(l *lease, reason string) {
	if l.over {
		return
	}
	l.over, l.overReason, l.revoking = true, reason, false
	l.forgetThief()
	l.job.leases = slices.DeleteFunc(l.job.leases, func(x *lease) bool { return x == l })
	if l.hedge {
		s.hedges--
		l.hedge = false
	}
	s.revoke(l, false, reason)
}

func (s *Scheduler) cancelAll(j *job, reason string) {
	for len(j.leases) > 0 {
		s.cancel(j.leases[0], reason)
	}
}

func (s *Scheduler) revoke(l *lease, ifUnstarted bool, reason string) {
	if !l.device.worker.connected {
		return // it learns of it when it joins
	}
	s.do(Revoke{Worker: l.device.worker.id, Device: l.device.id, Fence: l.fence, IfUnstarted: ifUnstarted, Reason: reason})
}

// withdraw asks for an unstarted part back, for thief if there is one.
func (s *Scheduler) withdraw(l *lease, thief *device, reason string) {
	l.revoking, l.thief = true, thief
	if thief != nil {
		thief.incoming = append(thief.incoming, l)
	}
	s.revoke(l, true, reason)
}

// expire ends the leases whose time is over.
func (s *Scheduler) expire() {
	for s.expiries.len() > 0 {
		l := s.expiries.first()
		if l.expires.After(s.now) {
			return
		}
		if !l.over {
			s.counters.Expiries++
			s.revoke(l, false, "the lease expired without a heartbeat")
		}
		s.lose(l, "the lease expired")
		s.releaseWorker(l.device.worker)
	}
}

// dropped is a worker's answer to Revoke, or its own decision to give a part up.
func (s *Scheduler) dropped(e Dropped) {
	l := s.leases[e.Fence]
	if l == nil || l.device.worker.id != e.Worker {
		return
	}
	switch {
	case l.over:
		s.free(l)
	case e.Started:
		s.started(l, 0)
		s.keep(l, "it had started")
	case l.thief != nil:
		s.hand(l)
	case l.relieved:
		s.counters.Steals++
		s.note(Decision{Kind: "steal", Job: l.job.ID, From: l.device.id, Fence: l.fence, Reason: "back to the front of the queue: its device is late"})
		s.lose(l, "taken from a late device")
	default:
		s.lose(l, "the worker gave it up unstarted")
	}
}

// keep abandons a steal: the part runs where it is.
func (s *Scheduler) keep(l *lease, reason string) {
	if !l.revoking {
		return
	}
	if l.thief != nil || l.relieved {
		s.counters.StealsAbandoned++
		s.note(Decision{Kind: "steal-abandoned", Job: l.job.ID, Device: l.device.id, Fence: l.fence, Reason: reason})
	}
	l.forgetThief()
	l.revoking, l.relieved = false, false
}
