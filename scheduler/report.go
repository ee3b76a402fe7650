package scheduler

import "fmt"

// report ends an attempt. One that does not match a living lease changes nothing, except
// that a second digest of one job is evidence.
func (s *Scheduler) report(r Report) {
	l := s.leases[r.Fence]
	switch {
	case l == nil:
		s.discard(r.Fence, "no lease has this fence: it expired, was taken back, or is of another term")
		return
	case l.device.worker.id != r.Worker || l.device.id != r.Device || l.job.ID != r.Job:
		s.discard(r.Fence, "the lease is of another device or job")
		return
	}
	j, d := l.job, l.device
	s.free(l)
	if l.over {
		if r.Outcome == Proved {
			s.compare(j, resultOf(d, r))
		}
		s.discard(r.Fence, "late: "+l.overReason)
		return
	}
	s.counters.Reports++
	switch r.Outcome {
	case Proved:
		d.failures = 0
		d.proved++
		s.learn(d, j, r.Wall)
		s.proved(j, resultOf(d, r))
	case InvalidWitness:
		s.invalid(j, d, r)
	case Crashed, OutOfMemory, TimeLimit:
		s.suspect(j, d, r.Outcome, r.Reason)
	default:
		s.unavailable(j, d, r)
	}
}

func resultOf(d *device, r Report) result {
	return result{device: d.id, worker: d.worker.id, build: d.build, fence: r.Fence, digest: r.ProofDigest}
}

func (s *Scheduler) discard(f Fence, reason string) {
	s.counters.Discards++
	s.note(Decision{Kind: "discard", Fence: f, Reason: reason})
	s.do(Discard{Fence: f, Reason: reason})
}

// proved takes a proof. The first one of a round goes to the voters, unless the round
// repeats a rejected proof: then it waits for the second.
func (s *Scheduler) proved(j *job, r result) {
	j.round = append(j.round, r)
	if j.wanted > 1 {
		j.remember(r)
		if !s.judge(j) {
			s.again(j, "a second device is to repeat it")
		}
		return
	}
	s.compare(j, r)
	s.assemble(j, r, "proved by "+string(r.device))
}

func (s *Scheduler) assemble(j *job, r result, reason string) {
	s.dequeue(j)
	s.cancelAll(j, "another attempt has proved it")
	s.setState(j, JobAssembled)
	j.assembled, j.decision = r, reason
	s.counters.Assembled++
	s.note(Decision{Kind: "assembled", Job: j.ID, Device: r.device, Fence: r.fence, Reason: reason})
	s.do(Assembled{Job: j.ID, Device: r.device, Fence: r.fence, ProofDigest: r.digest, Reason: reason})
}

// proofLost proves the job again: the bytes are gone, and nobody is to blame.
func (s *Scheduler) proofLost(e ProofLost) {
	j := s.jobs[e.Job]
	if j == nil || j.state != JobAssembled || j.assembled.digest != e.ProofDigest {
		return
	}
	s.anew(j, 1, "the proof was lost: "+clip(e.Reason))
}

// anew starts another round.
func (s *Scheduler) anew(j *job, wanted int, reason string) {
	j.round, j.wanted = nil, wanted
	s.setState(j, JobQueued)
	s.enqueue(j, reason)
}

// unavailable is an infrastructure outcome: no attempt is used up, the device rests, and
// the job prefers another.
func (s *Scheduler) unavailable(j *job, d *device, r Report) {
	reason := fmt.Sprintf("%s on %s", r.Outcome, d.id)
	if r.Reason != "" {
		reason += ": " + clip(r.Reason)
	}
	s.counters.Unavailable++
	j.avoid(d)
	s.rest(d)
	s.note(Decision{Kind: "unavailable", Job: j.ID, Device: d.id, Fence: r.Fence, Reason: reason})
	s.again(j, reason)
}

// invalid is a device's word that the witness breaks a constraint. It is final once a
// second device agrees, or once the only device has said so twice.
func (s *Scheduler) invalid(j *job, d *device, r Report) {
	said, others := 0, 0
	for _, id := range j.invalid {
		if id == d.id {
			said++
		} else {
			others++
		}
	}
	j.invalid = append(j.invalid, d.id)
	j.avoid(d)
	reason := fmt.Sprintf("invalid witness, says %s", d.id)
	if r.Reason != "" {
		reason += ": " + clip(r.Reason)
	}
	s.counters.InvalidWitnesses++
	s.note(Decision{Kind: "invalid-witness", Job: j.ID, Device: d.id, Fence: r.Fence, Reason: reason})
	switch {
	case others > 0:
		s.fail(j, CodeInvalidWitness, reason+"; a second device agrees")
	case said > 0 && (!s.another(j) || said+1 >= invalidMax):
		s.fail(j, CodeInvalidWitness, reason+"; the only device says so twice")
	default:
		s.again(j, reason+"; another is to say")
	}
}

// contradicted blames the devices that called the witness of a released proof invalid.
func (s *Scheduler) contradicted(j *job) {
	for _, id := range j.invalid {
		d := s.byID[id]
		switch {
		case d == nil:
		case d.build == j.assembled.build:
			s.accuse(d.id, d.worker.id, "called a witness invalid of which a proof was released")
		default:
			s.drainDevice(result{device: d.id, worker: d.worker.id, build: d.build}, "another build called a witness invalid of which a proof was released")
		}
	}
}
