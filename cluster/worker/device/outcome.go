package device

import (
	"errors"
	"fmt"

	"rpp-node/cluster/fault"
	"rpp-node/prover/proving"
	"rpp-node/prover/spec"
)

// Outcome is how an attempt ended. The numbers are those of the cluster's contracts.
type Outcome uint8

// The outcomes but for success.
const (
	InvalidWitness Outcome = iota + 2 // a broken constraint, or a witness that cannot be read
	Crashed                           // the device's process ended by itself
	OutOfMemory
	TimeLimit
	Declined    // it does not fit the device, or no device can do it
	Unavailable // no witness or no key: nobody's attempt
)

var outcomes = [...]string{
	InvalidWitness: "invalid witness", Crashed: "crashed", OutOfMemory: "out of memory",
	TimeLimit: "time limit", Declined: "declined", Unavailable: "unavailable",
}

func (o Outcome) String() string {
	if int(o) < len(outcomes) && outcomes[o] != "" {
		return outcomes[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// Error says why an attempt gave no proof.
type Error struct {
	Outcome Outcome
	Code    fault.Code
	Reason  string
	Usage   Usage
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %s", e.Outcome, e.Code, e.Reason) }

// errNoKey says that a key was not loaded, or is not one.
var errNoKey = errors.New("device: no such key")

// failure says what an error means for the task.
func failure(id uint64, u Usage, err error) *Failed {
	f := &Failed{ID: id, Outcome: Crashed, Usage: u, Code: string(fault.CodeInternal), Reason: err.Error()}
	var witness *proving.InvalidWitness
	var memory *proving.MemoryError
	switch {
	case errors.As(err, &witness):
		f.Outcome, f.Code = InvalidWitness, string(fault.CodeInvalidWitness)
	case errors.As(err, &memory):
		f.Outcome, f.Code = Declined, string(fault.CodeNoDevice)
	case errors.Is(err, proving.ErrSpec), errors.Is(err, spec.ErrSpec):
		f.Outcome, f.Code = Declined, string(fault.CodeField)
	case errors.Is(err, proving.ErrDigest):
		f.Outcome, f.Code = Unavailable, string(fault.CodeCorrupt)
	case errors.Is(err, proving.ErrKey), errors.Is(err, errNoKey):
		f.Outcome, f.Code = Unavailable, string(fault.CodeKeyMissing)
	}
	return f
}
