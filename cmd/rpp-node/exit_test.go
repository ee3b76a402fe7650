package main

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"testing"

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
	} {
		if code, exit := classify(c.err); code != c.code || exit != c.exit {
			t.Errorf("%v: %s, %d, want %s, %d", c.err, code, exit, c.code, c.exit)
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
