package scheduler

import (
	"fmt"
	"slices"
)

// suspect holds a crash, an overrun of memory or time against every job that was running on
// the device, since it cannot be known which one did it. A suspected job runs next with
// nothing beside it; enough suspicions quarantine its spec for its tenant, never the
// witness.
func (s *Scheduler) suspect(j *job, d *device, o Outcome, said string) {
	reason := fmt.Sprintf("%s on %s", o, d.id)
	if said != "" {
		reason += ": " + clip(said)
	}
	for _, l := range slices.Clone(d.queue) {
		if l.running && !l.over {
			s.setAlone(l.job)
			l.job.suspicions++
			s.note(Decision{Kind: "suspect", Job: l.job.ID, Device: d.id, Fence: l.fence, Reason: "ran beside another that " + o.String()})
		}
	}
	j.suspicions++
	j.attempts++
	j.avoid(d)
	s.setAlone(j)
	s.counters.Suspicions++
	s.note(Decision{Kind: "suspect", Job: j.ID, Device: d.id, Reason: reason})
	if d.failures > 0 {
		s.rest(d) // not the first in a row: it may be the device
	} else {
		d.failures++
	}
	limit := s.config.SuspicionsMax
	if !s.now.Before(s.joinUntil) { // until then most workers have yet to say that they are there
		limit = min(limit, max(1, s.standingCount()))
	}
	switch {
	case j.suspicions >= limit:
		s.quarantineSpec(j, fmt.Sprintf("%s, %s of %d", reason, plural(j.suspicions, "suspicion"), limit))
	case j.attempts >= s.config.AttemptsMax:
		s.fail(j, CodeAttempts, fmt.Sprintf("%s, attempt %d of %d", reason, j.attempts, s.config.AttemptsMax))
	default:
		s.again(j, reason+"; runs alone next")
	}
}

// setAlone moves a queued job to the flow of those that run alone.
func (s *Scheduler) setAlone(j *job) {
	if j.alone {
		return
	}
	queued, reason := j.queued, j.decision
	s.dequeue(j)
	j.alone = true
	if queued {
		s.enqueue(j, reason)
	}
}

func (s *Scheduler) standingCount() int {
	n := 0
	for _, d := range s.devices {
		if d.standing() {
			n++
		}
	}
	return n
}

// overran ends a part that its worker should have ended: it runs longer than its limit.
func (s *Scheduler) overran(l *lease) {
	s.cancel(l, "it runs longer than its time limit")
	s.suspect(l.job, l.device, TimeLimit, "the worker did not end it")
}

// quarantineSpec proposes the quarantine and ends the job.
func (s *Scheduler) quarantineSpec(j *job, reason string) {
	s.end(j, reason)
	s.counters.SpecsQuarantined++
	s.note(Decision{Kind: "quarantine-spec", Job: j.ID, Reason: reason})
	s.do(QuarantineSpec{Job: j.ID, Tenant: j.Tenant, Spec: j.Spec, Reason: reason})
}
