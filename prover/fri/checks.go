package fri

import (
	"fmt"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
)

// checks are the rules of the verifier that have been missing from some implementation,
// each with a forged proof in this package's tests that passes without it. Every Verify
// uses strict(); only those tests can put another set together.
type checks struct {
	// inputCount compares the opened commitments with the claimed ones: a loop over the
	// shorter of the two lists would leave claims unchecked.
	inputCount func(got, want int) error
	// finalPolyLen bounds the degree of what the codeword was folded to
	// (GHSA-f69f-5fx9-w9r9).
	finalPolyLen func(got, want int) error
	// rollIn is the factor of an input that joins a fold of arity 2^a with challenge β: a
	// power of β that the fold does not use, else an input could cancel what is wrong
	// with the codeword (the same advisory).
	rollIn func(x *field.Ext, beta field.E, a int) field.E
	// rowWidth is the width that matrix j of an opened commitment must have: leaves have
	// no separators, so that a row could take values over from its neighbour.
	rowWidth func(claimed int, in *codec.BatchOpening, j int) int
}

func strict() checks {
	return checks{
		inputCount: func(got, want int) error {
			if got != want {
				return fmt.Errorf("%w: %d, want %d", ErrInputCount, got, want)
			}
			return nil
		},
		finalPolyLen: func(got, want int) error {
			if got != want {
				return fmt.Errorf("%w: %d, want %d", ErrFinalPolyLen, got, want)
			}
			return nil
		},
		rollIn:   func(x *field.Ext, beta field.E, a int) field.E { return x.Exp2(beta, a) },
		rowWidth: func(claimed int, _ *codec.BatchOpening, _ int) int { return claimed },
	}
}
