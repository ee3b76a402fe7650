package scheduler

import "time"

// Job is what the scheduler must know of an accepted job.
type Job struct {
	ID     JobID
	Tenant string
	Spec   [32]byte
	// RateKey groups jobs that run at one speed in cells a second:
	// family/variant/profile/hash.
	RateKey     string
	Class       Class
	Cells       uint64
	MemoryBytes uint64
	Accepted    time.Time
	// Revived counts how often the job was taken up again after its end.
	Revived uint32
}

// Device is what a worker offers.
type Device struct {
	ID          DeviceID
	Kind        string
	Threads     int
	MemoryBytes uint64
	// Rates are cells a second by RateKey, measured or remembered.
	Rates map[string]float64
	// Build is the program that computes; empty means the worker's.
	Build string
}

// Resident is a part that a worker still has from an earlier session.
type Resident struct {
	Job      JobID
	Fence    Fence
	Device   DeviceID
	Started  bool
	Finished bool
}

// DeviceState is a device's line in a heartbeat.
type DeviceState struct {
	Device     DeviceID
	Running    Fence
	Waiting    []Fence
	RunningFor time.Duration
}

// Event is what happened: one of the types below.
type Event interface{ event() }

// JobAccepted: Raft holds a job, new or revived. Reservation is the verdict's that
// admitted it, zero if this leader did not.
type JobAccepted struct {
	Job         Job
	Reservation uint64
}

// JobCancelled: the last subscription is gone.
type JobCancelled struct{ ID JobID }

// JobFinished: Raft holds the job's end. Released tells a released proof from every other
// end.
type JobFinished struct {
	ID       JobID
	Released bool
}

// WorkerJoined: a session opened. It replaces an earlier one.
type WorkerJoined struct {
	Worker   WorkerID
	Build    string
	Devices  []Device
	Resident []Resident
	Draining bool
}

// WorkerLost: the session ended. Leases run on until they expire, unless the worker comes
// back; Dead says that the process is known to be gone, so that they end at once.
type WorkerLost struct {
	Worker WorkerID
	Reason string
	Dead   bool
}

// Heartbeat renews the leases that it lists. A part that it does not list is lost.
type Heartbeat struct {
	Worker   WorkerID
	Devices  []DeviceState
	Draining bool
	// ReclaimAt is when the process will be taken away; zero if nobody said so.
	ReclaimAt time.Time
}

// Dropped answers Revoke. Started means, to a Revoke with IfUnstarted, that the part runs
// on; to any other, only that work was thrown away.
type Dropped struct {
	Worker  WorkerID
	Fence   Fence
	Started bool
}

// Report ends an attempt.
type Report struct {
	Worker      WorkerID
	Device      DeviceID
	Job         JobID
	Fence       Fence
	Outcome     Outcome
	ProofDigest [32]byte
	Code        string
	Reason      string
	Wall        time.Duration
	CPU         time.Duration
	Cells       uint64
	PeakBytes   uint64
}

// ProofRejected: voters' verifiers refused the assembled proof.
type ProofRejected struct {
	Job         JobID
	ProofDigest [32]byte
	Code        string
	Reason      string
}

// ProofLost: the assembled proof's bytes are gone before voters could sign. It costs no
// attempt.
type ProofLost struct {
	Job         JobID
	ProofDigest [32]byte
	Reason      string
}

// ReferenceResult answers RunReference. Err says that there is no answer.
type ReferenceResult struct {
	Job         JobID
	ProofDigest [32]byte
	Err         string
}

// DeviceQuarantined: Raft holds the quarantine, ours or an operator's.
type DeviceQuarantined struct{ Device DeviceID }

// DeviceLifted ends it.
type DeviceLifted struct{ Device DeviceID }

// WorkerQuarantined: the same for a node and all its devices.
type WorkerQuarantined struct{ Worker WorkerID }

// WorkerLifted ends it. Quarantines of single devices stay.
type WorkerLifted struct{ Worker WorkerID }

// SpecQuarantined: Raft holds the quarantine since At (zero: now).
type SpecQuarantined struct {
	Tenant string
	Spec   [32]byte
	At     time.Time
}

// SpecLifted ends it.
type SpecLifted struct {
	Tenant string
	Spec   [32]byte
}

// IntakeClosed: Raft holds that nothing more is accepted of the tenant. A past Until opens
// it again.
type IntakeClosed struct {
	Tenant string
	Until  time.Time
}

// Drain: an operator wants no more work on the worker, or wants it again.
type Drain struct {
	Worker WorkerID
	On     bool
}

// Tick lets time pass.
type Tick struct{}

func (JobAccepted) event()       {}
func (JobCancelled) event()      {}
func (JobFinished) event()       {}
func (WorkerJoined) event()      {}
func (WorkerLost) event()        {}
func (Heartbeat) event()         {}
func (Dropped) event()           {}
func (Report) event()            {}
func (ProofRejected) event()     {}
func (ProofLost) event()         {}
func (ReferenceResult) event()   {}
func (DeviceQuarantined) event() {}
func (DeviceLifted) event()      {}
func (WorkerQuarantined) event() {}
func (WorkerLifted) event()      {}
func (SpecQuarantined) event()   {}
func (SpecLifted) event()        {}
func (IntakeClosed) event()      {}
func (Drain) event()             {}
func (Tick) event()              {}
