package scheduler

import "time"

// wake asks for a Tick when time alone will change something: a lease ends, the hold-off or
// a rest is over, a part becomes late while a device is idle. It speaks up only if that is
// earlier than what it has asked for.
func (s *Scheduler) wake() {
	var at time.Time
	var reason string
	sooner := func(t time.Time, why string) {
		if t.After(s.now) && (at.IsZero() || t.Before(at)) {
			at, reason = t, why
		}
	}
	waiting := s.waiting() > 0
	if s.expiries.len() > 0 {
		sooner(s.expiries.first().expires, "a lease ends")
	}
	if waiting {
		sooner(s.holdUntil, "grants begin")
	}
	idle := !s.now.Before(s.holdUntil) && s.anyIdle()
	for _, d := range s.devices {
		if d.failures > 0 {
			sooner(d.restUntil, "a device has rested")
		}
		if waiting && len(d.queue) > 0 && len(d.queue) < s.config.QueueDepth {
			sooner(s.freeAt(d).Add(-s.config.AheadTime), "a device is free soon")
		}
		if waiting && len(d.queue) > 1 {
			if head := d.head(); head != nil {
				sooner(s.lateAt(head), "a part is late")
			}
		}
		if idle {
			if l := d.head(); l != nil && len(l.job.leases) == 1 {
				sooner(s.hedgeAt(l), "a part is late")
			}
		}
	}
	if at.IsZero() || s.wakeAt.After(s.now) && !at.Before(s.wakeAt) {
		return
	}
	s.wakeAt = at
	s.do(WakeAt{At: at, Reason: reason})
}

// hedgeAt is when an idle device starts to be the better one for a late part.
func (s *Scheduler) hedgeAt(l *lease) time.Time {
	at := s.lateAt(l)
	if d := s.idleFor(l.job); d != nil {
		if worth := l.start.Add(l.predicted + d.run(l.job) + time.Millisecond); worth.After(at) {
			at = worth
		}
	}
	return at
}
