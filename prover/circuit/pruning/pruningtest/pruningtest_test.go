package pruningtest

import (
	"errors"
	"reflect"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit/pruning"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Every lie is caught by the check, where its recipe says; the public values that it
// starts from are honest.
func TestEveryLieIsCaught(t *testing.T) {
	names := map[string]bool{}
	for _, c := range NegativeCases() {
		t.Run(c.Breaks+"/"+c.Name, func(t *testing.T) {
			if names[c.Name] {
				t.Error("two cases of this name")
			}
			names[c.Name] = true
			circuit := pruning.Circuit(c.Variant)
			if err := circuit.CheckShape(c.Traces, c.Publics); err != nil {
				t.Fatalf("no traces of the circuit: %v", err)
			}
			for i, h := range pruning.LogHeights(c.Variant)[0] {
				if c.Traces[i].Height() != 1<<h {
					t.Errorf("table %d has %d rows, want 2^%d", i, c.Traces[i].Height(), h)
				}
			}
			err := circuit.Check(c.Traces, c.Publics)
			if got := where(err); got != c.Caught {
				t.Errorf("caught by %s, want %s (%v)", got, c.Caught, err)
			}
		})
	}
}

func where(err error) string {
	var constraint *air.ConstraintError
	var balance *air.BalanceError
	switch {
	case errors.As(err, &constraint):
		return "table " + constraint.Table
	case errors.As(err, &balance):
		return "bus " + balance.Bus
	case err == nil:
		return "nothing"
	}
	return "an error of another kind"
}

// The blocks that the lies are about can be proven honestly, so that it is the lie that
// each case fails by.
func TestHonestBlocks(t *testing.T) {
	for _, name := range []string{"block-16", "range-4x16"} {
		l := lie{name: "none", variant: name}
		c := l.tell()
		if err := pruning.Circuit(c.Variant).Check(c.Traces, c.Publics); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(c.Base, c.Publics) {
			t.Errorf("%s: the honest values differ from those of the honest traces", name)
		}
	}
}

// Cases share nothing: a test may overwrite what it was given.
func TestCasesAreMadeAnew(t *testing.T) {
	a, b := NegativeCases(), NegativeCases()
	for i := range a {
		a[i].Traces[0] = matrix.Matrix{}
		a[i].Base[pruning.PublicTable][0] = field.Elem(1)
		if b[i].Traces[0].Height() == 0 || b[i].Base[pruning.PublicTable][0] == field.Elem(1) {
			t.Fatalf("%s: shared with another call", a[i].Name)
		}
	}
}
