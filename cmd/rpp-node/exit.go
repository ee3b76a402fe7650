package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"rpp-node/cluster/config"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
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

// startUpError is a node that did not start.
type startUpError struct{ error }

func (e startUpError) Unwrap() error { return e.error }

// exitStatus ends a command that has said all there is to say with an exit code of its own.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

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
// rejections have codes of their own, V001 and on, and so have the errors of a cluster,
// C101 and on (cluster/fault).
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
	{"E215-configuration", exitUsage, as[*config.Error]},
	{"E301-start-up", exitStartUp, as[startUpError]},
	{"E216-no-identity", exitUsage, func(err error) bool {
		return errors.Is(err, node.ErrNotMember) || errors.Is(err, identity.ErrNotJoined)
	}},
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
	{"E402-interrupted", exitRuntime, is(context.Canceled)},
	{"E401-key-directory", exitRuntime, func(err error) bool {
		return errors.Is(err, keydir.ErrCorrupt) || errors.Is(err, keydir.ErrVersion) || errors.Is(err, keydir.ErrTooMany)
	}},
}

// faultExits is what the kind of a cluster's error comes to.
var faultExits = map[fault.Kind]int{
	fault.Invalid: exitUsage, fault.NotFound: exitUsage, fault.Unauthenticated: exitUsage, fault.Denied: exitUsage,
	fault.Rejected: exitRejected,
	fault.Conflict: exitRuntime, fault.Exhausted: exitRuntime, fault.NoSpace: exitRuntime, fault.Unavailable: exitRuntime,
	fault.Corrupt: exitRuntime, fault.Internal: exitRuntime,
}

// faultExit is the exit code of a cluster's error. A witness that is none, and a spec that
// was set aside, were judged, whatever kind of answer says so.
func faultExit(f *fault.Error) int {
	if f.Code == fault.CodeWitness || f.Code == fault.CodeQuarantined {
		return exitRejected
	}
	return faultExits[f.Kind]
}

// classify returns an error's stable code and exit code.
func classify(err error) (code string, exit int) {
	var rejection *verifier.Error
	if errors.As(err, &rejection) {
		return string(rejection.Code), exitRejected
	}
	var f *fault.Error
	if errors.As(err, &f) {
		if as[startUpError](err) {
			return string(f.Code), exitStartUp
		}
		return string(f.Code), faultExit(f)
	}
	for _, k := range kinds {
		if k.matches(err) {
			return k.code, k.exit
		}
	}
	return "E400-runtime", exitRuntime
}

// explain is what an error says behind its code.
func explain(err error) string {
	text := err.Error()
	var f *fault.Error
	if errors.As(err, &f) {
		text = strings.Replace(text, string(f.Code)+": ", "", 1)
		if f.RetryAfter > 0 {
			text += fmt.Sprintf(" (Retry-After: %s)", f.RetryAfter)
		}
	}
	return text
}
