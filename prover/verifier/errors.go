package verifier

import (
	"errors"
	"fmt"

	"rpp-node/prover/codec"
	"rpp-node/prover/fri"
	"rpp-node/prover/lookup"
	"rpp-node/prover/merkle"
	"rpp-node/prover/system"
)

// The rejections that this package makes itself.
var (
	ErrInstanceCount = errors.New("verifier: wrong number of instances")
	ErrDegreeBits    = errors.New("verifier: table heights differ from the expected ones")
	ErrCapPresence   = errors.New("verifier: permutation commitment present or absent against the circuit")
	ErrOpenedWidth   = errors.New("verifier: wrong number of opened values")
	ErrTerminals     = errors.New("verifier: lookup terminals present or absent against the circuit")
	ErrZeta          = errors.New("verifier: out-of-domain point lies in a trace domain")
	ErrConstraints   = errors.New("verifier: constraints do not match the quotient")
	ErrBalance       = errors.New("verifier: lookup terminals do not add up to zero")
)

// Code is the stable name of a rejection.
type Code string

// codes lists every rejection; the first that matches names an error.
var codes = []struct {
	err  error
	code Code
}{
	{codec.ErrTooLarge, "V001-too-large"},
	{codec.ErrTruncated, "V002-truncated"},
	{codec.ErrTrailing, "V003-trailing"},
	{codec.ErrNonCanonical, "V004-non-canonical"},
	{codec.ErrHiding, "V005-hiding"},
	{system.ErrHeights, "V010-heights"},
	{system.ErrPublics, "V011-public-values"},
	{system.ErrPreprocessed, "V012-preprocessed"},
	{lookup.ErrMultiplicity, "V013-multiplicity"},
	{fri.ErrParams, "V014-parameters"},
	{ErrInstanceCount, "V020-instances"},
	{ErrDegreeBits, "V021-degree-bits"},
	{ErrCapPresence, "V022-permutation"},
	{ErrOpenedWidth, "V023-opened-width"},
	{ErrTerminals, "V024-terminals"},
	{fri.ErrRoundCount, "V030-round-count"},
	{fri.ErrArity, "V031-arity"},
	{fri.ErrQueryCount, "V032-query-count"},
	{fri.ErrSiblingValues, "V033-sibling-values"},
	{fri.ErrInputCount, "V034-input-count"},
	{fri.ErrFinalPolyLen, "V035-final-poly-length"},
	{fri.ErrPoW, "V036-proof-of-work"},
	{fri.ErrPoint, "V037-opening-point"},
	{fri.ErrConstantInput, "V038-constant-input"},
	{fri.ErrFinalPoly, "V039-final-poly"},
	{merkle.ErrCapLength, "V040-cap-length"},
	{merkle.ErrRowShape, "V041-row-shape"},
	{merkle.ErrInconsistentRows, "V042-inconsistent-rows"},
	{merkle.ErrSiblingCount, "V043-sibling-count"},
	{merkle.ErrCapMismatch, "V044-cap-mismatch"},
	{ErrZeta, "V050-zeta"},
	{ErrConstraints, "V051-constraints"},
	{ErrBalance, "V052-balance"},
}

// Codes lists every code, in order: tests hit each.
func Codes() []Code {
	out := make([]Code, len(codes))
	for i, c := range codes {
		out[i] = c.code
	}
	return out
}

// Error is a rejection.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("proof rejected (%s): %v", e.Code, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func reject(err error) error {
	if err == nil {
		return nil
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return &Error{c.code, err}
		}
	}
	return err
}
