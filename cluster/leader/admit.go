package leader

import (
	"context"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// Admit asks whether a job may be proposed now, and reserves its place: the reservation is
// used up when the job is accepted, given back by Forget, and expires.
func (l *Leader) Admit(ctx context.Context, job fsm.JobID, ask scheduler.Ask) error {
	var v scheduler.Verdict
	err := l.do(ctx, func(t *term) {
		if t.known[job] != 0 { // it is on its way: a further subscription costs nothing
			v.OK = true
			return
		}
		v = t.scheduler.Admit(l.cfg.Now(), ask)
		if v.OK {
			t.reserve(job, v.Reservation)
		}
	})
	if err != nil || v.OK {
		return err
	}
	return refusal(v)
}

func refusal(v scheduler.Verdict) error {
	return fault.New(admissionCode(v.Code), "%s", v.Reason).After(v.RetryAfter)
}

// Full refuses if any new job of a tenant and a class would be refused now for the number
// of jobs there are. It spares the work of finding out what the job is.
func (l *Leader) Full(ctx context.Context, tenant string, c scheduler.Class) error {
	var v scheduler.Verdict
	err := l.do(ctx, func(t *term) { v = t.scheduler.Full(l.cfg.Now(), tenant, c) })
	if err != nil || v.OK {
		return err
	}
	return refusal(v)
}

// Forget gives a reservation back: the job was not accepted after all.
func (l *Leader) Forget(ctx context.Context, job fsm.JobID) {
	l.do(ctx, func(t *term) {
		if r := t.reservation(job); r != 0 {
			t.scheduler.Release(r)
		}
	})
}

// reserve keeps a job's reservation. Of two for one job the first is given back.
func (t *term) reserve(job fsm.JobID, r uint64) {
	if old := t.reservation(job); old != 0 {
		t.scheduler.Release(old)
	}
	t.reservations[job] = r
}

// reservation takes a job's reservation, zero if it has none.
func (t *term) reservation(job fsm.JobID) uint64 {
	r := t.reservations[job]
	delete(t.reservations, job)
	return r
}

var admissionCodes = map[string]fault.Code{
	scheduler.CodeQueueFull:    fault.CodeQueueFull,
	scheduler.CodeTenantQuota:  fault.CodeTenantQuota,
	scheduler.CodeIntakeClosed: fault.CodeIntakeClosed,
	scheduler.CodeOverload:     fault.CodeOverload,
	scheduler.CodeNoDevice:     fault.CodeNoDevice,
	scheduler.CodeQuarantined:  fault.CodeQuarantined,
}

func admissionCode(code string) fault.Code {
	if c, ok := admissionCodes[code]; ok {
		return c
	}
	return fault.CodeOverload
}

var failureCodes = map[string]fault.Code{
	scheduler.CodeInvalidWitness: fault.CodeInvalidWitness,
	scheduler.CodeAttempts:       fault.CodeAttempts,
	scheduler.CodeProofRejected:  fault.CodeProofRejected,
	scheduler.CodeQuarantined:    fault.CodeQuarantined,
}

func failureCode(code string) fault.Code {
	if c, ok := failureCodes[code]; ok {
		return c
	}
	return fault.CodeInternal
}
