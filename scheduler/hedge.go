package scheduler

import (
	"fmt"
	"time"
)

// hedge starts a second attempt at a part that is much later than predicted, or that its
// node will not live to finish, on an idle device that would be done earlier. It runs after
// everything that waits was placed, so it never takes a device from a waiting job that
// could use it.
func (s *Scheduler) hedge() {
	if s.now.Before(s.holdUntil) {
		return
	}
	for range s.devices {
		l, d := s.hedgeable()
		if l == nil {
			return
		}
		reason := fmt.Sprintf("runs %s on %s instead of %s: a second attempt should finish earlier",
			brief(s.now.Sub(l.start)), l.device.id, brief(l.predicted))
		s.counters.Hedges++
		s.hedgedCells += l.job.Cells
		s.hedges++
		s.grant(l.job, d, "hedge", reason).hedge = true
	}
}

// hedgeable is the latest part that an idle device would finish earlier, and the device.
func (s *Scheduler) hedgeable() (*lease, *device) {
	if !s.anyIdle() {
		return nil, nil
	}
	var part *lease
	var to *device
	var partAt time.Time
	for _, d := range s.devices {
		l := d.head()
		if l == nil || !s.late(l) || !s.affordable(l.job) {
			continue
		}
		at := s.now.Add(l.remaining(s.now))
		if !d.inTime(at) {
			at = s.now.Add(durationMax)
		}
		if part != nil && !at.After(partAt) {
			continue
		}
		if idle := s.idleFor(l.job); idle != nil && s.finish(idle, l.job).Before(at) {
			part, to, partAt = l, idle, at
		}
	}
	return part, to
}

// head is the part that runs on the device, nil if none does that is wanted.
func (d *device) head() *lease {
	for _, l := range d.queue {
		if !l.over {
			if l.begun {
				return l
			}
			return nil
		}
	}
	return nil
}

func (s *Scheduler) late(l *lease) bool {
	j := l.job
	if len(j.leases) != 1 || j.wanted != 1 || j.alone || j.queued || l.revoking {
		return false
	}
	return !s.now.Before(s.lateAt(l)) || !l.device.inTime(s.now.Add(l.remaining(s.now)))
}

// lateAt is when a part has run HedgeFactor times its prediction.
func (s *Scheduler) lateAt(l *lease) time.Time {
	return l.start.Add(scale(float64(l.predicted) * s.config.HedgeFactor))
}

func (s *Scheduler) affordable(j *job) bool {
	return s.hedges == 0 || float64(s.hedgedCells+j.Cells) <= s.config.HedgeShare*float64(s.grantedCells)
}

func (s *Scheduler) idle(d *device) bool {
	return d.held() == 0 && d.reserved == nil && s.usable(d)
}

func (s *Scheduler) anyIdle() bool {
	for _, d := range s.devices {
		if s.idle(d) {
			return true
		}
	}
	return false
}

// idleFor is the idle device that runs the job fastest.
func (s *Scheduler) idleFor(j *job) *device {
	var best *device
	for _, d := range s.devices {
		if !s.idle(d) || !d.fits(j) || j.avoids(d) || j.on(d) || !d.inTime(s.finish(d, j)) {
			continue
		}
		if best == nil || d.run(j) < best.run(j) {
			best = d
		}
	}
	return best
}
