package scheduler

import "slices"

// JobState is where a job is in this scheduler.
type JobState uint8

// The states. A queued job has no lease, or fewer than it wants.
const (
	JobQueued JobState = iota + 1
	JobLeased
	JobAssembled
	JobDisputed
	JobEnded
)

var jobStateNames = [...]string{
	JobQueued: "queued", JobLeased: "leased", JobAssembled: "assembled", JobDisputed: "disputed", JobEnded: "ended",
}

func (s JobState) String() string { return jobStateNames[s] }

// job is an accepted job and all that its Part has gone through.
type job struct {
	Job
	key   int64 // place in the order of its class and of all: accepted, plus the class's handicap
	rate  int   // index of RateKey
	state JobState

	queued  bool
	flow    *flow
	flowAt  int
	classAt int

	// wanted is how many devices are to prove it now: two after a rejection.
	wanted int
	leases []*lease
	// round are the results since the job was last queued anew, results the latest of all.
	round, results []result
	assembled      result
	rejected       [][32]byte

	// avoided are devices that it failed on, latest last; they are taken again when no
	// other is left.
	avoided []DeviceID
	invalid []DeviceID // devices that found the witness invalid
	// alone: suspected, so that it runs with nothing beside it.
	alone       bool
	suspicions  int
	attempts    int // that count against AttemptsMax
	grants      int
	reserved    *device
	waitCounted bool
	decision    string
}

// result is a proof that a device made.
type result struct {
	device DeviceID
	worker WorkerID
	build  string
	fence  Fence
	digest [32]byte
}

// need is how many more leases the job should have.
func (j *job) need() int {
	if j.state != JobQueued && j.state != JobLeased {
		return 0
	}
	return j.wanted - len(j.leases) - len(j.round)
}

// on tells whether the device holds the job, or proved it in this round.
func (j *job) on(d *device) bool {
	for _, l := range j.leases {
		if l.device == d {
			return true
		}
	}
	for _, r := range j.round {
		if r.device == d.id {
			return true
		}
	}
	return false
}

func (j *job) avoids(d *device) bool { return slices.Contains(j.avoided, d.id) }

func (j *job) avoid(d *device) {
	if j.avoids(d) {
		return
	}
	if len(j.avoided) == avoidedMax {
		j.avoided = slices.Delete(j.avoided, 0, 1)
	}
	j.avoided = append(j.avoided, d.id)
}

func (j *job) remember(r result) {
	if len(j.results) == resultsMax {
		j.results = slices.Delete(j.results, 0, 1)
	}
	j.results = append(j.results, r)
}

// unproved tells whether the job still takes capacity.
func (s JobState) unproved() bool { return s == JobQueued || s == JobLeased }

// setState keeps the sum of unproved work.
func (s *Scheduler) setState(j *job, state JobState) {
	if was, is := j.state.unproved(), state.unproved(); was != is {
		s.account(j.Class, j.rate, j.Cells, is)
	}
	j.state = state
}

func (s *Scheduler) accepted(e JobAccepted) {
	s.reservations.release(s, e.Reservation)
	spec := e.Job
	spec.Class = min(spec.Class, classCount-1)
	spec.Cells = min(max(spec.Cells, 1), cellsLimit)
	if old := s.jobs[spec.ID]; old != nil {
		if spec.Revived <= old.Revived {
			return // replayed
		}
		s.forget(old, "the job was revived")
	}
	j := &job{
		Job: spec, wanted: 1,
		key:    spec.Accepted.UnixNano() + int64(spec.Class)*int64(s.config.AgeStep),
		rate:   s.rates.index(spec.RateKey),
		flowAt: -1, classAt: -1,
	}
	s.jobs[spec.ID] = j
	key := specKey{spec.Tenant, spec.Spec}
	s.specs[key] = append(s.specs[key], j)
	s.tenant(spec.Tenant).jobs++
	s.counters.Accepted++
	if _, bad := s.quarantine.specs[key]; bad {
		s.fail(j, CodeQuarantined, "its spec is quarantined for this tenant")
		return
	}
	s.enqueue(j, "accepted as "+spec.Class.String())
}

func (s *Scheduler) finished(e JobFinished) {
	j := s.jobs[e.ID]
	if j == nil {
		return
	}
	if e.Released {
		s.counters.Released++
		s.contradicted(j)
	}
	s.removed(e.ID, "the job has ended")
}

// removed forgets a job for good.
func (s *Scheduler) removed(id JobID, reason string) {
	if j := s.jobs[id]; j != nil {
		s.forget(j, reason)
	}
}

func (s *Scheduler) forget(j *job, reason string) {
	s.end(j, reason)
	delete(s.jobs, j.ID)
	key := specKey{j.Tenant, j.Spec}
	if left := slices.DeleteFunc(s.specs[key], func(x *job) bool { return x == j }); len(left) == 0 {
		delete(s.specs, key)
	} else {
		s.specs[key] = left
	}
	t := s.tenants[j.Tenant]
	t.jobs--
	s.releaseTenant(t)
}
