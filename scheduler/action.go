package scheduler

import "time"

// Action is what the caller is to do: one of the types below. Reason is always plain words
// for status and logs.
type Action interface{ action() }

// Grant leases a job's part to a device.
type Grant struct {
	Job       JobID
	Worker    WorkerID
	Device    DeviceID
	Fence     Fence
	Lease     time.Duration
	TimeLimit time.Duration
	// Alone: nothing else may be resident in the device meanwhile.
	Alone  bool
	Reason string
}

// Revoke takes a lease back. With IfUnstarted the worker gives the part up only if it has
// not begun; it answers Dropped in either case.
type Revoke struct {
	Worker      WorkerID
	Device      DeviceID
	Fence       Fence
	IfUnstarted bool
	Reason      string
}

// Renew answers a heartbeat: of the fences that it listed, these leases run on, for
// Config.Lease from now; the others are over.
type Renew struct {
	Worker WorkerID
	Fences []Fence
	Reason string
}

// Directive says what to do about a resident part of a worker that has joined. Renewed is
// set with KeepComputing. Idle comes once, without a fence, if nothing is kept.
type Directive struct {
	Worker  WorkerID
	Fence   Fence
	Order   Order
	Renewed Fence
	Reason  string
}

// Assembled: the job has a proof; ask the voters for receipts.
type Assembled struct {
	Job         JobID
	Device      DeviceID
	Fence       Fence
	ProofDigest [32]byte
	Reason      string
}

// Discard: a late, stale or foreign report was a no-op.
type Discard struct {
	Fence  Fence
	Reason string
}

// Fail: propose the job's failure.
type Fail struct {
	Job    JobID
	Code   string
	Reason string
}

// QuarantineSpec: propose that (tenant, spec) is not proved again; it ends Job too.
type QuarantineSpec struct {
	Job    JobID
	Tenant string
	Spec   [32]byte
	Reason string
}

// CloseIntake: propose that nothing is accepted of the tenant until then.
type CloseIntake struct {
	Tenant string
	Until  time.Time
	Reason string
}

// QuarantineDevice: propose it. The scheduler uses the device no more.
type QuarantineDevice struct {
	Device DeviceID
	Worker WorkerID
	Reason string
}

// QuarantineNode: propose it.
type QuarantineNode struct {
	Worker WorkerID
	Reason string
}

// DrainDevice: the device runs another build and disagreed: it gets nothing more until it
// joins with another, and nobody is blamed.
type DrainDevice struct {
	Device DeviceID
	Worker WorkerID
	Reason string
}

// RunReference: let a voter's portable CPU kernels prove the job, and tell the digest.
type RunReference struct {
	Job    JobID
	Reason string
}

// WakeAt: send a Tick then. It replaces the one before.
type WakeAt struct {
	At     time.Time
	Reason string
}

func (Grant) action()            {}
func (Revoke) action()           {}
func (Renew) action()            {}
func (Directive) action()        {}
func (Assembled) action()        {}
func (Discard) action()          {}
func (Fail) action()             {}
func (QuarantineSpec) action()   {}
func (CloseIntake) action()      {}
func (QuarantineDevice) action() {}
func (QuarantineNode) action()   {}
func (DrainDevice) action()      {}
func (RunReference) action()     {}
func (WakeAt) action()           {}
