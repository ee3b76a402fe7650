package artifact

import "errors"

// The ways in which a request can fail, beside store.ErrDiskFull and the store's own
// errors. Every error that leaves the package begins with its name.
var (
	ErrNotFound = errors.New("no such artifact")
	ErrCorrupt  = errors.New("damaged artifact")
	ErrQuota    = errors.New("quota of artifacts exhausted")
	ErrTooLarge = errors.New("too large for its kind")
	ErrEmpty    = errors.New("no bytes")
	ErrKind     = errors.New("wrong kind of artifact")
	ErrDigest   = errors.New("bytes that do not have the digest they were announced with")
	ErrChunk    = errors.New("no such chunk, or not of this size, or written before")
	ErrEnded    = errors.New("writer has ended")
	ErrStoreKey = errors.New("witness cannot be read or written without the store key of this node")
	ErrPlan     = errors.New("invalid collection plan")
	ErrVersion  = errors.New("written by a release with another format version")
)
