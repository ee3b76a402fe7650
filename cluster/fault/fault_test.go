package fault_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"rpp-node/cluster/fault"
)

func TestCodesAreUniqueAndWellFormed(t *testing.T) {
	form := regexp.MustCompile(`^C[1-9][0-9]{2}-[a-z]+(-[a-z]+)*$`)
	numbers := map[string]fault.Code{}
	for _, c := range fault.Codes() {
		if !form.MatchString(string(c)) {
			t.Errorf("code %q is not Cnnn-words", c)
		}
		if other, ok := numbers[string(c[:4])]; ok {
			t.Errorf("%s and %s share a number", c, other)
		}
		numbers[string(c[:4])] = c
		if fault.KindOf(c) == 0 {
			t.Errorf("%s has no kind", c)
		}
	}
}

func TestOfFindsTheUsersError(t *testing.T) {
	cause := errors.New("cause")
	inner := fault.New(fault.CodeDiskFull, "node a: %w", cause)
	wrapped := fmt.Errorf("outer: %w", inner)
	if got := fault.Of(wrapped); got != inner {
		t.Errorf("Of(wrapped) = %v, want the inner error", got)
	}
	if !errors.Is(wrapped, cause) || !fault.Is(wrapped, fault.CodeDiskFull) {
		t.Error("a wrapped error lost its cause or its code")
	}
	if got := fault.Of(cause); got.Code != fault.CodeInternal || !errors.Is(got, cause) {
		t.Errorf("Of(cause) = %v, want an internal error that wraps it", got)
	}
}
