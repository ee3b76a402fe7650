package main

import (
	"errors"
	"io/fs"

	"rpp-node/prover/air"
	"rpp-node/prover/container"
	"rpp-node/prover/fri"
	"rpp-node/prover/interop"
	"rpp-node/prover/key"
	"rpp-node/prover/lookup"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// Exit codes, for scripts.
const (
	exitOK       = 0
	exitRejected = 1 // a proof or a check was rejected
	exitUsage    = 2 // usage, configuration, or an input file that is not one
	exitStartUp  = 3
	exitRuntime  = 4
)

// usageError is a mistake in the command line that the parser cannot see.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exitCode classifies an error.
func exitCode(err error) int {
	var rejection *verifier.Error
	var usage usageError
	var input *soundness.InputError
	var floor *soundness.BelowFloorError
	switch {
	case errors.As(err, &rejection), errors.Is(err, air.ErrWitness), errors.Is(err, key.ErrMismatch),
		errors.Is(err, key.ErrHeights), errors.Is(err, errRejected), errors.Is(err, system.ErrQuotientDegree), errors.Is(err, lookup.ErrMultiplicity),
		errors.Is(err, container.ErrContainer):
		return exitRejected
	case errors.As(err, &usage), errors.As(err, &input), errors.As(err, &floor),
		errors.Is(err, interop.ErrFile), errors.Is(err, air.ErrCircuit), errors.Is(err, fri.ErrParams),
		errors.Is(err, shard.ErrPlan), errors.Is(err, key.ErrKey), errors.Is(err, system.ErrSeed),
		errors.Is(err, system.ErrHeights), errors.Is(err, system.ErrPublics), errors.Is(err, fs.ErrNotExist):
		return exitUsage
	}
	return exitRuntime
}

// errRejected is wrapped by rejections that no package below has a type for.
var errRejected = errors.New("rejected")
