package sim

import (
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// Limits of cluster/leader (limits.go) that shape what it does.
const (
	arrivalsCount  = 4
	outgoingCount  = 256
	proposeTimeout = 5 * time.Second
	proposePause   = 100 * time.Millisecond
	refusedPause   = time.Second
	tickMost       = time.Second
)

// term is the twin of cluster/leader's: one voter's time as the leader, from the moment at
// which its state holds everything that was committed before.
type term struct {
	w      *world
	v      *voter
	number uint64
	ended  bool

	scheduler  Scheduler
	wake       time.Time     // when the scheduler wants a tick
	asking     time.Time     // when a voter may be asked again
	tickAt     time.Duration // when a look at the clock is planned
	tickSeq    int
	known      map[fsm.JobID]uint64
	sessions   map[scheduler.WorkerID]*session
	parts      map[scheduler.Fence]*lease
	assemblies map[fsm.JobID]*assembly
	arrivals   map[fsm.JobID][]*arrival

	reservations map[fsm.JobID]uint64
	drained      map[scheduler.WorkerID]bool
	banned       []fsm.Quarantine
}

// newTerm follows newTerm and the beginning of lead.
func newTerm(v *voter, number uint64) *term {
	t := &term{
		w: v.w, v: v, number: number, tickAt: -1,
		known: map[fsm.JobID]uint64{}, sessions: map[scheduler.WorkerID]*session{},
		parts: map[scheduler.Fence]*lease{}, assemblies: map[fsm.JobID]*assembly{}, arrivals: map[fsm.JobID][]*arrival{},
		reservations: map[fsm.JobID]uint64{}, drained: map[scheduler.WorkerID]bool{},
	}
	t.scheduler = v.w.seams.scheduler(scheduler.New(v.w.config, number, v.wall()))
	v.w.oracle.began(t)
	v.w.tracef("%s begins term %d with %d jobs", v.name, number, len(v.state.LiveJobs()))
	v.after(0, func() {
		t.loop(func() {
			t.readQuarantine()
			t.readMembers()
			t.readJobs()
		})
	})
	return t
}

// end is the term's: sessions break, answers that come later find nobody.
func (t *term) end() {
	t.ended = true
	for _, w := range sortedKeys(t.sessions) {
		t.sessions[w].stream.reset()
	}
}

// loop is one round of lead's: something is done, voters are asked, the timer is set.
func (t *term) loop(do func()) {
	if t.ended {
		return
	}
	do()
	if t.ended {
		return
	}
	t.ask()
	t.arm()
}

// arm plans the next look at the clock, as untilWake says.
func (t *term) arm() {
	wait := tickMost
	for _, at := range []time.Time{t.wake, t.asking} {
		if !at.IsZero() {
			wait = min(wait, max(at.Sub(t.v.wall()), 0))
		}
	}
	at := t.w.now + wait
	if t.tickAt >= 0 && t.tickAt <= at {
		return
	}
	t.tickAt = at
	t.tickSeq++
	seq := t.tickSeq
	t.v.after(wait, func() {
		if t.tickSeq != seq {
			return
		}
		t.tickAt = -1
		if !t.wake.After(t.v.wall()) {
			t.wake = time.Time{}
		}
		t.loop(func() { t.step(scheduler.Tick{}) })
	})
}

// step follows step and perform.
func (t *term) step(e scheduler.Event) {
	if t.ended {
		return
	}
	r, isReport := e.(scheduler.Report)
	lives := isReport && t.w.oracle.heard(t, r)
	actions := t.scheduler.Step(t.v.wall(), e)
	t.w.oracle.stepped(t, e, lives, actions)
	for _, a := range actions {
		t.perform(a)
	}
}

func (t *term) perform(a scheduler.Action) {
	switch a := a.(type) {
	case scheduler.WakeAt:
		t.wake = a.At
	case scheduler.Grant:
		t.parts[a.Fence] = &lease{job: fsm.JobID(a.Job), worker: a.Worker, device: a.Device}
		if s := t.sessions[a.Worker]; s != nil {
			s.post(outgoing{grant: &a})
		}
	case scheduler.Revoke:
		t.send(a.Worker, revoke{a.Fence, a.IfUnstarted})
	case scheduler.Renew:
		if s := t.sessions[a.Worker]; s != nil {
			s.post(outgoing{message: renewal{s.heartbeat, a.Fences}})
		}
	case scheduler.Directive:
		t.directive(a)
	case scheduler.Assembled:
		t.assembled(a)
	case scheduler.Discard:
		t.taken(a.Fence)
	case scheduler.RunReference:
		t.reference(a)
	case scheduler.Fail:
		t.propose(&fsm.FailJob{Job: fsm.JobID(a.Job), AcceptIndex: t.known[fsm.JobID(a.Job)], Code: fault.CodeAttempts, Reason: a.Reason})
	case scheduler.QuarantineSpec:
		t.propose(&fsm.QuarantineSpec{Tenant: a.Tenant, Spec: a.Spec, Reason: a.Reason})
	case scheduler.CloseIntake:
		t.propose(&fsm.CloseIntake{Tenant: a.Tenant, UntilMS: a.Until.UnixMilli(), Reason: a.Reason})
	case scheduler.QuarantineDevice:
		t.propose(&fsm.QuarantineDevice{Device: string(a.Device), Node: t.w.workerNamed(a.Worker), Reason: a.Reason})
	case scheduler.QuarantineNode:
		t.propose(&fsm.QuarantineNode{Node: t.w.workerNamed(a.Worker), Reason: a.Reason})
	}
}

// propose follows propose and commit: again and again, until the command is answered or the
// term is over.
func (t *term) propose(c fsm.Command) {
	*c.Stamp() = fsm.Header{NowMS: t.v.wall().UnixMilli(), Actor: t.v.name}
	data, err := fsm.Encode(c)
	if err != nil {
		t.w.violate("%s proposes what cannot be encoded: %v", t.v.name, err)
		return
	}
	if f, ok := c.(*fsm.FailJob); ok {
		t.w.oracle.verdict(data, t.known[f.Job])
	}
	t.attempt(c, data)
}

func (t *term) attempt(c fsm.Command, data []byte) {
	if t.ended {
		return
	}
	answered := false
	again := func() { t.v.after(proposePause, func() { t.attempt(c, data) }) }
	t.v.propose(data, func(a applied, err error) {
		if answered {
			return
		}
		answered = true
		var answer *fault.Error
		if err == nil && a.Err != nil {
			answer = fault.Of(a.Err)
		}
		switch {
		case err != nil || answer != nil && answer.Kind == fault.Unavailable:
			again()
		case answer != nil:
			t.loop(func() { t.refused(c) })
		default:
			t.loop(func() { t.settled(c) })
		}
	})
	t.v.after(proposeTimeout, func() {
		if !answered {
			answered = true
			t.w.hit(seenUncertain)
			again()
		}
	})
}

// settled and refused follow their namesakes.
func (t *term) settled(c fsm.Command) {
	q, ok := c.(*fsm.QuarantineSpec)
	if !ok {
		return
	}
	j := t.job(fsm.JobID(q.Spec))
	if j == nil || !j.Live() || t.known[j.ID] != j.AcceptIndex {
		return
	}
	if v, ok := t.scheduler.Job(scheduler.JobID(j.ID)); ok && v.State == scheduler.JobEnded {
		t.over(j.ID, nil)
		t.accepted(j)
	}
}

func (t *term) refused(c fsm.Command) {
	r, ok := c.(*fsm.ReleaseJob)
	if !ok {
		return
	}
	if a := t.assemblies[r.Job]; a != nil && a.digest == r.ProofDigest {
		a.proposing, a.refused = false, true
		a.gather.SetVoters(t.w.voterIDs)
		a.again = t.v.wall().Add(refusedPause)
	}
}

// notify is the machine's subscription: the loop hears of changes a moment later.
func (t *term) notify(events []fsm.Event) {
	t.v.after(50*time.Microsecond, func() {
		t.loop(func() {
			for _, e := range events {
				if t.w.seams.Event == nil || t.w.seams.Event(e) {
					t.changed(e)
				}
			}
		})
	})
}
