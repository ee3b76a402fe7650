package leader

import (
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// step lets the scheduler decide about an event, and does what it says. An event that comes
// of an action waits until the actions before it are done.
func (t *term) step(e scheduler.Event) {
	t.events = append(t.events, e)
	if len(t.events) > 1 {
		return // within the loop below
	}
	for ; len(t.events) > 0; t.events = t.events[1:] {
		for _, a := range t.scheduler.Step(t.l.cfg.Now(), t.events[0]) {
			t.perform(a)
		}
	}
}

// perform does one thing that the scheduler decided.
func (t *term) perform(a scheduler.Action) {
	switch a := a.(type) {
	case scheduler.WakeAt:
		t.wake = a.At
	case scheduler.Grant:
		t.grant(a)
	case scheduler.Revoke:
		t.send(a.Worker, revokeMessage(a))
	case scheduler.Renew:
		t.renewal(a)
	case scheduler.Directive:
		t.directive(a)
	case scheduler.Assembled:
		t.assembled(a)
	case scheduler.Discard:
		t.l.cfg.Log.Debug("report discarded", "fence", a.Fence, "reason", a.Reason)
		t.taken(a.Fence)
	case scheduler.RunReference:
		t.reference(a)
	case scheduler.DrainDevice:
		t.l.cfg.Log.Warn("device drained", "device", a.Device, "reason", a.Reason)
	default:
		t.performProposal(a)
	}
}

// performProposal proposes what only the whole cluster can decide.
func (t *term) performProposal(a scheduler.Action) {
	switch a := a.(type) {
	case scheduler.Fail:
		t.propose(&fsm.FailJob{Job: fsm.JobID(a.Job), AcceptIndex: t.known[fsm.JobID(a.Job)], Code: failureCode(a.Code), Reason: a.Reason})
	case scheduler.QuarantineSpec:
		t.propose(&fsm.QuarantineSpec{Tenant: a.Tenant, Spec: a.Spec, Reason: a.Reason})
	case scheduler.CloseIntake:
		t.propose(&fsm.CloseIntake{Tenant: a.Tenant, UntilMS: a.Until.UnixMilli(), Reason: a.Reason})
	case scheduler.QuarantineDevice:
		t.propose(&fsm.QuarantineDevice{Device: string(a.Device), Node: t.nodeOf(a.Worker), Reason: a.Reason})
	case scheduler.QuarantineNode:
		t.propose(&fsm.QuarantineNode{Node: t.nodeOf(a.Worker), Reason: a.Reason})
	}
}
