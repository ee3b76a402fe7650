package fsm

import (
	"bytes"
	"slices"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// SubmitJob asks for a proof. Its witness is stored on a quorum of voters before it is
// proposed. Equal specs are one job, to which every submit subscribes.
type SubmitJob struct {
	Header
	Tenant         string
	IdempotencyKey string
	Statement
	Demand
}

func (*SubmitJob) kind() kind { return kindSubmitJob }

func (c *SubmitJob) walk(w *wire.Coder) {
	w.Text(&c.Tenant, maxNameBytes, "tenant")
	w.Text(&c.IdempotencyKey, maxKeyBytes, "idempotency key")
	c.Statement.walk(w)
	c.Demand.walk(w)
}

func (c *SubmitJob) apply(t *change) *fault.Error {
	switch {
	case c.Tenant == "" || c.IdempotencyKey == "":
		return fault.New(fault.CodeField, "tenant, idempotency key: must not be empty")
	case len(c.Spec) == 0:
		return fault.New(fault.CodeField, "spec: must not be empty")
	}
	id := JobIDOf(c.Spec)
	if known, ok := t.byKey[subscriptionKey{c.Tenant, c.IdempotencyKey}]; ok && known != id {
		return fault.New(fault.CodeIdemKey, "key %q of tenant %s names job %s", c.IdempotencyKey, c.Tenant, known)
	}
	old := t.jobs[id]
	if old != nil && !old.Statement.equal(&c.Statement) {
		return fault.New(fault.CodeField, "spec: the fields repeated beside it are not those of job %s", id)
	}
	// A repeated submit finds its job whatever has been closed since.
	if old != nil && (old.Live() || old.State == Released) && old.wantedUnder(c.Tenant, c.IdempotencyKey) {
		t.result.Job, t.result.Existing = old.clone(), true
		return nil
	}
	if err := c.admit(t, id, old); err != nil {
		return err
	}

	var j Job
	switch {
	case old == nil:
		j = Job{ID: id, Statement: c.Statement, Demand: c.Demand}
		j.Spec = bytes.Clone(c.Spec)
		t.accept(&j)
		t.totals.Accepted++
	case old.Live(), old.State == Released:
		j = *old
	default:
		j = *old
		j.Demand = c.Demand
		j.Revived++
		j.Endings = append(slices.Clone(old.Endings), Ending{old.State, old.Code, old.Reason, old.FinishedMS})
		if extra := len(j.Endings) - maxEndings; extra > 0 {
			j.Endings = j.Endings[extra:]
		}
		t.accept(&j)
		t.totals.Revived++
	}
	j.subscribe(c.Tenant, c.IdempotencyKey, t.nowMS)
	t.replace(old, &j)
	t.event(Event{Kind: JobChanged, Job: id, State: j.State})
	t.result.Job, t.result.Existing = j.clone(), old != nil
	return nil
}

// admit decides whether a subscription that does not exist yet may.
func (c *SubmitJob) admit(t *change, id JobID, old *Job) *fault.Error {
	if q := t.quarantine[specKey(c.Tenant, id)]; q != nil {
		return fault.New(fault.CodeQuarantined, "spec %s of tenant %s: %s", id, c.Tenant, q.Reason)
	}
	if q := t.quarantine[tenantKey(c.Tenant)]; q != nil && q.UntilMS > t.nowMS {
		wait := time.Duration(q.UntilMS-t.nowMS) * time.Millisecond
		return fault.New(fault.CodeIntakeClosed, "tenant %s: %s", c.Tenant, q.Reason).After(wait)
	}
	if err := t.notFrozen(c.Family); err != nil {
		return err
	}
	if err := t.currentEpoch(c.VariantID, c.Fingerprint); err != nil {
		return err
	}
	becomesLive := old == nil || !old.Live() && old.State != Released
	if becomesLive && t.count[Accepted] >= int(t.config.LiveJobsMax) {
		return fault.New(fault.CodeQueueFull, "%d jobs wait or run", t.count[Accepted])
	}
	counts := becomesLive || old.Live() && !old.Wanted(c.Tenant)
	if counts && t.tenants[c.Tenant] >= int(t.config.JobsPerTenantMax) {
		return fault.New(fault.CodeTenantQuota, "%d jobs of tenant %s wait or run", t.tenants[c.Tenant], c.Tenant)
	}
	if old == nil || old.subscription(c.Tenant, c.IdempotencyKey) >= 0 {
		return nil
	}
	ofTenant := 0
	for _, sub := range old.Subscriptions {
		if sub.Tenant == c.Tenant {
			ofTenant++
		}
	}
	if ofTenant >= maxTenantSubscriptions || len(old.Subscriptions) >= maxSubscriptions {
		return fault.New(fault.CodeTenantQuota, "job %s has %d subscriptions, %d of tenant %s", id, len(old.Subscriptions), ofTenant, c.Tenant)
	}
	return nil
}

// equal compares all that follows from the spec.
func (p *Statement) equal(q *Statement) bool {
	return bytes.Equal(p.Spec, q.Spec) && p.VariantID == q.VariantID &&
		p.Fingerprint == q.Fingerprint && p.WitnessDigest == q.WitnessDigest
}

// accept makes a job live.
func (t *change) accept(j *Job) {
	j.State = Accepted
	j.AcceptedMS, j.AcceptIndex = t.nowMS, t.applied
	j.FinishedMS, j.FinishIndex = 0, 0
	j.Code, j.Reason = "", ""
}

// subscription finds a subscription's place, or -1.
func (j *Job) subscription(tenant, key string) int {
	return slices.IndexFunc(j.Subscriptions, func(s Subscription) bool { return s.Tenant == tenant && s.Key == key })
}

func (j *Job) wantedUnder(tenant, key string) bool {
	i := j.subscription(tenant, key)
	return i >= 0 && j.Subscriptions[i].Interest == Active
}

func (j *Job) subscribe(tenant, key string, nowMS int64) {
	subs := slices.Clone(j.Subscriptions)
	s := Subscription{Tenant: tenant, Key: key, SinceMS: nowMS}
	if i := j.subscription(tenant, key); i >= 0 {
		subs[i] = s
	} else {
		subs = append(subs, s)
	}
	j.Subscriptions = subs
}
