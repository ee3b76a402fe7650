package scheduler

import (
	"slices"
	"time"
)

// device is one that a worker has offered.
type device struct {
	id      DeviceID
	worker  *worker
	kind    string
	build   string
	threads int
	memory  uint64

	rates     *rates    // the scheduler's
	cellTimes []float64 // nanoseconds a cell by rate key, zero if unknown
	fallback  float64

	// queue holds its leases in the order in which they run; incoming those of other
	// devices that are being stolen for it.
	queue, incoming []*lease
	// reserved is the suspected job for which it is emptied.
	reserved *job

	quarantined bool
	drained     bool // runs another build, and disagreed
	failures    int  // since its last proof
	restUntil   time.Time
	proved      uint64
}

// standing tells whether the device takes work in general, if not at this moment.
func (d *device) standing() bool {
	return d.worker.connected && !d.worker.drained && !d.worker.draining && !d.quarantined && !d.drained
}

// usable tells whether it can be given work now.
func (s *Scheduler) usable(d *device) bool {
	w := d.worker
	return d.standing() && s.now.Sub(w.seen) <= s.config.SilentAfter && !s.now.Before(d.restUntil) &&
		(w.reclaimAt.IsZero() || s.now.Before(w.reclaimAt))
}

func (d *device) fits(j *job) bool { return j.MemoryBytes <= d.memory }

// held counts the places that are taken in its queue.
func (d *device) held() int { return len(d.queue) + len(d.incoming) }

// hasAlone tells whether a lease wants the device for itself.
func (d *device) hasAlone() bool {
	return len(d.queue) > 0 && slices.ContainsFunc(d.queue, func(l *lease) bool { return l.alone && !l.over })
}

// ahead counts the parts that have not begun, those on their way included.
func (d *device) ahead() int {
	n := len(d.incoming)
	for _, l := range d.queue {
		if !l.over && !l.begun {
			n++
		}
	}
	return n
}

// open tells whether the device can take one more part: empty, or free soon and with room.
func (s *Scheduler) open(d *device) bool {
	held := d.held()
	if held == 0 {
		return true
	}
	if held >= s.config.QueueDepth || d.reserved != nil || d.hasAlone() {
		return false
	}
	return s.freeAt(d).Sub(s.now) <= s.config.AheadTime
}

// openFor narrows open to one job. A device that is late with what it runs takes nothing
// ahead that another could prove: relieve would ask for it back at once.
func (s *Scheduler) openFor(d *device, j *job) bool {
	if d.held() == 0 {
		return d.reserved == nil || d.reserved == j
	}
	return !j.alone && s.open(d) && !(s.behind(d) && s.elsewhere(j, d))
}

// behind tells whether the device is late with what it runs.
func (s *Scheduler) behind(d *device) bool {
	head := d.head()
	return head != nil && !s.now.Before(s.lateAt(head))
}

// freeAt predicts when the device has done all that it holds and that comes to it. A part
// that is late makes those behind it late as well.
func (s *Scheduler) freeAt(d *device) time.Time {
	at, _ := s.outlook(d)
	return at
}

// outlook is freeAt, and how many times its prediction a further part would take.
func (s *Scheduler) outlook(d *device) (at time.Time, slow float64) {
	var total time.Duration
	slow = 1
	for _, l := range d.queue {
		switch {
		case l.over || l.thief != nil:
		case l.begun:
			total += l.remaining(s.now)
			slow = l.slowness(s.now)
		default:
			total += scale(float64(d.run(l.job)) * slow)
		}
	}
	for _, l := range d.incoming {
		total += scale(float64(d.run(l.job)) * slow)
	}
	return s.now.Add(total), slow
}

// finish predicts when the device would have done the job, were it granted now.
func (s *Scheduler) finish(d *device, j *job) time.Time {
	at, slow := s.outlook(d)
	return at.Add(scale(float64(d.run(j)) * slow))
}

// inTime tells whether that is before the device is taken away.
func (d *device) inTime(at time.Time) bool {
	return d.worker.reclaimAt.IsZero() || !at.After(d.worker.reclaimAt)
}

// rest keeps the device from more work for a while, longer with each failure in a row.
func (s *Scheduler) rest(d *device) {
	d.failures++
	pause := s.config.RestMax
	if shift := d.failures - 1; shift < 16 {
		pause = min(pause, s.config.RestMin<<shift)
	}
	d.restUntil = s.now.Add(pause)
}

// another tells whether some device other than those that hold the job or that it avoids
// could prove it, now or soon.
func (s *Scheduler) another(j *job) bool { return s.elsewhere(j, nil) }

// elsewhere is another, on a device that is not this one.
func (s *Scheduler) elsewhere(j *job, this *device) bool {
	for _, d := range s.devices {
		if d != this && d.standing() && d.fits(j) && !j.avoids(d) && !j.on(d) {
			return true
		}
	}
	return false
}

// addDevice keeps the devices in order.
func (s *Scheduler) addDevice(d *device) {
	at, _ := slices.BinarySearchFunc(s.devices, d.id, func(x *device, id DeviceID) int {
		switch {
		case x.id < id:
			return -1
		case x.id > id:
			return 1
		}
		return 0
	})
	s.devices = slices.Insert(s.devices, at, d)
	s.byID[d.id] = d
	d.worker.devices = append(d.worker.devices, d)
	s.rates.recount = true
}

// dropDevice forgets a device and all that it held.
func (s *Scheduler) dropDevice(d *device, reason string) {
	s.clear(d, reason)
	same := func(x *device) bool { return x == d }
	s.devices = slices.DeleteFunc(s.devices, same)
	d.worker.devices = slices.DeleteFunc(d.worker.devices, same)
	delete(s.byID, d.id)
	s.rates.recount = true
}

// clear ends every lease of a device that no longer has them, and what was to come to it.
func (s *Scheduler) clear(d *device, reason string) {
	for len(d.queue) > 0 {
		s.lose(d.queue[len(d.queue)-1], reason)
	}
	for len(d.incoming) > 0 {
		d.incoming[0].forgetThief()
	}
	if d.reserved != nil {
		d.reserved.reserved = nil
		d.reserved = nil
	}
}
