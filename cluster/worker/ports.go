package worker

import (
	"context"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/worker/device"
	"rpp-node/prover/spec"
)

// Leader is whoever leads the cluster now.
type Leader interface {
	// Session opens a stream to the leader that is known now; it fails if there is none.
	// The stream ends with ctx.
	Session(ctx context.Context) (Stream, error)
}

// Stream is one session. One goroutine sends, one receives; Close may come from others,
// more than once, and ends both.
type Stream interface {
	Send(*internalv1.WorkerMessage) error
	Receive() (*internalv1.LeaderMessage, error)
	Close() error
}

// Keys finds proving keys.
type Keys interface {
	// Proving returns the encoded proving key of a fingerprint. The worker only reads it.
	Proving(ctx context.Context, fingerprint [32]byte) ([]byte, error)
}

// Witnesses finds the witnesses of granted parts.
type Witnesses interface {
	// Fetch returns the witness that a grant names, which is the worker's from then on: it
	// overwrites it after use.
	Fetch(ctx context.Context, g *internalv1.Grant) ([]byte, error)
}

// Device proves one task at a time.
type Device interface {
	Info() Info
	// Run proves a task; begin is told of each stage, on Run's goroutine. A task that gives
	// no proof is a *device.Error. If ctx ends, Run gives the attempt up at once and returns
	// ctx's error. Run must not keep the task's witness.
	Run(ctx context.Context, t *Task, begin func(stage string)) (*Result, error)
	// Calibrate measures cells a second on a sample of a family.
	Calibrate(ctx context.Context, family string) (float64, error)
	// ResidentBytes is the memory that it takes now.
	ResidentBytes() int64
	Close() error
}

// Info is what a device is; it does not change.
type Info struct {
	Name    string // unique on its worker
	Kind    string // cpu-avx512, …
	Threads int
	// MemoryBytes is the most that a task may take, 0 for no limit.
	MemoryBytes int64
}

// Task is one part to prove.
type Task struct {
	Spec      *spec.Spec
	Key       []byte // encoded proving key
	Witness   []byte
	TimeLimit time.Duration // 0 for none
	// Alone asks for a device in which nothing of other tasks is left.
	Alone bool
}

// Result is a proof.
type Result struct {
	ProofFile []byte
	Usage     device.Usage
}
