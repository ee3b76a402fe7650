package audit

import "errors"

// The ways in which a request can fail, beside the store's own errors. Every error that
// leaves the package begins with its name.
var (
	ErrEvent    = errors.New("invalid event")
	ErrRecord   = errors.New("damaged record")
	ErrNotFound = errors.New("no such record")
	// ErrBroken: the log found damage at its end when it was opened, or a write failed, so
	// that nobody knows what its last record is. Nothing is appended any more.
	ErrBroken = errors.New("log cannot be continued")
)
