package scheduler

import (
	"fmt"
	"time"
)

// Ask is a job that a client would like to submit.
type Ask struct {
	Tenant      string
	Spec        [32]byte
	RateKey     string
	Class       Class
	Cells       uint64
	MemoryBytes uint64
}

// Verdict answers it. With OK, Reservation keeps the job's place until JobAccepted or
// Release names it; without, RetryAfter says when to ask again, zero for never.
type Verdict struct {
	OK          bool
	Reservation uint64
	Code        string
	Reason      string
	RetryAfter  time.Duration
}

// Admit decides whether a job may be accepted: nothing of it is quarantined, some device
// can hold it, counts are within bounds, and the work before it, at the measured rates,
// leaves it a bearable wait. Refusing beyond that keeps the promise to those inside.
func (s *Scheduler) Admit(now time.Time, a Ask) Verdict {
	s.advance(now)
	s.reservations.purge(s)
	a.Class = min(a.Class, classCount-1)
	a.Cells = min(max(a.Cells, 1), cellsLimit)
	v := s.verdict(a)
	if v.OK {
		v.Reservation = s.reservations.add(s, a)
		s.counters.Admitted++
	} else {
		s.counters.Refused++
		s.note(Decision{Kind: "refuse", Reason: fmt.Sprintf("tenant %s, %s: %s", clip(a.Tenant), a.Class, v.Reason)})
	}
	return v
}

// Full says whether any job of a tenant and a class would be refused now for the number of
// unfinished ones. It is asked before it is known what the job is, which costs far more,
// and reserves nothing.
func (s *Scheduler) Full(now time.Time, tenant string, c Class) Verdict {
	s.advance(now)
	s.reservations.purge(s)
	v := s.counts(tenant, min(c, classCount-1))
	if !v.OK {
		s.counters.Refused++
	}
	return v
}

// Release gives a reservation back: the job was not accepted after all.
func (s *Scheduler) Release(reservation uint64) { s.reservations.release(s, reservation) }

func (s *Scheduler) verdict(a Ask) Verdict {
	if _, bad := s.quarantine.specs[specKey{a.Tenant, a.Spec}]; bad {
		return Verdict{Code: CodeQuarantined, Reason: "this spec is quarantined for this tenant"}
	}
	if until := s.quarantine.closed[a.Tenant]; s.now.Before(until) {
		return Verdict{Code: CodeIntakeClosed, Reason: "several specs of this tenant were quarantined", RetryAfter: until.Sub(s.now)}
	}
	fits, some := s.roomiest(a.MemoryBytes)
	joining := s.now.Before(s.joinUntil)
	if !fits && (some || !joining) {
		reason := "there is no device"
		if some {
			reason = fmt.Sprintf("no device has the %d MiB that it takes", a.MemoryBytes>>20)
		}
		return Verdict{Code: CodeNoDevice, Reason: reason, RetryAfter: s.config.Lease}
	}
	if v := s.counts(a.Tenant, a.Class); !v.OK {
		return v
	}
	if wait := s.backlog(a.Class); fits && wait > s.config.WaitMax {
		return Verdict{
			Code: CodeOverload, Reason: fmt.Sprintf("it would wait %s, the limit is %s", brief(wait), s.config.WaitMax),
			RetryAfter: retryAfter(wait - s.config.WaitMax),
		}
	}
	return Verdict{OK: true}
}

// counts refuses what would be one job too many.
func (s *Scheduler) counts(tenant string, c Class) Verdict {
	if limit, n := s.jobsLimit(c), s.unfinished(); n >= limit {
		return Verdict{Code: CodeQueueFull, Reason: fmt.Sprintf("%d jobs are unfinished, %s may bring them to %d", n, c, limit), RetryAfter: s.perJob(n)}
	}
	if limit, n := s.tenantLimit(tenant), s.unfinishedOf(tenant); n >= limit {
		return Verdict{Code: CodeTenantQuota, Reason: fmt.Sprintf("the tenant has %d unfinished jobs of %d", n, limit), RetryAfter: s.perJob(s.unfinished())}
	}
	return Verdict{OK: true}
}

// roomiest tells whether a device exists that holds so much, and whether any exists.
// Devices of workers whose session broke count while their leases run.
func (s *Scheduler) roomiest(memory uint64) (fits, some bool) {
	for _, d := range s.devices {
		if d.quarantined || d.drained || d.worker.drained || d.worker.draining {
			continue
		}
		some = true
		if d.memory >= memory {
			return true, true
		}
	}
	return false, some
}

// jobsLimit keeps the last tenth for consensus.
func (s *Scheduler) jobsLimit(c Class) int {
	if c == Consensus {
		return s.config.JobsMax
	}
	return s.config.JobsMax - s.config.JobsMax/10
}

func (s *Scheduler) tenantLimit(tenant string) int {
	if n, ok := s.config.TenantJobs[tenant]; ok {
		return n
	}
	return s.config.TenantJobsMax
}

func (s *Scheduler) unfinished() int { return len(s.jobs) + s.reservations.count() }

func (s *Scheduler) unfinishedOf(tenant string) int {
	if t := s.tenants[tenant]; t != nil {
		return t.jobs + t.reserved
	}
	return 0
}

// perJob is how long the devices need for one of n jobs, on average.
func (s *Scheduler) perJob(n int) time.Duration {
	return retryAfter(s.backlog(classCount-1) / time.Duration(max(n, 1)))
}

// retryAfter is between one second and ten minutes, in whole seconds: what a client can be
// told.
func retryAfter(d time.Duration) time.Duration {
	return min(max((d+time.Second-1).Truncate(time.Second), time.Second), 10*time.Minute)
}
