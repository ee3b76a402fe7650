package scheduler

import (
	"slices"
	"time"
)

// heartbeat renews what the worker lists and queues again what it should list.
func (s *Scheduler) heartbeat(e Heartbeat) {
	w := s.workers[e.Worker]
	if w == nil || !w.connected {
		return
	}
	w.seen = s.now
	if w.draining != e.Draining {
		w.draining = e.Draining
		s.rates.recount = true
	}
	w.reclaimAt = e.ReclaimAt
	var renewed []Fence
	for _, d := range w.devices {
		var state DeviceState // of a device that is not mentioned: it has nothing
		if at := slices.IndexFunc(e.Devices, func(x DeviceState) bool { return x.Device == d.id }); at >= 0 {
			state = e.Devices[at]
		}
		renewed = s.beat(d, state, renewed)
	}
	s.do(Renew{Worker: w.id, Fences: renewed, Reason: "heartbeat"})
	s.evict(w)
}

// beat goes through the leases of one device: first what the worker has not, from the back
// so that nothing seems to begin, then what it has.
func (s *Scheduler) beat(d *device, state DeviceState, renewed []Fence) []Fence {
	for i := len(d.queue) - 1; i >= 0; i-- {
		l := d.queue[i]
		if l.fence == state.Running || slices.Contains(state.Waiting, l.fence) {
			l.listed = true
		} else if l.listed || s.now.Sub(l.granted) > s.config.DeliveryGrace {
			s.lose(l, "the worker no longer lists it")
		}
	}
	if l := s.leases[state.Running]; l != nil && l.device == d && !l.over {
		s.started(l, state.RunningFor)
		s.keep(l, "it had started")
		if state.RunningFor > l.timeLimit+s.config.Lease {
			s.overran(l)
		}
	}
	for i, l := range d.queue {
		if i > 0 && !l.over && slices.Contains(state.Waiting, l.fence) {
			l.begun, l.running = false, false // taken for running too early
		}
		// What was revoked and not yet answered is not renewed: it ends in any case.
		if l.listed && !l.over && !l.revoking {
			s.extend(l)
			renewed = append(renewed, l.fence)
		}
	}
	return renewed
}

func (s *Scheduler) extend(l *lease) {
	l.expires = s.now.Add(s.config.Lease)
	s.expiries.moved(l)
}

// started corrects when a part began; it moves to the front of its device.
func (s *Scheduler) started(l *lease, runningFor time.Duration) {
	start := s.now.Add(-min(max(runningFor, 0), durationMax))
	if !l.begun {
		s.begun(l, start)
	} else if !l.running {
		l.start = start
	}
	l.running = true
	d := l.device
	if at := slices.Index(d.queue, l); at > 0 {
		d.queue = slices.Insert(slices.Delete(d.queue, at, at+1), 0, l)
	}
}
