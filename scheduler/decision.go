package scheduler

import "time"

// Decision is one thing that the scheduler did, and why.
type Decision struct {
	At time.Time
	// Kind is grant, adopt, steal, steal-asked, steal-abandoned, hedge, move, lost,
	// unavailable, invalid-witness, suspect, assembled, rejected, dispute, reference, fail,
	// discard, refuse, worker-lost, drain-device, close-intake, quarantine-spec,
	// quarantine-device or quarantine-node.
	Kind   string
	Job    JobID
	Device DeviceID
	// From is the device that a part was taken from.
	From   DeviceID
	Fence  Fence
	Reason string
}

// decisions is a ring of the latest.
type decisions struct {
	ring []Decision
	next int
}

func (s *Scheduler) note(d Decision) {
	d.At = s.now
	r := &s.decisions
	if len(r.ring) < s.config.DecisionsMax {
		r.ring = append(r.ring, d)
		return
	}
	r.ring[r.next] = d
	r.next = (r.next + 1) % len(r.ring)
}

// newestFirst copies the ring.
func (r *decisions) newestFirst() []Decision {
	out := make([]Decision, 0, len(r.ring))
	for i := len(r.ring) - 1; i >= 0; i-- {
		out = append(out, r.ring[(r.next+i)%len(r.ring)])
	}
	return out
}

// Counters only grow.
type Counters struct {
	Accepted, Released, Failed      uint64
	Grants, Adoptions, Expiries     uint64
	Steals, StealsAbandoned, Hedges uint64
	Reports, Discards, Unavailable  uint64
	Assembled, Rejections           uint64
	InvalidWitnesses, Suspicions    uint64
	Disputes, DevicesQuarantined    uint64
	SpecsQuarantined, IntakesClosed uint64
	Admitted, Refused               uint64
}
