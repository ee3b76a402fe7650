package fsm

import (
	"slices"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// CancelJob withdraws a tenant's subscription: the one with that key, or all of the
// tenant's to that job. When none is active any more, the job is cancelled.
type CancelJob struct {
	Header
	Tenant         string
	IdempotencyKey string // if empty, Job counts
	Job            JobID
}

func (*CancelJob) kind() kind { return kindCancelJob }

func (c *CancelJob) walk(w *wire.Coder) {
	w.Text(&c.Tenant, maxNameBytes, "tenant")
	w.Text(&c.IdempotencyKey, maxKeyBytes, "idempotency key")
	w.Fixed(c.Job[:], "job")
}

func (c *CancelJob) apply(t *change) *fault.Error {
	id := c.Job
	if c.IdempotencyKey != "" {
		id = t.byKey[subscriptionKey{c.Tenant, c.IdempotencyKey}]
	}
	j := t.jobs[id]
	if j == nil || !j.Known(c.Tenant) {
		return fault.New(fault.CodeNoJob, "tenant %s has no such job", c.Tenant)
	}
	if j.State == Released {
		return fault.New(fault.CodeFinal, "job %s is released", id)
	}
	t.withdraw(j, WithdrawnByCancel, "", func(s Subscription) bool {
		return s.Tenant == c.Tenant && (c.IdempotencyKey == "" || s.Key == c.IdempotencyKey)
	})
	t.result.Job = t.jobs[id].clone()
	return nil
}

// FailJob ends a job that cannot be proved. Code is one of package fault. AcceptIndex is the
// job's, so that a verdict which comes late, or twice, does not end a job that was revived
// meanwhile; 0 is about whatever job there is.
type FailJob struct {
	Header
	Job         JobID
	AcceptIndex uint64
	Code        fault.Code
	Reason      string
}

func (*FailJob) kind() kind { return kindFailJob }

func (c *FailJob) walk(w *wire.Coder) {
	w.Fixed(c.Job[:], "job")
	w.U64(&c.AcceptIndex, "accept index")
	walkVerdict(w, &c.Code, &c.Reason)
}

func (c *FailJob) apply(t *change) *fault.Error {
	j := t.jobs[c.Job]
	switch {
	case j == nil:
		return fault.New(fault.CodeNoJob, "job %s", c.Job)
	case c.AcceptIndex != 0 && c.AcceptIndex != j.AcceptIndex:
		return fault.New(fault.CodeFinal, "job %s was revived since", c.Job)
	case j.State == Failed: // the first verdict stands
		t.result.Job = j.clone()
		return nil
	case !j.Live():
		return fault.New(fault.CodeFinal, "job %s is %s", c.Job, j.State)
	case c.Code == "":
		return fault.New(fault.CodeField, "code: must not be empty")
	}
	next := *j
	next.Code, next.Reason = c.Code, c.Reason
	t.finish(j, &next, Failed)
	t.result.Job = t.jobs[c.Job].clone()
	return nil
}

// withdraw ends the active subscriptions that match. If a live job then has none left,
// it ends for the same reason.
func (t *change) withdraw(j *Job, why Interest, reason string, match func(Subscription) bool) {
	next := *j
	next.Subscriptions = slices.Clone(j.Subscriptions)
	changed := false
	for i, s := range next.Subscriptions {
		if s.Interest == Active && match(s) {
			next.Subscriptions[i].Interest = why
			changed = true
		}
	}
	switch {
	case !changed:
	case next.Live() && len(next.active()) == 0:
		state := Cancelled
		if why == WithdrawnByQuarantine {
			state = Quarantined
			next.Code, next.Reason = fault.CodeQuarantined, reason
		}
		t.finish(j, &next, state)
	default:
		t.replace(j, &next)
		t.event(Event{Kind: JobChanged, Job: j.ID, State: j.State})
	}
}

// finish ends a live job and lets the longest finished one go if there are too many.
func (t *change) finish(old, next *Job, state JobState) {
	next.State = state
	next.FinishedMS, next.FinishIndex = t.nowMS, t.applied
	t.replace(old, next)
	switch state {
	case Released:
		t.totals.Released++
	case Failed:
		t.totals.Failed++
	case Cancelled:
		t.totals.Cancelled++
	case Quarantined:
		t.totals.Quarantined++
	}
	t.event(Event{Kind: JobChanged, Job: next.ID, State: state})
	t.trimFinished()
}

// trimFinished forgets finished jobs beyond the configured number, first the oldest. The
// one that finishes just now is the newest, so it stays. After the number was lowered, it
// takes several rounds.
func (t *change) trimFinished() {
	for range maxForgotten {
		if len(t.jobs)-t.count[Accepted] <= int(t.config.FinishedJobsMax) {
			return
		}
		t.forget(t.ended.first())
	}
}

// forget removes a finished job.
func (t *change) forget(j *Job) {
	t.replace(j, nil)
	t.event(Event{Kind: JobForgotten, Job: j.ID, State: j.State})
}
