package main

import (
	"errors"
	"io/fs"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit"
	"rpp-node/prover/container"
	"rpp-node/prover/fri"
	"rpp-node/prover/interop"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/lookup"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
	"rpp-node/store/keydir"
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

// errRejected is wrapped by rejections that no package below has a type for.
var errRejected = errors.New("rejected")

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// kinds gives every error its stable code and its exit code; the first that matches
// counts. Codes are never reused: messages may change, codes do not. The verifier's
// rejections have codes of their own, V001 and on.
var kinds = []struct {
	code    string
	exit    int
	matches func(error) bool
}{
	{"E101-constraint", exitRejected, as[*air.ConstraintError]},
	{"E102-balance", exitRejected, as[*air.BalanceError]},
	{"E103-witness", exitRejected, is(air.ErrWitness)},
	{"E104-key-mismatch", exitRejected, is(key.ErrMismatch)},
	{"E105-key-heights", exitRejected, is(key.ErrHeights)},
	{"E106-quotient-degree", exitRejected, is(system.ErrQuotientDegree)},
	{"E107-multiplicity", exitRejected, is(lookup.ErrMultiplicity)},
	{"E108-heights", exitRejected, func(err error) bool { return errors.Is(err, system.ErrHeights) && errors.Is(err, errRejected) }},
	{"E109-public-values", exitRejected, func(err error) bool { return errors.Is(err, system.ErrPublics) && errors.Is(err, errRejected) }},
	{"E110-proof-file", exitRejected, is(container.ErrContainer)},
	{"E111-below-floor", exitRejected, func(err error) bool {
		return as[*soundness.BelowFloorError](err) && errors.Is(err, errRejected)
	}},
	{"E100-rejected", exitRejected, is(errRejected)},
	{"E201-below-floor", exitUsage, as[*soundness.BelowFloorError]},
	{"E202-parameter", exitUsage, as[*soundness.InputError]},
	{"E203-no-such-file", exitUsage, is(fs.ErrNotExist)},
	{"E204-no-such-circuit", exitUsage, is(circuit.ErrUnknown)},
	{"E205-circuit-file", exitUsage, is(interop.ErrFile)},
	{"E206-circuit", exitUsage, is(air.ErrCircuit)},
	{"E207-fri-parameters", exitUsage, is(fri.ErrParams)},
	{"E208-plan", exitUsage, is(shard.ErrPlan)},
	{"E209-verifying-key", exitUsage, is(key.ErrKey)},
	{"E210-proving-key", exitUsage, is(derive.ErrProving)},
	{"E211-seed", exitUsage, is(system.ErrSeed)},
	{"E212-heights", exitUsage, is(system.ErrHeights)},
	{"E213-public-values", exitUsage, is(system.ErrPublics)},
	{"E214-memory-limit", exitUsage, as[*proving.MemoryError]},
	{"E200-usage", exitUsage, as[usageError]},
	{"E401-key-directory", exitRuntime, func(err error) bool {
		return errors.Is(err, keydir.ErrCorrupt) || errors.Is(err, keydir.ErrVersion) || errors.Is(err, keydir.ErrTooMany)
	}},
}

// classify returns an error's stable code and exit code.
func classify(err error) (code string, exit int) {
	var rejection *verifier.Error
	if errors.As(err, &rejection) {
		return string(rejection.Code), exitRejected
	}
	for _, k := range kinds {
		if k.matches(err) {
			return k.code, k.exit
		}
	}
	return "E400-runtime", exitRuntime
}
