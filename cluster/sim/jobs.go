package sim

import (
	"encoding/hex"
	"maps"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// What follows mirrors cluster/leader/state.go: the scheduler is told what the replicated
// state knows.

func (t *term) changed(e fsm.Event) {
	switch e.Kind {
	case fsm.JobChanged:
		t.readJob(e.Job)
	case fsm.JobForgotten:
		t.over(e.Job, nil)
	case fsm.QuarantineChanged:
		t.readQuarantine()
	case fsm.MembersChanged:
		t.readMembers()
	}
}

func (t *term) job(id fsm.JobID) *fsm.Job {
	j, _ := t.v.state.Job(id)
	return j
}

func (t *term) readJobs() {
	live := map[fsm.JobID]bool{}
	for _, j := range t.v.state.LiveJobs() {
		live[j.ID] = true
		t.accepted(j)
	}
	for _, id := range sortedIDs(t.known) {
		if !live[id] {
			t.over(id, t.job(id))
		}
	}
}

func (t *term) readJob(id fsm.JobID) {
	j := t.job(id)
	if j != nil && j.Live() {
		if t.known[id] != j.AcceptIndex {
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
	maps.DeleteFunc(t.parts, func(_ scheduler.Fence, p *lease) bool { return p.job == id })
}

func (t *term) readMembers() {
	members := t.v.state.Members()
	now := map[scheduler.WorkerID]bool{}
	for _, m := range members {
		if m.Draining {
			now[scheduler.WorkerID(m.Name)] = true
		}
	}
	for _, m := range members {
		w := scheduler.WorkerID(m.Name)
		if now[w] != t.drained[w] {
			t.step(scheduler.Drain{Worker: w, On: now[w]})
		}
	}
	t.drained = now
}

func (t *term) readQuarantine() {
	list := t.v.state.Quarantine()
	for _, q := range list {
		if !has(t.banned, func(r fsm.Quarantine) bool { return r == q }) {
			t.ban(q)
		}
	}
	for _, q := range t.banned {
		if !has(list, func(r fsm.Quarantine) bool { return r.Kind == q.Kind && r.Subject == q.Subject && r.Tenant == q.Tenant }) {
			t.lift(q)
		}
	}
	t.banned = list
}

func (t *term) ban(q fsm.Quarantine) {
	switch q.Kind {
	case fsm.QuarantinedDevice:
		t.step(scheduler.DeviceQuarantined{Device: scheduler.DeviceID(q.Subject)})
	case fsm.QuarantinedNode:
		t.step(scheduler.WorkerQuarantined{Worker: t.workerOf(q.Subject)})
	case fsm.QuarantinedSpec:
		t.step(scheduler.SpecQuarantined{Tenant: q.Tenant, Spec: specOf(q.Subject), At: time.UnixMilli(q.AtMS)})
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
		t.step(scheduler.SpecLifted{Tenant: q.Tenant, Spec: specOf(q.Subject)})
	case fsm.ClosedTenant:
		t.step(scheduler.IntakeClosed{Tenant: q.Subject})
	}
}

func specOf(subject string) (d [32]byte) {
	b, _ := hex.DecodeString(subject)
	copy(d[:], b)
	return d
}

func (t *term) workerOf(subject string) scheduler.WorkerID {
	m, ok := t.v.state.Member(specOf(subject))
	if !ok {
		return ""
	}
	return scheduler.WorkerID(m.Name)
}

// schedulerJob and tenantOf follow cluster/leader/convert.go.
func schedulerJob(j *fsm.Job) scheduler.Job {
	return scheduler.Job{
		ID: scheduler.JobID(j.ID), Tenant: tenantOf(j), Spec: j.ID, RateKey: j.VariantID.String(),
		Class: scheduler.Class(j.Class), Cells: j.Cells, MemoryBytes: j.MemoryBytes,
		Accepted: time.UnixMilli(j.AcceptedMS), Revived: j.Revived,
	}
}

func tenantOf(j *fsm.Job) string {
	for _, s := range j.Subscriptions {
		if s.Interest == fsm.Active {
			return s.Tenant
		}
	}
	return ""
}

// reservation and reserve follow cluster/leader/admit.go.
func (t *term) reservation(job fsm.JobID) uint64 {
	r := t.reservations[job]
	delete(t.reservations, job)
	return r
}

func (t *term) reserve(job fsm.JobID, r uint64) {
	if old := t.reservation(job); old != 0 {
		t.scheduler.Release(old)
	}
	t.reservations[job] = r
}
