package scheduler

import (
	"fmt"
	"time"
)

// steal moves unstarted parts to devices that would come to them earlier. A thief is a
// device with nothing ahead; the victim is the one with the latest predicted finish that
// has a part which gains by moving. At most half a victim's tail is on its way at a time.
// The part is asked back first: it moves once the victim has let it go unstarted.
//
// While jobs wait there are no thieves, but a device that turns out slow must not keep what
// it has ahead: that goes back to the front of the queue.
func (s *Scheduler) steal() {
	if s.now.Before(s.holdUntil) {
		return
	}
	if s.waiting() > 0 {
		s.relieve()
	}
	for range s.devices {
		thief := s.thief()
		if thief == nil || !s.stealFor(thief) {
			return
		}
	}
}

// thief is the device that will be free first, of those with nothing ahead that could be
// granted something: what hand would refuse must not be asked for.
func (s *Scheduler) thief() *device {
	var best *device
	var bestAt time.Time
	for _, d := range s.devices {
		if d.ahead() > 0 || d.reserved != nil || !s.usable(d) || !s.open(d) || s.behind(d) {
			continue
		}
		if at := s.freeAt(d); best == nil || at.Before(bestAt) {
			best, bestAt = d, at
		}
	}
	return best
}

func (s *Scheduler) stealFor(thief *device) bool {
	var part *lease
	var victimAt, thiefAt time.Time
	for _, d := range s.devices {
		if d == thief || !d.worker.connected {
			continue
		}
		l := s.movable(d, thief)
		if l == nil {
			continue
		}
		at, there := s.freeAt(d), s.finish(thief, l.job)
		gain := at.Sub(there)
		if gain <= time.Duration(s.config.StealGain*float64(at.Sub(s.now))) || !thief.inTime(there) {
			continue
		}
		if part == nil || at.After(victimAt) {
			part, victimAt, thiefAt = l, at, there
		}
	}
	if part == nil {
		return false
	}
	reason := fmt.Sprintf("%s would finish in %s, %s in %s",
		part.device.id, brief(victimAt.Sub(s.now)), thief.id, brief(thiefAt.Sub(s.now)))
	s.note(Decision{Kind: "steal-asked", Job: part.job.ID, Device: thief.id, From: part.device.id, Fence: part.fence, Reason: reason})
	s.withdraw(part, thief, "steal: "+reason)
	return true
}

// relieve asks late devices for what they have ahead.
func (s *Scheduler) relieve() {
	for _, d := range s.devices {
		head := d.head()
		if head == nil || len(d.queue) == 1 || !d.worker.connected || s.now.Before(s.lateAt(head)) {
			continue
		}
		for l := s.movable(d, nil); l != nil; l = s.movable(d, nil) {
			reason := fmt.Sprintf("%s takes %s instead of %s for what it runs", d.id, brief(s.now.Sub(head.start)), brief(head.predicted))
			s.note(Decision{Kind: "steal-asked", Job: l.job.ID, From: d.id, Fence: l.fence, Reason: reason})
			s.withdraw(l, nil, "steal: "+reason)
			l.relieved = true
		}
	}
}

// movable is the last part of the victim's queue that the thief, or anybody, may have.
func (s *Scheduler) movable(victim, thief *device) *lease {
	tail, moving := 0, 0
	var last *lease
	for _, l := range victim.queue {
		if !l.unstarted() {
			continue
		}
		tail++
		if l.revoking {
			moving++
		} else if thief == nil && !s.another(l.job) {
			continue
		} else if !l.alone && len(l.job.leases) == 1 && (thief == nil || thief.fits(l.job) && !l.job.avoids(thief) && !l.job.on(thief)) {
			last = l
		}
	}
	if moving >= (tail+1)/2 {
		return nil
	}
	return last
}

// hand grants a part that its victim has let go to the thief, if that still wants it.
func (s *Scheduler) hand(l *lease) {
	j, thief, victim := l.job, l.thief, l.device
	s.free(l)
	if j.need() <= 0 || j.queued || j.on(thief) || !s.usable(thief) || !s.openFor(thief, j) || !thief.fits(j) {
		s.again(j, "the thief cannot take it any more")
		return
	}
	s.counters.Steals++
	s.grant(j, thief, "steal", fmt.Sprintf("stolen from %s: finishes earlier here", victim.id))
}
