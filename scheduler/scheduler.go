package scheduler

import (
	"fmt"
	"time"
)

// Scheduler is one term's state. Its owner serialises all calls.
type Scheduler struct {
	config   Config
	term     uint64
	sequence uint64
	// now is the greatest time that was handed in.
	now       time.Time
	holdUntil time.Time
	joinUntil time.Time

	jobs    map[JobID]*job
	tenants map[string]*tenant
	classes [classCount]*class
	// specs finds jobs by what SpecQuarantined names.
	specs map[specKey][]*job

	workers map[WorkerID]*worker
	byID    map[DeviceID]*device
	// devices is in the order of their IDs: whatever looks at all of them walks it.
	devices []*device

	leases   map[Fence]*lease
	expiries heap[*lease]

	rates rates
	work  [classCount][]uint64 // cells not yet proved, by class and rate key
	// queuedCells are those that wait for a device, by rate key.
	queuedCells []uint64

	quarantine   quarantine
	disputes     map[JobID]*dispute
	reservations reservations

	// Of hedges: how many run now, and the cells granted in all and for hedges.
	hedges                    int
	grantedCells, hedgedCells uint64

	pass      uint64 // stamps what one round of placing has found blocked
	wakeAt    time.Time
	out       []Action
	counters  Counters
	decisions decisions
}

// New starts a term at now. The configuration must be valid.
func New(c Config, term uint64, now time.Time) *Scheduler {
	if err := c.Validate(); err != nil {
		panic(err) // the caller validates what people write; here it is a broken program
	}
	s := &Scheduler{
		config: c, term: term, now: now,
		holdUntil:    now.Add(c.HoldOff),
		joinUntil:    now.Add(max(c.HoldOff, c.JoinGrace)),
		jobs:         map[JobID]*job{},
		tenants:      map[string]*tenant{},
		specs:        map[specKey][]*job{},
		workers:      map[WorkerID]*worker{},
		byID:         map[DeviceID]*device{},
		leases:       map[Fence]*lease{},
		rates:        newRates(),
		quarantine:   newQuarantine(),
		disputes:     map[JobID]*dispute{},
		reservations: newReservations(),
	}
	s.expiries = heap[*lease]{less: (*lease).expiresBefore, at: func(l *lease) *int { return &l.heapAt }}
	for i := range s.classes {
		s.classes[i] = newClass()
	}
	return s
}

// Step lets time pass until now, lets e happen, and says what follows.
func (s *Scheduler) Step(now time.Time, e Event) []Action {
	s.advance(now)
	s.expire()
	s.handle(e)
	s.assign()
	s.steal()
	s.hedge()
	s.wake()
	out := s.out
	s.out = nil
	return out
}

func (s *Scheduler) advance(now time.Time) {
	if now.After(s.now) {
		s.now = now
	}
}

func (s *Scheduler) handle(e Event) {
	switch e := e.(type) {
	case JobAccepted:
		s.accepted(e)
	case JobCancelled:
		s.removed(e.ID, "the job was cancelled")
	case JobFinished:
		s.finished(e)
	case WorkerJoined:
		s.joined(e)
	case WorkerLost:
		s.workerLost(e)
	case Heartbeat:
		s.heartbeat(e)
	case Dropped:
		s.dropped(e)
	case Report:
		s.report(e)
	case ProofRejected:
		s.proofRejected(e)
	case ProofLost:
		s.proofLost(e)
	case ReferenceResult:
		s.reference(e)
	case DeviceQuarantined:
		s.deviceQuarantined(e.Device)
	case DeviceLifted:
		s.deviceLifted(e.Device)
	case WorkerQuarantined:
		s.workerQuarantined(e.Worker)
	case WorkerLifted:
		s.workerLifted(e.Worker)
	case SpecQuarantined:
		s.specQuarantined(e)
	case SpecLifted:
		delete(s.quarantine.specs, specKey{e.Tenant, e.Spec})
	case IntakeClosed:
		s.intakeClosed(e)
	case Drain:
		s.drain(e)
	case Tick:
	}
}

func (s *Scheduler) do(a Action) { s.out = append(s.out, a) }

// fence makes the next one.
func (s *Scheduler) fence() Fence {
	s.sequence++
	return Fence{s.term, s.sequence}
}

// fail proposes the job's failure and takes it out of all work.
func (s *Scheduler) fail(j *job, code, reason string) {
	s.end(j, reason)
	s.counters.Failed++
	s.note(Decision{Kind: "fail", Job: j.ID, Reason: reason})
	s.do(Fail{Job: j.ID, Code: code, Reason: reason})
}

// end leaves the job to Raft: it waits for JobFinished or for a revival.
func (s *Scheduler) end(j *job, reason string) {
	s.dequeue(j)
	s.cancelAll(j, reason)
	s.setState(j, JobEnded)
	j.decision = reason
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
