package proving

import (
	"errors"
	"fmt"

	"rpp-node/prover/soundness"
	"rpp-node/prover/verifier"
)

// The ways in which a request can be wrong, besides its witness.
var (
	// ErrKey says that a key is not the one that the spec names.
	ErrKey = errors.New("proving: the key is not the spec's")
	// ErrSpec says that a spec asks for what its own key rules out.
	ErrSpec = errors.New("proving: the spec contradicts its key")
	// ErrDigest says that the witness is not the one that the spec names. Whoever
	// delivered it is to blame, not whoever asked.
	ErrDigest = errors.New("proving: the witness is not the one that the spec names")
)

// InvalidWitness says that a witness proves nothing: it cannot be read, it breaks the
// circuit, or it is of another statement than the spec's.
type InvalidWitness struct {
	// Broken says that the witness could be expanded, and breaks a constraint or a bus.
	Broken bool
	Err    error
}

func (e *InvalidWitness) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *InvalidWitness) Unwrap() error { return e.Err }

// MemoryError says that a proof does not fit. Both are in bytes.
type MemoryError struct{ Need, Limit int64 }

func (e *MemoryError) Error() string {
	return fmt.Sprintf("the proof needs %d MiB, the limit is %d MiB", mebibytes(e.Need), e.Limit>>20)
}

// Code is the stable name of a reason for which a proof file is rejected.
type Code string

// The codes of this package; codes are never reused. Rejections of the proof itself keep
// the verifier's codes, V001 and on.
const (
	CodeFile        Code = "J001-proof-file"
	CodeFamily      Code = "J002-family"
	CodeVariant     Code = "J003-variant"
	CodeProfile     Code = "J004-profile"
	CodeHash        Code = "J005-hash"
	CodeField       Code = "J006-field"
	CodeChain       Code = "J007-chain-id"
	CodeFingerprint Code = "J008-fingerprint"
	CodePublics     Code = "J009-public-values"
	CodeHeights     Code = "J010-heights"
	CodeFloor       Code = "J011-below-floor"
)

// Codes lists the codes of this package, in order: tests hit each.
func Codes() []Code {
	return []Code{
		CodeFile, CodeFamily, CodeVariant, CodeProfile, CodeHash, CodeField, CodeChain,
		CodeFingerprint, CodePublics, CodeHeights, CodeFloor,
	}
}

// Rejection says that a proof file is not what the spec asks for.
type Rejection struct {
	Code Code
	Err  error
}

func (e *Rejection) Error() string { return fmt.Sprintf("proof rejected (%s): %v", e.Code, e.Err) }

// Unwrap gives the cause.
func (e *Rejection) Unwrap() error { return e.Err }

func reject(code Code, format string, args ...any) error {
	return &Rejection{code, fmt.Errorf(format, args...)}
}

// rejected gives the verifier's errors, and the floor's, their place among rejections.
func rejected(err error) error {
	var v *verifier.Error
	var below *soundness.BelowFloorError
	switch {
	case errors.As(err, &v):
		return &Rejection{Code(v.Code), v.Err}
	case errors.As(err, &below):
		return &Rejection{CodeFloor, err}
	}
	return err
}
