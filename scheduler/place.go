package scheduler

import (
	"fmt"
	"time"
)

// assign places queued jobs on devices that can take more, until none can or no job can be
// placed. What cannot be placed now holds back only jobs of like demand.
func (s *Scheduler) assign() {
	if s.now.Before(s.holdUntil) || s.waiting() == 0 {
		return
	}
	s.pass++
	for _, c := range s.classes {
		c.blocked = false
	}
	visited := 0
	for s.anyOpen() {
		j, f := s.nextJob(&visited)
		if j == nil {
			break
		}
		if !s.place(j) {
			f.blocked = s.pass
			visited++
		}
	}
	for _, c := range s.classes {
		for _, l := range c.aside {
			c.lanes.push(l)
		}
		c.aside = c.aside[:0]
	}
}

func (s *Scheduler) anyOpen() bool {
	for _, d := range s.devices {
		if d.held() < s.config.QueueDepth && s.usable(d) && s.open(d) {
			return true
		}
	}
	return false
}

// nextJob is the one to place next: of the class with the oldest claim, of the tenant whose
// turn it is, the oldest.
func (s *Scheduler) nextJob(visited *int) (*job, *flow) {
	for {
		var c *class
		for _, x := range s.classes {
			if !x.blocked && x.jobs.len() > 0 && (c == nil || x.jobs.first().before(c.jobs.first())) {
				c = x
			}
		}
		if c == nil || *visited >= visitedMax {
			return nil, nil
		}
		if c.lanes.len() == 0 {
			c.blocked = true
			continue
		}
		l := c.lanes.first()
		if f := l.next(s.pass); f != nil {
			return f.jobs.first(), f
		}
		c.lanes.remove(l)
		c.aside = append(c.aside, l)
		*visited++
	}
}

// place grants the job to the device that would finish it first, if it has one to grant to.
func (s *Scheduler) place(j *job) bool {
	best, bestAt, busyAt := s.choose(j)
	if best == nil {
		s.reserve(j)
		if d := j.reserved; d != nil && d.held() == 0 {
			best, bestAt, busyAt = s.choose(j)
		}
	}
	if best == nil {
		return s.judgeAlone(j)
	}
	if !busyAt.IsZero() && busyAt.Add(s.queuedTime()).Before(bestAt) {
		j.decision = "waits: the devices that are busy will have done it, and all that waits, before an open one would"
		return false
	}
	s.charge(j)
	s.grant(j, best, "grant", s.grantReason(j, best, bestAt))
	if j.need() <= 0 {
		s.dequeue(j)
	}
	return true
}

func (s *Scheduler) grantReason(j *job, d *device, at time.Time) string {
	switch {
	case j.alone:
		return "suspected: runs with nothing beside it"
	case j.wanted > 1:
		return "repeats a rejected proof on two devices"
	}
	return fmt.Sprintf("%s, finishes first there, in %s", j.Class, brief(at.Sub(s.now)))
}

// choose finds the open device that would finish the job first, and when; and when the
// first of those that are full would.
func (s *Scheduler) choose(j *job) (best *device, bestAt, busyAt time.Time) {
	picky := len(j.avoided) > 0 && s.another(j)
	for _, d := range s.devices {
		if !s.usable(d) || !d.fits(j) || j.on(d) || picky && j.avoids(d) {
			continue
		}
		at := s.finish(d, j)
		if !d.inTime(at) {
			continue
		}
		if !s.openFor(d, j) {
			if !j.alone && (busyAt.IsZero() || at.Before(busyAt)) {
				busyAt = at
			}
			continue
		}
		if best == nil || at.Before(bestAt) {
			best, bestAt = d, at
		}
	}
	return best, bestAt, busyAt
}

// reserve keeps a device from new work so that it empties for a suspected job. It takes one
// over from a job that comes later: that one may wait behind this one, and both for ever.
func (s *Scheduler) reserve(j *job) {
	if !j.alone {
		return
	}
	if d := j.reserved; d != nil {
		if s.usable(d) && d.fits(j) {
			return
		}
		d.reserved, j.reserved = nil, nil
	}
	var best *device
	var bestAt time.Time
	picky := s.another(j)
	for _, d := range s.devices {
		if !s.usable(d) || !d.fits(j) || j.on(d) || d.reserved != nil && !j.before(d.reserved) || picky && j.avoids(d) {
			continue
		}
		if at := s.finish(d, j); d.inTime(at) && (best == nil || at.Before(bestAt)) {
			best, bestAt = d, at
		}
	}
	if best != nil {
		if k := best.reserved; k != nil {
			k.reserved = nil
		}
		best.reserved, j.reserved = j, best
		j.decision = fmt.Sprintf("waits for %s to be empty: a suspected job runs alone", best.id)
	}
}

// queuedTime is how long all devices together need for what is queued.
func (s *Scheduler) queuedTime() time.Duration {
	var total time.Duration
	for rate, cells := range s.queuedCells {
		total = min(total+s.drainTime(cells, rate), durationMax)
	}
	return total
}

// brief rounds a duration for reasons.
func brief(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Second)
}
