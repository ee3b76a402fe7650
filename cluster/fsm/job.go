package fsm

import (
	"slices"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// JobState is where a job stands. The numbers are those of the API, which knows of more
// states: a job that runs is accepted here, since only what is decided is replicated.
type JobState uint8

// The states.
const (
	Accepted    JobState = 1
	Released    JobState = 4
	Failed      JobState = 5
	Cancelled   JobState = 6
	Quarantined JobState = 7
)

func (s JobState) String() string {
	switch s {
	case Accepted:
		return "accepted"
	case Released:
		return "released"
	case Failed:
		return "failed"
	case Cancelled:
		return "cancelled"
	case Quarantined:
		return "quarantined"
	}
	return "unknown"
}

// VariantID names a variant of a family, which has one current key.
type VariantID struct {
	Family  string
	Variant string
	Profile string
	Hash    string
}

func (v VariantID) String() string {
	return v.Family + "/" + v.Variant + "/" + v.Profile + "/" + v.Hash
}

func (v *VariantID) walk(w *wire.Coder) {
	w.Text(&v.Family, maxNameBytes, "family")
	w.Text(&v.Variant, maxNameBytes, "variant")
	w.Text(&v.Profile, maxNameBytes, "profile")
	w.Text(&v.Hash, maxNameBytes, "hash")
}

// Statement is what is to be proved: the spec, and the parts of it that are decided on.
type Statement struct {
	Spec []byte // canonical; its digest is the job's name
	VariantID
	Fingerprint   Digest // of the verifying key
	WitnessDigest Digest
	WitnessBytes  uint64
}

func (p *Statement) walk(w *wire.Coder) {
	w.Bytes(&p.Spec, MaxSpecBytes, "spec")
	p.VariantID.walk(w)
	w.Fixed(p.Fingerprint[:], "fingerprint")
	w.Fixed(p.WitnessDigest[:], "witness digest")
	w.U64(&p.WitnessBytes, "witness bytes")
}

// Demand is what a job asks of a device, and how urgently.
type Demand struct {
	Class       uint8
	Cells       uint64
	MemoryBytes uint64
}

func (d *Demand) walk(w *wire.Coder) {
	w.U8(&d.Class, "class")
	if d.Class > MaxClass {
		w.Fail("class", "unknown")
	}
	w.U64(&d.Cells, "cells")
	w.U64(&d.MemoryBytes, "memory bytes")
}

// Job is the record of a job.
type Job struct {
	ID JobID
	Statement
	Demand

	State       JobState
	AcceptedMS  int64
	AcceptIndex uint64 // grows in the order in which jobs were accepted or revived
	FinishedMS  int64  // of a job that is not live
	FinishIndex uint64
	Code        fault.Code // why a job failed or was quarantined
	Reason      string

	Revived       uint32
	Endings       []Ending // before it was revived, the latest few
	Subscriptions []Subscription
	Release       *Release // of a released job

	seat *seat // in the state that the record belongs to; copies for others have none
}

// Ending is how a job ended before it was revived.
type Ending struct {
	State  JobState
	Code   fault.Code
	Reason string
	AtMS   int64
}

// Interest is whether a subscription counts.
type Interest uint8

// The interests.
const (
	Active Interest = iota
	WithdrawnByCancel
	WithdrawnByQuarantine
)

// Subscription is a tenant's wish for a proof, under a key of the tenant's choice. One
// that was withdrawn stays with the job, so that its owner still finds the job and a
// second withdrawal changes nothing.
type Subscription struct {
	Tenant   string
	Key      string
	SinceMS  int64
	Interest Interest
}

// Live says that the job is to be proved.
func (j *Job) Live() bool { return j.State == Accepted }

// Wanted says whether the tenant has an active subscription.
func (j *Job) Wanted(tenant string) bool {
	return slices.ContainsFunc(j.Subscriptions, func(s Subscription) bool {
		return s.Tenant == tenant && s.Interest == Active
	})
}

// Known says whether the tenant has, or had, a subscription.
func (j *Job) Known(tenant string) bool {
	return slices.ContainsFunc(j.Subscriptions, func(s Subscription) bool { return s.Tenant == tenant })
}

// active lists the tenants with an active subscription, each once.
func (j *Job) active() (tenants []string) {
	for _, s := range j.Subscriptions {
		if s.Interest == Active && !slices.Contains(tenants, s.Tenant) {
			tenants = append(tenants, s.Tenant)
		}
	}
	return tenants
}

// clone is a copy that shares nothing.
func (j *Job) clone() *Job {
	c := *j
	c.seat = nil
	c.Spec = slices.Clone(j.Spec)
	c.Endings = slices.Clone(j.Endings)
	c.Subscriptions = slices.Clone(j.Subscriptions)
	if j.Release != nil {
		r := *j.Release
		r.Receipts = slices.Clone(r.Receipts)
		c.Release = &r
	}
	return &c
}

func (j *Job) walk(w *wire.Coder) {
	j.Statement.walk(w)
	j.Demand.walk(w)
	wire.Enum(w, &j.State, Accepted, Quarantined, "job state")
	w.Millis(&j.AcceptedMS, "accepted")
	w.U64(&j.AcceptIndex, "accept index")
	w.Millis(&j.FinishedMS, "finished")
	w.U64(&j.FinishIndex, "finish index")
	walkVerdict(w, &j.Code, &j.Reason)
	w.U32(&j.Revived, "revived")
	wire.List(w, &j.Endings, maxEndings, "endings", func(e *Ending) {
		wire.Enum(w, &e.State, Failed, Quarantined, "ending's state")
		walkVerdict(w, &e.Code, &e.Reason)
		w.Millis(&e.AtMS, "ending's time")
	})
	wire.List(w, &j.Subscriptions, maxSubscriptions, "subscriptions", func(s *Subscription) {
		w.Text(&s.Tenant, maxNameBytes, "tenant")
		w.Text(&s.Key, maxKeyBytes, "idempotency key")
		w.Millis(&s.SinceMS, "since")
		wire.Enum(w, &s.Interest, Active, WithdrawnByQuarantine, "interest")
	})
	if j.State == Released {
		if w.Reading() {
			j.Release = new(Release)
		}
		j.Release.walk(w)
	}
	if w.Reading() {
		j.ID = JobIDOf(j.Spec)
	}
}

func walkVerdict(w *wire.Coder, code *fault.Code, reason *string) {
	w.Text((*string)(code), maxNameBytes, "code")
	w.Text(reason, maxReasonBytes, "reason")
}
