package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// joined opens a session: what the worker still has is kept or cancelled, what it should
// have and has not is lost.
func (s *Scheduler) joined(e WorkerJoined) {
	w := s.workers[e.Worker]
	if w == nil {
		if len(s.workers) >= workersMax {
			s.note(Decision{Kind: "refuse", Reason: fmt.Sprintf("worker %s is one too many (%d)", e.Worker, workersMax)})
			return
		}
		w = &worker{id: e.Worker}
		s.workers[e.Worker] = w
	}
	w.connected, w.seen, w.draining, w.reclaimAt = true, s.now, e.Draining, time.Time{}
	s.rates.recount = true
	s.offer(w, e)

	kept := map[Fence]bool{}
	resident := e.Resident[:min(len(e.Resident), residentsMax)]
	for _, r := range resident {
		if l := s.leases[r.Fence]; l != nil && s.resumes(l, w, r) {
			kept[r.Fence] = true
		}
	}
	for _, d := range w.devices {
		for i := len(d.queue) - 1; i >= 0; i-- {
			if l := d.queue[i]; !kept[l.fence] {
				s.lose(l, "the worker came back without it")
			}
		}
	}
	idle := true
	for _, r := range resident {
		if s.direct(w, r, kept) {
			idle = false
		}
	}
	if idle {
		s.do(Directive{Worker: w.id, Order: Idle, Reason: "nothing resident is wanted"})
	}
	s.evict(w)
}

// offer brings the worker's devices up to date.
func (s *Scheduler) offer(w *worker, e WorkerJoined) {
	offered := map[DeviceID]bool{}
	for _, o := range e.Devices[:min(len(e.Devices), devicesPerWorkerMax)] {
		if !strings.HasPrefix(string(o.ID), string(w.id)+"/") || offered[o.ID] {
			s.note(Decision{Kind: "refuse", Device: DeviceID(clip(string(o.ID))), Reason: fmt.Sprintf("worker %s may not offer this device", w.id)})
			continue
		}
		offered[o.ID] = true
		build := o.Build
		if build == "" {
			build = e.Build
		}
		d := s.byID[o.ID]
		if d == nil {
			d = &device{id: o.ID, worker: w, rates: &s.rates}
			s.addDevice(d)
		}
		if d.build != build {
			d.drained = false // it may agree now
		}
		d.kind, d.build, d.threads, d.memory = o.Kind, build, o.Threads, o.MemoryBytes
		d.quarantined = s.quarantine.holds(d)
		d.failures, d.restUntil = 0, time.Time{}
		s.calibrate(d, o)
	}
	for _, d := range slices.Clone(w.devices) {
		if !offered[d.id] {
			s.dropDevice(d, "the worker came back without the device")
		}
	}
}

// resumes tells whether a resident part goes on under its lease.
func (s *Scheduler) resumes(l *lease, w *worker, r Resident) bool {
	return !l.over && l.device.worker == w && l.device.id == r.Device && l.job.ID == r.Job &&
		!l.device.quarantined && (!l.revoking || r.Started || r.Finished)
}

// direct answers one resident part, and tells whether it is kept.
func (s *Scheduler) direct(w *worker, r Resident, kept map[Fence]bool) bool {
	if kept[r.Fence] {
		delete(kept, r.Fence)
		l := s.leases[r.Fence]
		s.keep(l, "it had started")
		delete(s.leases, l.fence)
		l.fence = s.fence()
		s.leases[l.fence] = l
		s.resume(l, r, "its lease runs on")
		return true
	}
	if why := s.unwanted(w, r); why != "" {
		s.do(Directive{Worker: w.id, Fence: r.Fence, Order: CancelStale, Reason: why})
		return false
	}
	j, d := s.jobs[r.Job], s.byID[r.Device]
	l := s.attach(j, d)
	s.counters.Adoptions++
	s.grantedCells += j.Cells
	if j.need() == 0 {
		s.dequeue(j)
	}
	j.decision = "adopted from " + string(d.id)
	s.note(Decision{Kind: "adopt", Job: j.ID, Device: d.id, Fence: l.fence, Reason: "nobody else has it"})
	s.resume(l, r, "nobody else has the job: adopted")
	return true
}

func (s *Scheduler) resume(l *lease, r Resident, reason string) {
	s.extend(l)
	l.listed = true
	if r.Started || r.Finished {
		s.started(l, 0)
	}
	s.do(Directive{Worker: l.device.worker.id, Fence: r.Fence, Order: KeepComputing, Renewed: l.fence, Reason: reason})
}

// unwanted says why a resident part that has no lease is not adopted, "" if it is.
func (s *Scheduler) unwanted(w *worker, r Resident) string {
	j, d := s.jobs[r.Job], s.byID[r.Device]
	switch {
	case j == nil:
		return "the job is unknown or has ended"
	case d == nil || d.worker != w:
		return "the worker does not offer the device"
	case d.quarantined || d.drained:
		return "the device gets no work"
	case r.Fence.Term > s.term:
		return "its fence is of a later term"
	case j.need() <= 0:
		return "the job is " + j.state.String() + " without it"
	case j.on(d):
		return "the device has the job already"
	case !d.fits(j):
		return "the job does not fit the device"
	case d.held() >= s.config.QueueDepth || d.hasAlone() || j.alone && d.held() > 0:
		return "the device's queue is full"
	}
	return ""
}
