package scheduler

import "time"

// worker is a node's process, kept while it has a session or leases.
type worker struct {
	id        WorkerID
	connected bool
	seen      time.Time
	devices   []*device
	// Draining by an operator's word, and by its own.
	drained, draining bool
	reclaimAt         time.Time
}

// workerLost ends a session.
func (s *Scheduler) workerLost(e WorkerLost) {
	w := s.workers[e.Worker]
	if w == nil {
		return
	}
	w.connected = false
	s.rates.recount = true
	reason := "the worker's session ended"
	if e.Reason != "" {
		reason += ": " + clip(e.Reason)
	}
	s.note(Decision{Kind: "worker-lost", Device: DeviceID(w.id), Reason: reason})
	for _, d := range w.devices {
		for len(d.incoming) > 0 {
			d.incoming[0].forgetThief()
		}
		if e.Dead {
			s.clear(d, reason)
		}
	}
	s.releaseWorker(w)
}

// releaseWorker forgets a worker without session and leases.
func (s *Scheduler) releaseWorker(w *worker) {
	if w.connected || s.workers[w.id] != w {
		return
	}
	for _, d := range w.devices {
		if len(d.queue) > 0 {
			return
		}
	}
	for len(w.devices) > 0 {
		s.dropDevice(w.devices[0], "the worker is gone")
	}
	delete(s.workers, w.id)
}
