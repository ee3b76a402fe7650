package leader

import (
	"context"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// part is a lease that the worker may hold.
type part struct {
	job      fsm.JobID
	worker   scheduler.WorkerID
	device   scheduler.DeviceID
	reported bool // its report waits for the job's end
}

func (t *term) grant(a scheduler.Grant) {
	t.parts[a.Fence] = &part{job: fsm.JobID(a.Job), worker: a.Worker, device: a.Device}
	s := t.sessions[a.Worker]
	if s == nil { // it left in this very step
		return
	}
	t.post(s, outgoing{grant: &a})
}

// grantMessage fills a grant in. It runs beside the loop.
func (l *Leader) grantMessage(ctx context.Context, a *scheduler.Grant) (*internalv1.LeaderMessage, error) {
	var j *fsm.Job
	l.cfg.Machine.View(func(s *fsm.State) { j, _ = s.Job(fsm.JobID(a.Job)) })
	if j == nil {
		return nil, fault.New(fault.CodeNoJob, "job %s is gone", a.Job)
	}
	g := &internalv1.Grant{
		Job: j.ID[:], Fence: protoFence(a.Fence), Device: string(a.Device), Spec: j.Spec, WitnessDigest: j.WitnessDigest[:],
		LeaseMs: a.Lease.Milliseconds(), TimeLimitMs: a.TimeLimit.Milliseconds(), Alone: a.Alone, Reason: a.Reason,
	}
	if j.WitnessBytes <= inlineWitnessBytes {
		w, err := l.cfg.Witnesses.Witness(ctx, j.WitnessDigest)
		if err != nil {
			return nil, err
		}
		g.Witness = w
	}
	return &internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Grant{Grant: g}}, nil
}

// withdraw ends a lease that could not be handed over: no fault of the job or the worker.
func (l *Leader) withdraw(ctx context.Context, s *session, a *scheduler.Grant, why error) {
	l.cfg.Log.Warn("grant withdrawn", "job", a.Job, "device", a.Device, "error", why)
	l.do(ctx, func(t *term) {
		delete(t.parts, a.Fence)
		t.step(scheduler.Report{
			Worker: s.worker, Device: a.Device, Job: a.Job, Fence: a.Fence, Outcome: scheduler.Unavailable,
			Code: string(fault.Of(why).Code), Reason: why.Error(),
		})
	})
}

// MayRead says whether a worker holds a lease whose witness this is.
func (l *Leader) MayRead(ctx context.Context, worker string, job fsm.JobID, fence scheduler.Fence) error {
	var ok bool
	err := l.do(ctx, func(t *term) {
		p := t.parts[fence]
		ok = p != nil && p.job == job && string(p.worker) == worker
	})
	if err == nil && !ok {
		err = fault.New(fault.CodeNoLease, "worker %s holds no lease of job %x under fence %s", worker, job[:6], fence)
	}
	return err
}

func revokeMessage(a scheduler.Revoke) *internalv1.LeaderMessage {
	return &internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Revoke{Revoke: &internalv1.Revoke{
		Fence: protoFence(a.Fence), Reason: a.Reason, IfUnstarted: a.IfUnstarted,
	}}}
}

// renewal answers a heartbeat.
func (t *term) renewal(a scheduler.Renew) {
	s := t.sessions[a.Worker]
	if s == nil {
		return
	}
	t.post(s, outgoing{message: &internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Renewal{Renewal: &internalv1.Renewal{
		Heartbeat: s.heartbeat, LeaseMs: t.l.cfg.Scheduler.Lease.Milliseconds(), Fences: protoFences(a.Fences),
	}}}})
}

// directive is part of the answer to Hello. A part is the worker's by the scheduler's word,
// not by the worker's.
func (t *term) directive(a scheduler.Directive) {
	s := t.sessions[a.Worker]
	if s == nil {
		return
	}
	d := &internalv1.Directive{Order: orders[a.Order]}
	if a.Order != scheduler.Idle {
		d.Fence = protoFence(a.Fence)
	}
	if p := t.parts[a.Fence]; p != nil && p.worker == a.Worker {
		delete(t.parts, a.Fence)
	}
	if a.Order == scheduler.KeepComputing {
		d.Renewed = protoFence(a.Renewed)
		t.parts[a.Renewed] = s.resident[a.Fence]
	}
	s.directives = append(s.directives, d)
}

// taken tells the worker that a report need not be kept.
func (t *term) taken(f scheduler.Fence) {
	p := t.parts[f]
	if p == nil {
		return
	}
	delete(t.parts, f)
	t.send(p.worker, takenMessage(f))
}

func takenMessage(f scheduler.Fence) *internalv1.LeaderMessage {
	return &internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Taken{Taken: &internalv1.Taken{Fence: protoFence(f)}}}
}
