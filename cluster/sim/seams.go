package sim

import (
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/release"
	"rpp-node/scheduler"
)

// Scheduler is what a leader uses of scheduler.Scheduler.
type Scheduler interface {
	Step(now time.Time, e scheduler.Event) []scheduler.Action
	Admit(now time.Time, a scheduler.Ask) scheduler.Verdict
	Release(reservation uint64)
	Job(id scheduler.JobID) (scheduler.JobView, bool)
	View() scheduler.View
}

// Gather is what a leader uses of release.Gather.
type Gather interface {
	Next(now time.Time) ([]release.Asking, time.Time)
	Signed(r fsm.Receipt) release.Verdict
	Rejected(id fsm.NodeID, code string) release.Verdict
	Failed(id fsm.NodeID, now time.Time)
	SetVoters(ids []fsm.NodeID)
	Verdict() release.Verdict
	Receipts() []fsm.Receipt
	Rejection() (code, reason string)
}

// Seams wrap the pieces that a run is made of. What is nil is taken as it is. Planted bugs
// come in here, and nowhere else.
type Seams struct {
	Scheduler func(*scheduler.Scheduler) Scheduler
	Gather    func(*release.Gather) Gather
	// Apply is fsm.Apply on one voter.
	Apply func(voter int, s *fsm.State, index uint64, c fsm.Command) fsm.Result
	// Event says whether a leader hears of a change.
	Event func(fsm.Event) bool
	// Verify is the voters' verifier, given the right verdict.
	Verify func(honest bool) bool
	// NoSync says which voters acknowledge entries that they have not synced.
	NoSync func(voter int) bool
	// LaxStore acknowledges artifacts that are not synced.
	LaxStore bool
	// AckEarly answers clients before anything is committed.
	AckEarly bool
}

func (s *Seams) scheduler(inner *scheduler.Scheduler) Scheduler {
	if s.Scheduler == nil {
		return inner
	}
	return s.Scheduler(inner)
}

func (s *Seams) gather(inner *release.Gather) Gather {
	if s.Gather == nil {
		return inner
	}
	return s.Gather(inner)
}

func (s *Seams) apply(voter int, state *fsm.State, index uint64, c fsm.Command) fsm.Result {
	if s.Apply == nil {
		return fsm.Apply(state, index, c)
	}
	return s.Apply(voter, state, index, c)
}

func (s *Seams) verify(honest bool) bool {
	if s.Verify == nil {
		return honest
	}
	return s.Verify(honest)
}
