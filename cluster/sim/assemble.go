package sim

import (
	"errors"
	"slices"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/leader"
	"rpp-node/cluster/release"
	"rpp-node/scheduler"
)

// What follows mirrors cluster/leader/assemble.go: a finished proof on its way to release.

// lease is cluster/leader's part: what a worker may hold.
type lease struct {
	job      fsm.JobID
	worker   scheduler.WorkerID
	device   scheduler.DeviceID
	reported bool
}

type assembly struct {
	job       fsm.JobID
	assembler fsm.NodeID
	file      []byte
	digest    fsm.Digest
	gather    Gather
	again     time.Time
	proposing bool
	refused   bool
}

type arrival struct {
	node   fsm.NodeID
	file   []byte
	digest fsm.Digest
}

// receiptTimeout is how long a voter may take to answer.
const receiptTimeout = 3 * time.Second

// reported follows reported and report.
func (t *term) reported(s *session, r *report) {
	outcome, digest := r.outcome, fsm.Digest{}
	if outcome == scheduler.Proved {
		if digest = blake3.Sum256(r.file); digest != r.digest {
			t.w.hit(seenLie)
			outcome, digest = scheduler.Unavailable, fsm.Digest{}
		}
	}
	if t.sessions[s.worker] != s {
		return
	}
	id := r.job
	p := t.parts[r.fence]
	if p != nil && p.worker != s.worker {
		return
	}
	if p == nil {
		p = &lease{job: id, worker: s.worker, device: r.device}
		t.parts[r.fence] = p
	}
	p.reported = true
	proved := outcome == scheduler.Proved && t.known[id] != 0
	if proved {
		t.keep(id, &arrival{node: s.node, file: r.file, digest: digest})
	}
	t.step(scheduler.Report{
		Worker: s.worker, Device: r.device, Job: scheduler.JobID(id), Fence: r.fence, Outcome: outcome,
		ProofDigest: digest, Reason: r.reason, Wall: r.wall,
	})
	if !proved {
		t.taken(r.fence)
	}
}

func (t *term) keep(id fsm.JobID, a *arrival) {
	list := t.arrivals[id]
	for _, b := range list {
		if b.digest == a.digest {
			return
		}
	}
	if len(list) == arrivalsCount {
		list = slices.Delete(list, 0, 1)
	}
	t.arrivals[id] = append(list, a)
}

func (t *term) assembled(a scheduler.Assembled) {
	id := fsm.JobID(a.Job)
	if t.assemblies[id] != nil && t.assemblies[id].digest == a.ProofDigest {
		return
	}
	var got *arrival
	for _, b := range t.arrivals[id] {
		if b.digest == a.ProofDigest {
			got = b
		}
	}
	if got == nil {
		t.step(scheduler.ProofLost{Job: a.Job, ProofDigest: a.ProofDigest, Reason: "the bytes are gone"})
		return
	}
	t.assemblies[id] = &assembly{
		job: id, assembler: got.node, file: got.file, digest: got.digest,
		gather: t.w.seams.gather(release.NewGather(got.node, t.w.voterIDs)),
	}
}

func (t *term) ask() {
	now := t.v.wall()
	t.asking = time.Time{}
	for _, id := range sortedIDs(t.assemblies) {
		a := t.assemblies[id]
		if a == nil || a.proposing {
			continue
		}
		if !a.again.After(now) {
			var list []release.Asking
			list, a.again = a.gather.Next(now)
			if a.refused {
				a.refused = false
				t.judge(a, a.gather.Verdict())
			}
			for _, q := range list {
				t.question(a, q.Voter)
			}
		}
		if !a.again.IsZero() && (t.asking.IsZero() || a.again.Before(t.asking)) {
			t.asking = a.again
		}
	}
}

func (t *term) question(a *assembly, id fsm.NodeID) {
	o := t.w.voterNamed(id)
	answered := false
	answer := func(r fsm.Receipt, err error) {
		if answered || t.ended {
			return
		}
		answered = true
		t.loop(func() { t.answered(a, id, r, err) })
	}
	life := t.v.life
	t.w.net.send(t.v.node, o.node, func() {
		o.receipt(leader.Ask{Job: a.job, File: a.file, Digest: a.digest}, func(r fsm.Receipt, err error) {
			t.w.net.send(o.node, t.v.node, func() {
				if t.v.life == life {
					answer(r, err)
				}
			})
		})
	})
	t.v.after(receiptTimeout, func() { answer(fsm.Receipt{}, errUncertain) })
}

func (t *term) answered(a *assembly, id fsm.NodeID, r fsm.Receipt, err error) {
	if t.assemblies[a.job] != a {
		return
	}
	var rejection *leader.Rejection
	switch {
	case err == nil:
		t.judge(a, a.gather.Signed(r))
	case errors.As(err, &rejection):
		t.judge(a, a.gather.Rejected(id, rejection.Code))
	default:
		a.gather.Failed(id, t.v.wall())
		a.again = time.Time{}
	}
}

func (t *term) judge(a *assembly, v release.Verdict) {
	switch {
	case a.proposing:
	case v == release.Released:
		a.proposing = true
		t.propose(&fsm.ReleaseJob{
			Job: a.job, ProofDigest: a.digest, ProofBytes: uint64(len(a.file)), Assembler: a.assembler, Receipts: a.gather.Receipts(),
		})
	case v == release.Refused:
		code, reason := a.gather.Rejection()
		delete(t.assemblies, a.job)
		t.letGo(a.job)
		t.step(scheduler.ProofRejected{Job: scheduler.JobID(a.job), ProofDigest: a.digest, Code: code, Reason: reason})
	}
}

func (t *term) letGo(id fsm.JobID) {
	for _, fence := range sortedFences(t.parts) {
		if p := t.parts[fence]; p.job == id && p.reported {
			t.taken(fence)
		}
	}
}

// reference has a voter's portable kernels prove the job: slow, and right.
func (t *term) reference(a scheduler.RunReference) {
	t.w.hit(seenReference)
	e := scheduler.ReferenceResult{Job: a.Job, Err: "the job is gone"}
	if j := t.job(fsm.JobID(a.Job)); j != nil {
		e.Err = ""
		e.ProofDigest = blake3.Sum256(proofOf(j.ID))
	}
	t.v.after(time.Second+t.w.upTo(2*time.Second), func() { t.loop(func() { t.step(e) }) })
}

func (t *term) directive(a scheduler.Directive) {
	s := t.sessions[a.Worker]
	if s == nil {
		return
	}
	old := t.parts[a.Fence]
	delete(t.parts, a.Fence)
	if a.Order == scheduler.KeepComputing && old != nil {
		t.parts[a.Renewed] = old
	}
	s.directives = append(s.directives, a)
}

func (t *term) taken(f scheduler.Fence) {
	p := t.parts[f]
	if p == nil {
		return
	}
	delete(t.parts, f)
	t.send(p.worker, taken{f})
}

func (t *term) send(w scheduler.WorkerID, message any) {
	if s := t.sessions[w]; s != nil {
		s.post(outgoing{message: message})
	}
}

func has[T any](list []T, is func(T) bool) bool { return slices.ContainsFunc(list, is) }
