package sim

import (
	"slices"
	"strings"
	"time"

	"rpp-node/scheduler"
)

// What follows holds the scheduler's actions against what its doc promises.

// heard says, before a report is stepped, whether its lease lives.
func (o *oracle) heard(t *term, r scheduler.Report) bool {
	v, ok := t.scheduler.Job(r.Job)
	return ok && slices.Contains(v.Devices, r.Device) && o.terms[t].latest[place{r.Job, r.Device}] == r.Fence
}

// stepped looks at one step of a term's scheduler; lives says of a report whether its lease
// lived before.
func (o *oracle) stepped(t *term, e scheduler.Event, lives bool, actions []scheduler.Action) {
	w, watch := o.w, o.terms[t]
	if r, ok := e.(scheduler.ProofRejected); ok {
		watch.repeat[r.Job] = rejected{w.now, watch.proved[r.Job]}
		w.hit(seenRepeat)
	}
	discarded := false
	if w.trace != nil {
		o.show(t, e, actions)
	}
	for _, a := range actions {
		switch a := a.(type) {
		case scheduler.Grant:
			o.granted(t, place{a.Job, a.Device}, a.Fence)
		case scheduler.Directive:
			if a.Order == scheduler.KeepComputing {
				w.hit(seenAdopted)
				o.fence(t, a.Renewed)
				r := residentOf(e, a.Fence)
				watch.latest[place{r.Job, r.Device}] = a.Renewed
			}
		case scheduler.Assembled:
			watch.proved[a.Job] = a.Device
		case scheduler.Discard:
			discarded = true
		}
	}
	w.mix(uint64(len(actions)))
	r, ok := e.(scheduler.Report)
	switch {
	case !ok:
	case !lives && !discarded:
		w.violate("%s: a report under fence %v, which is no living lease of job %x on %s, is heard", t.v.name, r.Fence, r.Job[:4], r.Device)
	case !lives:
		w.hit(seenStaleReport)
	}
}

// show writes a step to the trace.
func (o *oracle) show(t *term, e scheduler.Event, actions []scheduler.Action) {
	switch e := e.(type) {
	case scheduler.Tick, scheduler.Heartbeat:
	default:
		o.w.tracef("%s %T %+v", t.v.name, e, e)
	}
	for _, a := range actions {
		switch a := a.(type) {
		case scheduler.WakeAt, scheduler.Renew:
		default:
			o.w.tracef("%s    %T %+v", t.v.name, a, a)
		}
	}
}

// residentOf finds what a worker announced under a fence.
func residentOf(e scheduler.Event, f scheduler.Fence) scheduler.Resident {
	j, _ := e.(scheduler.WorkerJoined)
	for _, r := range j.Resident {
		if r.Fence == f {
			return r
		}
	}
	return scheduler.Resident{}
}

// fence says that fences grow, and are of the leader's term.
func (o *oracle) fence(t *term, f scheduler.Fence) {
	watch := o.terms[t]
	if f.Term != t.number || !watch.last.Less(f) {
		o.w.violate("%s: fence %v after %v in term %d", t.v.name, f, watch.last, t.number)
	}
	watch.last = f
	o.w.mix(f.Sequence)
}

// granted says that a job has one lease, or two of which the scheduler says why.
func (o *oracle) granted(t *term, p place, f scheduler.Fence) {
	w, watch := o.w, o.terms[t]
	o.fence(t, f)
	watch.latest[p] = f
	v, _ := t.scheduler.Job(p.job)
	b := watch.grants[p.job]
	if b == nil || w.now-b.since > time.Second {
		b = &burst{since: w.now}
		watch.grants[p.job] = b
	}
	if b.count++; b.count == grantsMost {
		w.violate("%s: job %x is granted %d times within a second: %s", t.v.name, p.job[:4], grantsMost, v.Decision)
	}
	if strings.HasPrefix(v.Decision, "stolen") {
		w.hit(seenSteal)
	}
	if len(v.Devices) < 2 {
		return
	}
	devices := slices.Compact(slices.Sorted(slices.Values(v.Devices)))
	if len(devices) != len(v.Devices) || len(devices) > 2 {
		w.violate("%s: job %x is leased to %v", t.v.name, p.job[:4], v.Devices)
	}
	if _, ok := watch.repeat[p.job]; ok {
		return
	}
	if !slices.ContainsFunc(t.scheduler.View().Decisions, func(d scheduler.Decision) bool {
		return d.Kind == "hedge" && d.Job == p.job
	}) {
		w.violate("%s: job %x is leased to %v, and is neither hedged nor repeated", t.v.name, p.job[:4], v.Devices)
	}
	w.hit(seenHedge)
}

// welcomed says that every part that a worker has kept gets an answer, once.
func (o *oracle) welcomed(t *term, s *session, h hello) {
	for _, r := range h.resident {
		n := 0
		for _, d := range s.directives {
			if d.Fence == r.Fence && d.Order != scheduler.Idle {
				n++
			}
		}
		if n != 1 {
			o.w.violate("%s: part %v of %s gets %d answers", t.v.name, r.Fence, s.worker, n)
		}
	}
}

// grantsMost is how often a job may be granted within a second before it is handed to and
// fro for nothing.
const grantsMost = 10

// partsMost is more leases than a term may remember: those of a job are forgotten with it.
const partsMost = 400

// reportedAgain looks at an old report that answers a new lease.
func (o *oracle) reportedAgain(w *worker, p *part, f scheduler.Fence) {
	w.w.hit(seenRepeatedReport)
	for t, watch := range o.terms { // any order: a term has one leader
		r, ok := watch.repeat[scheduler.JobID(p.job)]
		if ok && t.number == f.Term && p.ends < r.at && p.slot.name == r.device {
			w.w.violate("%s reports its old proof of job %x, which it is to repeat", w.name, p.job[:4])
		}
	}
}

// settled says that a leader without jobs remembers no leases.
func (o *oracle) settled(t *term) {
	if n := len(t.parts); n > 0 && len(t.known) == 0 {
		o.w.violate("%s keeps books on %d parts, of no job", t.v.name, n)
	}
}

// audit looks at what is bounded.
func (o *oracle) audit() {
	w := o.w
	for _, v := range w.voters {
		t := v.term
		if t == nil {
			continue
		}
		for _, id := range sortedIDs(t.arrivals) {
			if len(t.arrivals[id]) > arrivalsCount || t.known[id] == 0 {
				w.violate("%s keeps %d proofs of job %x, which it knows: %v", v.name, len(t.arrivals[id]), id[:4], t.known[id] != 0)
			}
		}
		if n := len(t.parts); n > partsMost {
			w.violate("%s keeps books on %d parts", v.name, n)
		}
		if len(t.assemblies) > len(t.known) {
			w.violate("%s judges %d proofs of %d jobs", v.name, len(t.assemblies), len(t.known))
		}
	}
	for _, x := range w.workers {
		for _, s := range x.slots {
			if len(s.queue) > workerWaiting {
				w.violate("%s has %d parts waiting", s.name, len(s.queue))
			}
		}
	}
	if len(w.queue) > 100_000 {
		w.violate("%d events are planned", len(w.queue))
	}
}
