package leader

import (
	"encoding/hex"
	"maps"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// begin gives the scheduler what the replicated state knows.
func (t *term) begin() {
	t.readQuarantine()
	t.readMembers()
	t.readJobs()
}

// changed follows one change of the replicated state.
func (t *term) changed(e fsm.Event) {
	switch e.Kind {
	case fsm.Reread:
		t.begin()
	case fsm.JobChanged:
		t.readJob(e.Job)
	case fsm.JobForgotten:
		t.over(e.Job, nil)
	case fsm.QuarantineChanged:
		t.readQuarantine()
	case fsm.MembersChanged:
		t.readMembers()
	case fsm.VotersChanged:
		for _, a := range t.assemblies {
			a.gather.SetVoters(t.l.cfg.Raft.Voters())
			a.again = time.Time{}
			t.judge(a, a.gather.Verdict())
		}
	}
}

func (t *term) job(id fsm.JobID) (j *fsm.Job) {
	t.l.cfg.Machine.View(func(s *fsm.State) { j, _ = s.Job(id) })
	return j
}

// readJobs makes the scheduler's jobs those of the state, whatever was missed.
func (t *term) readJobs() {
	var jobs []*fsm.Job
	t.l.cfg.Machine.View(func(s *fsm.State) { jobs = s.LiveJobs() })
	live := map[fsm.JobID]bool{}
	for _, j := range jobs {
		live[j.ID] = true
		t.accepted(j)
	}
	for id := range t.known {
		if !live[id] {
			t.over(id, t.job(id))
		}
	}
}

func (t *term) readJob(id fsm.JobID) {
	j := t.job(id)
	if j != nil && j.Live() {
		if t.known[id] != j.AcceptIndex { // ended and revived since we looked
			t.over(id, nil)
		}
		t.accepted(j)
		return
	}
	t.over(id, j)
}

func (t *term) accepted(j *fsm.Job) {
	if t.known[j.ID] != 0 {
		return
	}
	t.known[j.ID] = j.AcceptIndex
	t.step(scheduler.JobAccepted{Job: schedulerJob(j), Reservation: t.reservation(j.ID)})
}

// over ends what goes on for a job that has ended.
func (t *term) over(id fsm.JobID, j *fsm.Job) {
	if t.known[id] == 0 {
		return
	}
	delete(t.known, id)
	if j != nil && j.State == fsm.Cancelled {
		t.step(scheduler.JobCancelled{ID: scheduler.JobID(id)})
	} else {
		t.step(scheduler.JobFinished{ID: scheduler.JobID(id), Released: j != nil && j.State == fsm.Released})
	}
	delete(t.assemblies, id)
	delete(t.arrivals, id)
	t.letGo(id)
	maps.DeleteFunc(t.parts, func(_ scheduler.Fence, p *part) bool { return p.job == id })
}

// readMembers follows who is drained.
func (t *term) readMembers() {
	var members []*fsm.Member
	t.l.cfg.Machine.View(func(s *fsm.State) { members = s.Members() })
	now := map[scheduler.WorkerID]bool{}
	for _, m := range members {
		if m.Draining {
			now[scheduler.WorkerID(m.Name)] = true
		}
	}
	for _, m := range members { // in their order, so that equal states give equal steps
		w := scheduler.WorkerID(m.Name)
		if now[w] != t.drained[w] {
			t.step(scheduler.Drain{Worker: w, On: now[w]})
		}
	}
	t.drained = now
}

// readQuarantine follows the quarantine list.
func (t *term) readQuarantine() {
	var list []fsm.Quarantine
	t.l.cfg.Machine.View(func(s *fsm.State) { list = s.Quarantine() })
	now := map[fsm.Quarantine]bool{}
	for _, q := range list {
		now[q] = true
		if !t.banned[q] {
			t.ban(q)
		}
	}
	for q := range t.banned {
		if !now[q] && !stillBanned(list, q) {
			t.lift(q)
		}
	}
	t.banned = now
}

// stillBanned says whether an entry was only replaced by a newer one.
func stillBanned(list []fsm.Quarantine, q fsm.Quarantine) bool {
	for _, r := range list {
		if r.Kind == q.Kind && r.Subject == q.Subject && r.Tenant == q.Tenant {
			return true
		}
	}
	return false
}

func (t *term) ban(q fsm.Quarantine) {
	switch q.Kind {
	case fsm.QuarantinedDevice:
		t.step(scheduler.DeviceQuarantined{Device: scheduler.DeviceID(q.Subject)})
	case fsm.QuarantinedNode:
		t.step(scheduler.WorkerQuarantined{Worker: t.workerOf(q.Subject)})
	case fsm.QuarantinedSpec:
		if d, ok := specOf(q.Subject); ok {
			t.step(scheduler.SpecQuarantined{Tenant: q.Tenant, Spec: d, At: time.UnixMilli(q.AtMS)})
		}
	case fsm.ClosedTenant:
		t.step(scheduler.IntakeClosed{Tenant: q.Subject, Until: time.UnixMilli(q.UntilMS)})
	}
}

func (t *term) lift(q fsm.Quarantine) {
	switch q.Kind {
	case fsm.QuarantinedDevice:
		t.step(scheduler.DeviceLifted{Device: scheduler.DeviceID(q.Subject)})
	case fsm.QuarantinedNode:
		t.step(scheduler.WorkerLifted{Worker: t.workerOf(q.Subject)})
	case fsm.QuarantinedSpec:
		if d, ok := specOf(q.Subject); ok {
			t.step(scheduler.SpecLifted{Tenant: q.Tenant, Spec: d})
		}
	case fsm.ClosedTenant:
		t.step(scheduler.IntakeClosed{Tenant: q.Subject})
	}
}

func specOf(subject string) ([32]byte, bool) {
	b, err := hex.DecodeString(subject)
	if err != nil {
		return [32]byte{}, false
	}
	return digestOf(b)
}

// workerOf is the name of a node that is known by its identifier.
func (t *term) workerOf(subject string) (w scheduler.WorkerID) {
	id, _ := specOf(subject)
	t.l.cfg.Machine.View(func(s *fsm.State) {
		if m, ok := s.Member(id); ok {
			w = scheduler.WorkerID(m.Name)
		}
	})
	return w
}

// nodeOf is the identifier of a worker.
func (t *term) nodeOf(w scheduler.WorkerID) (id fsm.NodeID) {
	if s := t.sessions[w]; s != nil {
		return s.node
	}
	t.l.cfg.Machine.View(func(s *fsm.State) {
		for _, m := range s.Members() {
			if m.Name == string(w) {
				id = m.ID
			}
		}
	})
	return id
}
