package raft

import (
	"context"
	"errors"
	"fmt"

	hraft "github.com/hashicorp/raft"

	"rpp-node/cluster/fault"
)

// What went wrong. Errors of calls are *fault.Error that wrap one of these.
var (
	ErrNotLeader   = errors.New("this node is not the leader")                 // see NotLeaderError
	ErrUncertain   = errors.New("the command may or may not take effect")      // repeat it
	ErrBusy        = errors.New("the leader did not take the command in time") // it takes no effect
	ErrTooBig      = errors.New("the command is too long")
	ErrLastVoter   = errors.New("the voters that answer would be no majority")
	ErrNotCaughtUp = errors.New("the server has not caught up with the log")
	ErrNoServer    = errors.New("no such server")
	ErrBackup      = errors.New("not a usable backup")
	ErrNothing     = errors.New("there is nothing to save yet")
	ErrClosed      = errors.New("raft is closed")
	ErrFaulted     = errors.New("raft has stopped: its store or its machine failed")
	ErrCorrupt     = errors.New("the raft store is damaged") // wipe, and rejoin as a non-voter
)

// NotLeaderError names the leader as far as this member knows it. Both fields are empty
// during an election.
type NotLeaderError struct{ ID, Address string }

func (e *NotLeaderError) Error() string {
	if e.ID == "" {
		return ErrNotLeader.Error() + ", and none is known"
	}
	return fmt.Sprintf("%v: it is %s at %s", ErrNotLeader, e.ID, e.Address)
}

// Is makes errors.Is(err, ErrNotLeader) true.
func (e *NotLeaderError) Is(target error) bool { return target == ErrNotLeader }

// OpenError says why a member did not start. With Corrupt, which errors.Is(err, ErrCorrupt)
// tells too, its store has to be wiped and it has to join again, without a vote at first.
type OpenError struct {
	Step    string // what was being done
	Corrupt bool
	Err     error
}

func (e *OpenError) Error() string {
	if e.Corrupt {
		return fmt.Sprintf("raft: %s: %v: %v", e.Step, ErrCorrupt, e.Err)
	}
	return fmt.Sprintf("raft: %s: %v", e.Step, e.Err)
}

func (e *OpenError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrCorrupt) true for damage.
func (e *OpenError) Is(target error) bool { return e.Corrupt && target == ErrCorrupt }

// translate turns an answer of the library into ours. proposed says whether the entry may
// have reached the log.
func (n *Node) translate(err error, proposed bool) error {
	switch {
	case err == nil:
		return nil
	case n.guard.failed():
		return n.faulted(proposed)
	case errors.Is(err, hraft.ErrNotLeader), errors.Is(err, hraft.ErrLeadershipTransferInProgress):
		return n.notLeader()
	case errors.Is(err, hraft.ErrEnqueueTimeout):
		return fault.New(fault.CodeOverload, "%w", ErrBusy)
	case errors.Is(err, hraft.ErrRaftShutdown) && !proposed:
		return closed()
	case proposed:
		return uncertain(err)
	default:
		return fault.New(fault.CodeNoQuorum, "%w", err)
	}
}

func (n *Node) notLeader() error {
	id, address := n.Leader()
	return fault.New(fault.CodeNoLeader, "%w", &NotLeaderError{ID: id, Address: address})
}

func (n *Node) faulted(proposed bool) error {
	cause := n.guard.cause()
	if proposed {
		cause = fmt.Errorf("%w: %w", ErrUncertain, cause)
	}
	return fault.New(fault.CodeInternal, "%w", fmt.Errorf("%w: %w", ErrFaulted, cause))
}

func uncertain(err error) error {
	return fault.New(fault.CodeNoQuorum, "%w", fmt.Errorf("%w: %w", ErrUncertain, err))
}

func closed() error { return fault.New(fault.CodeStarting, "%w", ErrClosed) }

// gaveUp is the caller's own deadline or cancellation.
func gaveUp(ctx context.Context, proposed bool) error {
	if proposed {
		return uncertain(context.Cause(ctx))
	}
	return fault.New(fault.CodeNoQuorum, "%w", context.Cause(ctx))
}
