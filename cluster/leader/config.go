package leader

import (
	"context"
	"log/slog"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// Config is what a Leader is made of. All of it is needed, but for Observer.
type Config struct {
	Node      fsm.NodeID
	Name      string
	Build     string // scheduler compares it with the workers'
	Now       func() time.Time
	Log       *slog.Logger
	Raft      Raft
	Machine   *fsm.Machine
	Voters    Voters
	Witnesses Witnesses
	Reference Reference
	Scheduler scheduler.Config
	Heartbeat time.Duration // how often workers report
	Observer  Observer
}

// Raft is the log of commands.
type Raft interface {
	// Apply commits a command and returns what the state machine answered. An error may
	// leave open whether it committed.
	Apply(ctx context.Context, command []byte) (result any, err error)
	// Barrier returns when everything committed before has been applied here.
	Barrier(ctx context.Context) error
	Term() uint64
	// Leadership tells of changes; a reader that is late sees the latest.
	Leadership() <-chan bool
	// Voters lists the voters of the latest configuration, this node among them.
	Voters() []fsm.NodeID
}

// Voters asks voters, this one included, for receipts. It checks signatures, and that the
// answer is about what was asked.
type Voters interface {
	// Receipt returns a *Rejection if the voter's verifier refuses the proof.
	Receipt(ctx context.Context, voter fsm.NodeID, ask Ask) (fsm.Receipt, error)
}

// Ask is the question to a voter.
type Ask struct {
	Job    fsm.JobID
	File   []byte // proof file
	Digest fsm.Digest
}

// Rejection is a voter's answer that the proof is false.
type Rejection struct{ Code, Reason string }

func (r *Rejection) Error() string { return r.Code + ": " + r.Reason }

// Witnesses reads a witness, from this node's store or another voter's.
type Witnesses interface {
	Witness(ctx context.Context, digest fsm.Digest) ([]byte, error)
}

// Reference proves a job once more, on the portable kernels of this node's CPU.
type Reference interface {
	Prove(ctx context.Context, job *fsm.Job) (fileDigest fsm.Digest, err error)
}

// Observer is told what happens, for metrics and health. Its methods must not block.
type Observer interface {
	Part(p Part)
}

// Part is a part's end.
type Part struct {
	Family  string
	Outcome scheduler.Outcome
	Code    string
	Wall    time.Duration
	CPU     time.Duration
	Bytes   int
}
