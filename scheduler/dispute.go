package scheduler

import (
	"fmt"
	"slices"
)

// A part's output is a pure function of the job, so two different digests mean that a
// device computes wrongly. Under one build the reference on a voter decides which; a device
// of another build is drained, and nobody is blamed.

// dispute is what waits for the reference. It outlives its job.
type dispute struct{ results []result }

// compare holds a new result against the job's earlier ones.
func (s *Scheduler) compare(j *job, r result) {
	for _, old := range j.results {
		if old.digest != r.digest && !slices.Contains(j.rejected, old.digest) {
			s.contradict(j, old, r)
		}
	}
	j.remember(r)
}

func (s *Scheduler) contradict(j *job, a, b result) {
	if a.build != b.build {
		odd := s.odd(a, b)
		s.drainDevice(odd, "another build, and another digest of one job: it needs the cluster's build")
		return
	}
	s.ask(j, a, b)
}

// odd is the one that does not run the cluster's build, the later one if that tells
// nothing.
func (s *Scheduler) odd(a, b result) result {
	if a.build != s.config.Build && b.build == s.config.Build {
		return a
	}
	return b
}

func (s *Scheduler) ask(j *job, disputed ...result) bool {
	d := s.disputes[j.ID]
	if d == nil {
		if len(s.disputes) >= disputesMax {
			s.note(Decision{Kind: "dispute", Job: j.ID, Reason: "too many at once: not asked"})
			return false
		}
		d = &dispute{}
		s.disputes[j.ID] = d
		s.counters.Disputes++
		reason := fmt.Sprintf("%s and %s made different proofs under one build", disputed[0].device, disputed[1].device)
		s.note(Decision{Kind: "dispute", Job: j.ID, Device: disputed[1].device, From: disputed[0].device, Reason: reason})
		s.do(RunReference{Job: j.ID, Reason: reason})
	}
	for _, r := range disputed {
		if len(d.results) < resultsMax && !slices.Contains(d.results, r) {
			d.results = append(d.results, r)
		}
	}
	return true
}

// reference is the answer of a voter's portable kernels.
func (s *Scheduler) reference(e ReferenceResult) {
	d := s.disputes[e.Job]
	if d == nil {
		return
	}
	delete(s.disputes, e.Job)
	j := s.jobs[e.Job]
	waiting := j != nil && j.state == JobDisputed
	if e.Err != "" {
		s.note(Decision{Kind: "reference", Job: e.Job, Reason: "no answer, nobody is blamed: " + clip(e.Err)})
		if waiting {
			s.conclude(j, j.round[0])
		}
		return
	}
	winner := -1
	for i, r := range d.results {
		if r.digest == e.ProofDigest {
			winner = i
			continue
		}
		s.accuse(r.device, r.worker, "its proof differs from the reference's, made by the same build")
	}
	switch {
	case !waiting:
	case winner >= 0:
		s.conclude(j, d.results[winner])
	default:
		j.attempts++
		if j.attempts >= s.config.AttemptsMax {
			s.fail(j, CodeAttempts, fmt.Sprintf("no device made the reference's proof in %s", plural(j.attempts, "attempt")))
			return
		}
		s.anew(j, 1, "no device made the reference's proof")
	}
}

// proofRejected: the voters' verifiers refuse what was assembled. The job runs once more on
// two devices at once; what they make says whom to blame. A second rejection fails it.
func (s *Scheduler) proofRejected(e ProofRejected) {
	j := s.jobs[e.Job]
	if j == nil || j.state != JobAssembled || j.assembled.digest != e.ProofDigest {
		return
	}
	s.counters.Rejections++
	reason := fmt.Sprintf("voters reject the proof by %s (%s): %s", j.assembled.device, clip(e.Code), clip(e.Reason))
	s.note(Decision{Kind: "rejected", Job: j.ID, Device: j.assembled.device, Reason: reason})
	j.rejected = append(j.rejected, e.ProofDigest)
	if len(j.rejected) > 1 {
		s.fail(j, CodeProofRejected, reason+"; so was an earlier one")
		return
	}
	s.anew(j, 2, reason)
}

// judge compares the proofs of a round that repeats a rejected one. It answers false while
// a second one may still come.
func (s *Scheduler) judge(j *job) bool {
	if len(j.round) < j.wanted && (len(j.leases) > 0 || s.another(j)) {
		return false
	}
	s.dequeue(j)
	s.cancelAll(j, "the comparison is done")
	if len(j.round) < 2 || j.round[0].digest == j.round[1].digest {
		s.conclude(j, j.round[0])
		return true
	}
	a, b := j.round[0], j.round[1]
	if a.build != b.build {
		odd := s.odd(a, b)
		s.contradict(j, a, b)
		if odd == a {
			a = b
		}
		s.conclude(j, a)
		return true
	}
	s.setState(j, JobDisputed)
	j.decision = "two devices disagree: the reference decides"
	if !s.ask(j, a, b) {
		s.conclude(j, a)
	}
	return true
}

// judgeAlone ends the wait for a second device that does not exist.
func (s *Scheduler) judgeAlone(j *job) bool {
	return j.wanted > 1 && len(j.round) == 1 && s.judge(j)
}

// conclude blames whoever made the rejected proof, unless r repeats it: then all devices
// agree and the fault is not theirs.
func (s *Scheduler) conclude(j *job, r result) {
	j.wanted = 1
	if slices.Contains(j.rejected, r.digest) {
		s.fail(j, CodeProofRejected, fmt.Sprintf("voters reject a proof that %s makes as well", r.device))
		return
	}
	for _, old := range j.results {
		switch {
		case !slices.Contains(j.rejected, old.digest):
		case old.build == r.build:
			s.accuse(old.device, old.worker, "voters reject its proof, and its build makes another elsewhere")
		default:
			s.drainDevice(old, "another build, and voters reject its proof")
		}
	}
	s.assemble(j, r, "repeated after a rejection")
}
