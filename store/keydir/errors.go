package keydir

import "errors"

// The ways in which a request can fail. Anything else is the file system's own error.
// Every error that leaves the package begins with its name and says which file.
var (
	ErrName     = errors.New("invalid key name")
	ErrNotFound = errors.New("no such key")
	ErrCorrupt  = errors.New("damaged key file")
	ErrTooLarge = errors.New("too large")
	ErrVersion  = errors.New("key file of another format version")
	ErrEmpty    = errors.New("empty key")
	ErrTooMany  = errors.New("too many files")
)
