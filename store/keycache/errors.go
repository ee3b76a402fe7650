package keycache

import "errors"

// The ways in which a request can fail, beside those of store and store/artifact. Every
// error that leaves the package begins with its name.
var (
	ErrNotFound = errors.New("no such key")
	ErrCorrupt  = errors.New("damaged key")
	ErrName     = errors.New("invalid key name")
	ErrEntry    = errors.New("entry does not describe the artifact")
	ErrTooMany  = errors.New("too many keys")
	ErrVersion  = errors.New("written by a release with another format version")
)
