package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"testing"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
	"rpp-node/prover/air"
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		code string
		exit int
	}{
		{&verifier.Error{Code: "V052-balance", Err: verifier.ErrBalance}, "V052-balance", exitRejected},
		{fmt.Errorf("x: %w", &air.ConstraintError{}), "E101-constraint", exitRejected},
		{fmt.Errorf("%w: %w", errRejected, &soundness.BelowFloorError{}), "E111-below-floor", exitRejected},
		{&soundness.BelowFloorError{}, "E201-below-floor", exitUsage},
		{fmt.Errorf("x: %w", system.ErrHeights), "E212-heights", exitUsage},
		{fmt.Errorf("%w: %w", errRejected, system.ErrHeights), "E108-heights", exitRejected},
		{usageError{fs.ErrNotExist}, "E203-no-such-file", exitUsage},
		{usageError{errors.New("x")}, "E200-usage", exitUsage},
		{errors.New("disk on fire"), "E400-runtime", exitRuntime},
		{fmt.Errorf("x: %w", &config.Error{Key: "listen.api"}), "E215-configuration", exitUsage},
		{startUpError{&config.Error{Key: "listen.api"}}, "E215-configuration", exitUsage},
		{startUpError{fs.ErrNotExist}, "E301-start-up", exitStartUp},
		{startUpError{fault.New(fault.CodeIdentityFile, "x")}, "C110-identity-file", exitStartUp},
		{fmt.Errorf("x: %w", node.ErrNotMember), "E216-no-identity", exitUsage},
		{fault.New(fault.CodeField, "x"), "C201-field", exitUsage},
		{fault.New(fault.CodeWitness, "x"), "C204-witness", exitRejected},
		{fault.New(fault.CodeProofRejected, "x"), "C405-proof-rejected", exitRejected},
		{fault.New(fault.CodeQuarantined, "x"), "C406-quarantined", exitRejected},
		{fault.New(fault.CodeQueueFull, "x"), "C301-queue-full", exitRuntime},
		{fault.New(fault.CodeNoLeader, "x"), "C501-no-leader", exitRuntime},
		{fmt.Errorf("x: %w", context.Canceled), "E402-interrupted", exitRuntime},
	} {
		if code, exit := classify(c.err); code != c.code || exit != c.exit {
			t.Errorf("%v: %s, %d, want %s, %d", c.err, code, exit, c.code, c.exit)
		}
	}
	for _, c := range fault.Codes() {
		if _, exit := classify(fault.New(c, "x")); exit < exitRejected || exit == exitStartUp {
			t.Errorf("%s ends with exit code %d", c, exit)
		}
	}
	form := regexp.MustCompile(`^E[1-4][0-9]{2}-[a-z-]+$`)
	seen := map[string]bool{}
	for _, k := range kinds {
		if seen[k.code[:4]] || !form.MatchString(k.code) || int(k.code[1]-'0') != k.exit {
			t.Errorf("code %s with exit %d: want a number of its own that begins with its exit code", k.code, k.exit)
		}
		seen[k.code[:4]] = true
	}
}

// A cluster's error is shown with its code once, what is around it, its remedy, and when to
// try again.
func TestExplain(t *testing.T) {
	err := fmt.Errorf("voter-1: %w", fault.New(fault.CodeQueueFull, "100 jobs wait").After(3*time.Second))
	if got, want := explain(err), "voter-1: 100 jobs wait; wait and submit again (Retry-After: 3s)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := explain(errors.New("disk on fire")); got != "disk on fire" {
		t.Errorf("%q", got)
	}
}
