package scheduler

import (
	"fmt"
	"slices"
	"time"
)

type specKey struct {
	tenant string
	spec   [32]byte
}

// quarantine is what Raft, or this scheduler a moment before, has set aside.
type quarantine struct {
	devices map[DeviceID]bool
	workers map[WorkerID]bool
	specs   map[specKey]time.Time
	// recent are the times of a tenant's latest quarantined specs, closed when its intake
	// opens again.
	recent map[string][]time.Time
	closed map[string]time.Time
}

func newQuarantine() quarantine {
	return quarantine{
		devices: map[DeviceID]bool{}, workers: map[WorkerID]bool{}, specs: map[specKey]time.Time{},
		recent: map[string][]time.Time{}, closed: map[string]time.Time{},
	}
}

func (q *quarantine) holds(d *device) bool { return q.devices[d.id] || q.workers[d.worker.id] }

// accuse proposes a device's quarantine, and its node's if it is not the first there.
func (s *Scheduler) accuse(id DeviceID, w WorkerID, reason string) {
	if s.quarantine.devices[id] || s.quarantine.workers[w] {
		return
	}
	s.counters.DevicesQuarantined++
	s.note(Decision{Kind: "quarantine-device", Device: id, Reason: reason})
	s.do(QuarantineDevice{Device: id, Worker: w, Reason: reason})
	s.deviceQuarantined(id)
	if n := s.quarantinedOf(w); n >= s.config.NodeDevices {
		reason := fmt.Sprintf("%s of it quarantined", plural(n, "device"))
		s.note(Decision{Kind: "quarantine-node", Device: DeviceID(w), Reason: reason})
		s.do(QuarantineNode{Worker: w, Reason: reason})
		s.workerQuarantined(w)
	}
}

func (s *Scheduler) quarantinedOf(id WorkerID) int {
	n := 0
	if w := s.workers[id]; w != nil {
		for _, d := range w.devices {
			if d.quarantined {
				n++
			}
		}
	}
	return n
}

func (s *Scheduler) deviceQuarantined(id DeviceID) {
	if len(s.quarantine.devices) < quarantinesMax {
		s.quarantine.devices[id] = true
	}
	s.review(s.byID[id])
}

func (s *Scheduler) deviceLifted(id DeviceID) {
	delete(s.quarantine.devices, id)
	s.review(s.byID[id])
}

func (s *Scheduler) workerQuarantined(id WorkerID) {
	if len(s.quarantine.workers) < quarantinesMax {
		s.quarantine.workers[id] = true
	}
	s.reviewWorker(id)
}

func (s *Scheduler) workerLifted(id WorkerID) {
	delete(s.quarantine.workers, id)
	s.reviewWorker(id)
}

func (s *Scheduler) reviewWorker(id WorkerID) {
	if w := s.workers[id]; w != nil {
		for _, d := range w.devices {
			s.review(d)
		}
	}
}

// review brings a device's standing up to date with the quarantines.
func (s *Scheduler) review(d *device) {
	if d == nil || d.quarantined == s.quarantine.holds(d) {
		return
	}
	d.quarantined = !d.quarantined
	s.rates.recount = true
	if d.quarantined {
		s.purge(d, "the device is quarantined")
	}
}

// drainDevice keeps the device that made a result from new work, without blame, unless it
// runs another build by now.
func (s *Scheduler) drainDevice(r result, reason string) {
	d := s.byID[r.device]
	if d == nil || d.drained || d.build != r.build {
		return
	}
	d.drained = true
	s.rates.recount = true
	s.note(Decision{Kind: "drain-device", Device: d.id, Reason: reason})
	s.do(DrainDevice{Device: d.id, Worker: d.worker.id, Reason: reason})
	s.evict(d.worker)
}

// specQuarantined ends the jobs of the spec, and closes the tenant's intake if there were
// several of late.
func (s *Scheduler) specQuarantined(e SpecQuarantined) {
	key := specKey{e.Tenant, e.Spec}
	at := e.At
	if at.IsZero() {
		at = s.now
	}
	if _, known := s.quarantine.specs[key]; !known && len(s.quarantine.specs) < quarantinesMax {
		s.quarantine.specs[key] = at
		s.count(e.Tenant, at)
	}
	for _, j := range s.specs[key] {
		if j.state != JobEnded {
			s.fail(j, CodeQuarantined, "its spec was quarantined for this tenant")
		}
	}
}

func (s *Scheduler) count(tenant string, at time.Time) {
	since := s.now.Add(-s.config.IntakeWindow)
	recent := slices.DeleteFunc(s.quarantine.recent[tenant], func(t time.Time) bool { return t.Before(since) })
	if !at.Before(since) {
		recent = append(recent, at)
	}
	s.quarantine.recent[tenant] = recent
	if len(recent) < s.config.IntakeSpecs {
		if len(recent) == 0 {
			delete(s.quarantine.recent, tenant)
		}
		return
	}
	delete(s.quarantine.recent, tenant)
	if s.now.Before(s.quarantine.closed[tenant]) {
		return
	}
	until := s.now.Add(s.config.IntakeClosedFor)
	s.quarantine.closed[tenant] = until
	reason := fmt.Sprintf("%s of the tenant quarantined within %v", plural(len(recent), "spec"), s.config.IntakeWindow)
	s.counters.IntakesClosed++
	s.note(Decision{Kind: "close-intake", Reason: fmt.Sprintf("tenant %s: %s", clip(tenant), reason)})
	s.do(CloseIntake{Tenant: tenant, Until: until, Reason: reason})
}

func (s *Scheduler) intakeClosed(e IntakeClosed) {
	if !e.Until.After(s.now) {
		delete(s.quarantine.closed, e.Tenant)
	} else if len(s.quarantine.closed) < quarantinesMax {
		s.quarantine.closed[e.Tenant] = e.Until
	}
}
