package raftlog

import "errors"

// What this package refuses, besides the errors of package store (ErrCorrupt, ErrFailed,
// ErrTooLarge among them).
var (
	// ErrGap: the entries do not follow the log, and no snapshot covers what is between,
	// or a deletion would leave a hole.
	ErrGap = errors.New("raftlog: gap in the log")
	// ErrVote: a vote's candidate without its term.
	ErrVote = errors.New("raftlog: candidate of a vote without its term")
	// ErrEntry: an entry that this version cannot write.
	ErrEntry = errors.New("raftlog: invalid entry")
	// ErrSnapshot: no such snapshot, or one that this version cannot write.
	ErrSnapshot = errors.New("raftlog: invalid snapshot")
)
