package scheduler

import (
	"encoding/hex"
	"fmt"
)

// JobID is the digest of a job's spec.
type JobID [32]byte

// String is the short form that reasons use.
func (id JobID) String() string { return hex.EncodeToString(id[:6]) }

// DeviceID names a device in the cluster: node name, slash, index.
type DeviceID string

// WorkerID is a worker's node name.
type WorkerID string

// Fence names a lease. A later grant has a greater fence, in every term.
type Fence struct{ Term, Sequence uint64 }

// Less orders fences by the time of their grants.
func (f Fence) Less(g Fence) bool {
	if f.Term != g.Term {
		return f.Term < g.Term
	}
	return f.Sequence < g.Sequence
}

func (f Fence) String() string { return fmt.Sprintf("%d.%d", f.Term, f.Sequence) }

// Class is a job's priority, most urgent first. Pruning includes uptime.
type Class uint8

// The classes.
const (
	Consensus Class = iota
	State
	Pruning
	Transaction
	classCount
)

var classNames = [...]string{"consensus", "state", "pruning", "transaction"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Outcome is how an attempt ended.
type Outcome uint8

// The outcomes. Declined and Unavailable are the infrastructure's: they cost no attempt.
const (
	Proved Outcome = iota + 1
	InvalidWitness
	Crashed
	OutOfMemory
	TimeLimit
	Declined
	Unavailable
)

var outcomeNames = [...]string{
	Proved: "proved", InvalidWitness: "invalid witness", Crashed: "crashed",
	OutOfMemory: "out of memory", TimeLimit: "time limit", Declined: "declined",
	Unavailable: "unavailable",
}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) && o != 0 {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// Order tells a worker that comes back what to do about a resident part.
type Order uint8

// The orders.
const (
	// Idle: nothing resident is wanted; wait for grants.
	Idle Order = iota + 1
	// KeepComputing: go on, and report under the renewed fence.
	KeepComputing
	// CancelStale: stop, and report nothing.
	CancelStale
)

var orderNames = [...]string{Idle: "idle", KeepComputing: "keep-computing", CancelStale: "cancel-stale"}

func (o Order) String() string {
	if int(o) < len(orderNames) && o != 0 {
		return orderNames[o]
	}
	return fmt.Sprintf("order %d", uint8(o))
}

// What Fail and Verdict say in Code; the caller maps them to what users see.
const (
	CodeInvalidWitness = "invalid-witness"
	CodeAttempts       = "attempts"
	CodeProofRejected  = "proof-rejected"
	CodeQuarantined    = "quarantined"

	CodeQueueFull    = "queue-full"
	CodeTenantQuota  = "tenant-quota"
	CodeIntakeClosed = "intake-closed"
	CodeOverload     = "overload"
	CodeNoDevice     = "no-device"
)
