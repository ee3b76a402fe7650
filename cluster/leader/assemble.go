package leader

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/zeebo/blake3"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/release"
	"rpp-node/prover/container"
	"rpp-node/scheduler"
)

// assembly is a finished proof on its way to release.
type assembly struct {
	job       fsm.JobID
	assembler fsm.NodeID
	file      []byte
	digest    fsm.Digest
	gather    *release.Gather
	again     time.Time // when a voter may be asked again; zero if all have been asked
	proposing bool      // receipts suffice
	refused   bool      // the state machine did not accept the release: judge again
}

// reported takes a part's report: first what is wrong with it, then the scheduler's word. A
// proof that is not what its digest says ends the attempt, not the session: the worker would
// open another, and send the same report again.
func (l *Leader) reported(ctx context.Context, t *term, s *session, r *internalv1.PartReport) error {
	e, err := report(s.worker, r)
	if err != nil {
		return err
	}
	if e.Outcome == scheduler.Proved {
		digest, err := proofDigest(r)
		if err != nil {
			l.cfg.Log.Error("report of a proof refused", "worker", s.worker, "fence", e.Fence, "error", err)
			e.Outcome, e.Code, e.Reason = scheduler.Unavailable, string(err.Code), err.Error()
		}
		e.ProofDigest = digest
	}
	return t.do(ctx, func(t *term) { t.report(s, e, r.ProofFile) })
}

// proofDigest is that of the proof file in a report.
func proofDigest(r *internalv1.PartReport) (d fsm.Digest, err *fault.Error) {
	if len(r.ProofFile) > container.MaxBytes {
		return d, fault.New(fault.CodeTooBig, "a proof file of %d bytes, at most %d", len(r.ProofFile), container.MaxBytes)
	}
	d = blake3.Sum256(r.ProofFile)
	if want, ok := digestOf(r.ProofDigest); !ok || want != d {
		return fsm.Digest{}, fault.New(fault.CodeCorrupt, "the proof file is not what its digest says")
	}
	return d, nil
}

// arrival is a finished proof as it came in.
type arrival struct {
	node   fsm.NodeID
	file   []byte
	digest fsm.Digest
}

// report lets the scheduler decide about a report. The worker keeps a proof until its job
// has ended, so that a leader that dies meanwhile costs no second one.
func (t *term) report(s *session, e scheduler.Report, file []byte) {
	if t.sessions[s.worker] != s {
		return
	}
	id := fsm.JobID(e.Job)
	j := t.job(id)
	ended := Part{Outcome: e.Outcome, Code: e.Code, Wall: e.Wall, CPU: e.CPU, Bytes: len(file)}
	if j != nil {
		ended.Family = j.Family
	}
	t.l.cfg.Observer.Part(ended)
	p := t.parts[e.Fence]
	if p != nil && p.worker != s.worker {
		t.l.cfg.Log.Warn("a worker reports another's part", "worker", s.worker, "fence", e.Fence, "holder", p.worker)
		t.send(s.worker, takenMessage(e.Fence))
		return
	}
	// Bytes are kept of a job's holders only: others could fill its place with garbage.
	proved := e.Outcome == scheduler.Proved && t.known[id] != 0 && p != nil && p.job == id
	if p == nil { // nobody's lease any more; the scheduler will say so
		p = &part{job: id, worker: s.worker, device: e.Device}
		t.parts[e.Fence] = p
	}
	p.reported = true
	if proved {
		t.keep(id, &arrival{node: s.node, file: file, digest: e.ProofDigest})
	}
	t.step(e)
	if !proved {
		t.taken(e.Fence)
	}
}

// keep holds a proof until the scheduler has settled which one counts.
func (t *term) keep(id fsm.JobID, a *arrival) {
	list := t.arrivals[id]
	for _, b := range list {
		if b.digest == a.digest {
			return
		}
	}
	if len(list) == arrivalsCount { // the oldest has been judged long since
		list = slices.Delete(list, 0, 1)
	}
	t.arrivals[id] = append(list, a)
}

// assembled begins to collect receipts.
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
		t.step(scheduler.ProofLost{Job: a.Job, ProofDigest: a.ProofDigest, Reason: "the leader no longer has the proof's bytes"})
		return
	}
	delete(t.arrivals, id) // the others are not needed any more: they have been compared
	t.assemblies[id] = &assembly{
		job: id, assembler: got.node, file: got.file, digest: got.digest, gather: release.NewGather(got.node, t.l.cfg.Raft.Voters()),
	}
}

// ask puts the questions that are due to the voters.
func (t *term) ask() {
	now := t.l.cfg.Now()
	t.asking = time.Time{}
	for _, a := range t.assemblies {
		if a.proposing {
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
				t.start(func(ctx context.Context) { t.question(ctx, a, q.Voter) })
			}
		}
		if !a.again.IsZero() && (t.asking.IsZero() || a.again.Before(t.asking)) {
			t.asking = a.again
		}
	}
}

// question asks one voter and hands the answer to the loop.
func (t *term) question(ctx context.Context, a *assembly, voter fsm.NodeID) {
	r, err := t.l.cfg.Voters.Receipt(ctx, voter, Ask{Job: a.job, File: a.file, Digest: a.digest})
	t.do(ctx, func(t *term) {
		if t.assemblies[a.job] != a {
			return // it is over
		}
		var rejection *Rejection
		switch {
		case err == nil:
			t.judge(a, a.gather.Signed(r))
		case errors.As(err, &rejection):
			t.l.cfg.Log.Error("proof rejected", "target", "plonky3", "job", a.job, "voter", voter, "code", rejection.Code, "reason", rejection.Reason)
			t.judge(a, a.gather.Rejected(voter, rejection.Code))
		default:
			t.l.cfg.Log.Warn("no receipt", "job", a.job, "voter", voter, "error", err)
			a.gather.Failed(voter, t.l.cfg.Now())
			a.again = time.Time{}
		}
	})
}

// judge acts on what the answers amount to.
func (t *term) judge(a *assembly, v release.Verdict) {
	switch {
	case a.proposing:
	case v == release.Released:
		a.proposing = true
		c := &fsm.ReleaseJob{Job: a.job, ProofDigest: a.digest, ProofBytes: uint64(len(a.file)), Assembler: a.assembler, Receipts: a.gather.Receipts()}
		t.propose(c)
	case v == release.Refused:
		code, reason := a.gather.Rejection()
		delete(t.assemblies, a.job)
		t.letGo(a.job) // or the worker would report the same proof again, instead of proving
		t.step(scheduler.ProofRejected{Job: scheduler.JobID(a.job), ProofDigest: a.digest, Code: code, Reason: reason})
	}
}

// letGo tells workers that reports of the job need not be kept.
func (t *term) letGo(id fsm.JobID) {
	for fence, p := range t.parts {
		if p.job == id && p.reported {
			t.taken(fence)
		}
	}
}

// reference has the job proved on the portable kernels.
func (t *term) reference(a scheduler.RunReference) {
	j := t.job(fsm.JobID(a.Job))
	t.start(func(ctx context.Context) {
		e := scheduler.ReferenceResult{Job: a.Job, Err: "the job is gone"}
		if j != nil {
			d, err := t.l.cfg.Reference.Prove(ctx, j)
			if e.ProofDigest, e.Err = d, ""; err != nil {
				e.Err = err.Error()
			}
		}
		t.do(ctx, func(t *term) { t.step(e) })
	})
}
