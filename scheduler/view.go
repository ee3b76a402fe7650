package scheduler

import (
	"slices"
	"time"
)

// View is what status, console and metrics show.
type View struct {
	Term    uint64
	Now     time.Time
	HeldOff bool // nothing is granted yet: workers announce what they have
	Classes []ClassView
	Devices []DeviceView
	// Queued, Leased, Assembled (awaiting receipts), Disputed and Ended (awaiting Raft)
	// count the jobs.
	Queued, Leased, Assembled, Disputed, Ended int
	Reserved                                   int // admitted, not yet accepted
	// OldestUnproven is the age of the oldest job without a proof.
	OldestUnproven time.Duration
	// Backlog predicts how long the devices need for all unproved work.
	Backlog   time.Duration
	Decisions []Decision // newest first
	Counters  Counters
}

// ClassView is one class's queue; the waits are those of the latest jobs that began.
type ClassView struct {
	Class                     Class
	Queued                    int
	WaitP50, WaitP95, WaitP99 time.Duration
}

// DeviceView is one device.
type DeviceView struct {
	ID      DeviceID
	Worker  WorkerID
	Kind    string
	Build   string
	Threads int
	// Standing says why it gets no work, "" if it does.
	Standing string
	Running  JobID
	Waiting  []JobID
	FreeAt   time.Time // predicted
	Rates    map[string]float64
	Proved   uint64
}

// JobView is what is known of one job.
type JobView struct {
	State    JobState
	Devices  []DeviceID
	Attempts int // leases granted
	Alone    bool
	Decision string // the latest about it
}

// Job looks one job up.
func (s *Scheduler) Job(id JobID) (JobView, bool) {
	j := s.jobs[id]
	if j == nil {
		return JobView{}, false
	}
	v := JobView{State: j.state, Attempts: j.grants, Alone: j.alone, Decision: j.decision}
	for _, l := range j.leases {
		v.Devices = append(v.Devices, l.device.id)
	}
	return v, true
}

// View copies the present state, as of the last step. It walks over all jobs.
func (s *Scheduler) View() View {
	v := View{
		Term: s.term, Now: s.now, HeldOff: s.now.Before(s.holdUntil),
		Reserved: s.reservations.count(), Backlog: s.backlog(classCount - 1),
		Decisions: s.decisions.newestFirst(), Counters: s.counters,
	}
	oldest := s.now
	for _, j := range s.jobs { // sums and a minimum: any order
		switch j.state {
		case JobQueued:
			v.Queued++
		case JobLeased:
			v.Leased++
		case JobAssembled:
			v.Assembled++
		case JobDisputed:
			v.Disputed++
		case JobEnded:
			v.Ended++
		}
		if j.state.unproved() && j.Accepted.Before(oldest) {
			oldest = j.Accepted
		}
	}
	v.OldestUnproven = s.now.Sub(oldest)
	for i, c := range s.classes {
		q := c.waits.quantiles(0.50, 0.95, 0.99)
		v.Classes = append(v.Classes, ClassView{Class: Class(i), Queued: c.jobs.len(), WaitP50: q[0], WaitP95: q[1], WaitP99: q[2]})
	}
	for _, d := range s.devices {
		v.Devices = append(v.Devices, s.viewDevice(d))
	}
	return v
}

func (s *Scheduler) viewDevice(d *device) DeviceView {
	v := DeviceView{
		ID: d.id, Worker: d.worker.id, Kind: d.kind, Build: d.build, Threads: d.threads,
		Standing: s.standingReason(d), FreeAt: s.freeAt(d), Proved: d.proved, Rates: map[string]float64{},
	}
	for _, l := range d.queue {
		switch {
		case l.over:
		case l.begun:
			v.Running = l.job.ID
		default:
			v.Waiting = append(v.Waiting, l.job.ID)
		}
	}
	for name, i := range s.rates.byName {
		if i < len(d.cellTimes) && d.cellTimes[i] > 0 {
			v.Rates[name] = 1e9 / d.cellTimes[i]
		}
	}
	return v
}

func (s *Scheduler) standingReason(d *device) string {
	w := d.worker
	switch {
	case d.quarantined:
		return "quarantined"
	case d.drained:
		return "drained: another build"
	case !w.connected:
		return "its worker is gone"
	case w.drained || w.draining:
		return "draining"
	case !w.reclaimAt.IsZero():
		return "reclaimed soon"
	case s.now.Sub(w.seen) > s.config.SilentAfter:
		return "silent"
	case s.now.Before(d.restUntil):
		return "rests after a failure"
	case d.reserved != nil:
		return "empties for a suspected job"
	}
	return ""
}

// waits is a ring of the latest waits of a class.
type waits struct {
	ring []time.Duration
	next int
}

func (w *waits) add(d time.Duration) {
	d = max(d, 0)
	if len(w.ring) < waitsMax {
		w.ring = append(w.ring, d)
		return
	}
	w.ring[w.next] = d
	w.next = (w.next + 1) % waitsMax
}

// quantiles are nearest-rank, zero without a sample.
func (w *waits) quantiles(qs ...float64) []time.Duration {
	sorted := slices.Clone(w.ring)
	slices.Sort(sorted)
	out := make([]time.Duration, len(qs))
	for i, q := range qs {
		if n := len(sorted); n > 0 {
			out[i] = sorted[min(n-1, int(q*float64(n)))]
		}
	}
	return out
}
