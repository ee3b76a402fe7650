package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what an error means for whoever called.
type Kind uint8

// The kinds. The list only grows; zero is no kind.
const (
	Invalid         Kind = iota + 1 // the request is wrong and will stay so
	Unauthenticated                 // no certificate, or one that does not count
	Denied                          // the caller may not do this
	NotFound
	Conflict    // the state of things forbids it
	Exhausted   // too much at once: wait RetryAfter
	NoSpace     // the disk is nearly full
	Unavailable // no leader, no quorum, not ready: try again
	Rejected    // a proof or a witness was judged and found wrong
	Corrupt     // stored bytes are not what their digest says
	Internal
)

// Error is an error that a user sees.
type Error struct {
	Kind       Kind
	Code       Code
	Message    string
	Remedy     string
	RetryAfter time.Duration // with Exhausted, NoSpace and Unavailable
	Err        error         // what it wraps, if anything
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a code, whose kind and remedy are the code's.
func New(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	c := codes[code]
	return &Error{Kind: c.kind, Code: code, Message: err.Error(), Remedy: c.remedy, Err: errors.Unwrap(err)}
}

// After says when to try again.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// Of finds the user's error in a chain, or makes an internal one of it.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(CodeInternal, "%w", err)
}

// Is says whether an error has that code.
func Is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
