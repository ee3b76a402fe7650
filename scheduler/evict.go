package scheduler

import (
	"slices"
)

// drain is an operator's word about a worker.
func (s *Scheduler) drain(e Drain) {
	w := s.workers[e.Worker]
	if w == nil || w.drained == e.On {
		return
	}
	w.drained = e.On
	s.rates.recount = true
	s.evict(w)
}

// evict moves unstarted parts away from a worker that should not, or will not, come to
// them.
func (s *Scheduler) evict(w *worker) {
	for _, d := range w.devices {
		if d.quarantined {
			s.purge(d, "the device is quarantined")
			continue
		}
		reason := ""
		switch {
		case w.drained || w.draining:
			reason = "the worker drains"
		case d.drained:
			reason = "the device is drained"
		}
		at := s.now
		for _, l := range d.queue {
			if l.over {
				continue
			}
			if l.begun {
				at = at.Add(l.remaining(s.now))
			} else {
				at = at.Add(d.run(l.job))
			}
			why := reason
			if why == "" && !d.inTime(at) {
				why = "the node is reclaimed before it would finish"
			}
			if why == "" || l.running || l.revoking {
				continue
			}
			s.note(Decision{Kind: "move", Job: l.job.ID, Device: d.id, Fence: l.fence, Reason: why})
			s.withdraw(l, nil, why)
		}
	}
}

// purge takes everything from a device that is no longer trusted; the jobs are queued
// again at once.
func (s *Scheduler) purge(d *device, reason string) {
	for _, l := range slices.Clone(d.queue) {
		if !l.over {
			s.cancel(l, reason)
			s.again(l.job, reason)
		}
	}
	for len(d.incoming) > 0 {
		d.incoming[0].forgetThief()
	}
	if d.reserved != nil {
		d.reserved.reserved = nil
		d.reserved = nil
	}
}
