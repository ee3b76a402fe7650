package raft

import (
	"bytes"
	"context"
	"time"

	hraft "github.com/hashicorp/raft"

	"rpp-node/cluster/fault"
)

// Apply proposes a command and waits until this member's Machine has executed it; index and
// result are the entry's. An error that is ErrUncertain leaves open whether the command takes
// effect, now or later; after any other error it does not.
func (n *Node) Apply(ctx context.Context, data []byte) (index uint64, result any, err error) {
	if len(data) > EntryBytesMax {
		return 0, nil, fault.New(fault.CodeTooBig, "%w: %d bytes, at most %d", ErrTooBig, len(data), EntryBytesMax)
	}
	data = bytes.Clone(data)
	a, err := n.ask(ctx, true, func() answer {
		f := n.raft.Apply(data, untilDeadline(ctx))
		err := f.Error()
		return answer{index: f.Index(), value: f.Response(), err: err, proposed: f.Index() > 0}
	})
	if err != nil {
		return 0, nil, err
	}
	if _, halted := a.value.(Halt); halted {
		return 0, nil, n.faulted(true)
	}
	return a.index, a.value, nil
}

// untilDeadline is how long the library may wait before it takes a command; zero is for ever.
func untilDeadline(ctx context.Context) time.Duration {
	d, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(d), 1)
}

// Barrier waits until the Machine has executed everything that was in the leader's log
// before. Leader only.
func (n *Node) Barrier(ctx context.Context) error {
	_, err := n.ask(ctx, false, func() answer {
		return answer{err: n.raft.Barrier(untilDeadline(ctx)).Error()}
	})
	return err
}

// VerifyLeader asks a majority whether this member still leads.
func (n *Node) VerifyLeader(ctx context.Context) error {
	_, err := n.ask(ctx, false, func() answer { return answer{err: n.raft.VerifyLeader().Error()} })
	return err
}

// ReadBarrier makes a read of the Machine that follows linearizable: it holds every command
// whose Apply returned before ReadBarrier was called. Leader only; one round trip.
func (n *Node) ReadBarrier(ctx context.Context) error {
	term := n.raft.CurrentTerm()
	if n.State() != Leader {
		return n.notLeader()
	}
	if n.term.Load() != term {
		// Before its first commit a leader does not know how far its predecessors got.
		if err := n.Barrier(ctx); err != nil {
			return err
		}
	}
	index := n.raft.CommitIndex()
	if err := n.VerifyLeader(ctx); err != nil {
		return err
	}
	if n.raft.CurrentTerm() != term {
		return n.notLeader() // it led, lost and won again meanwhile
	}
	n.term.Store(term)
	return n.WaitApplied(ctx, index)
}

// WaitApplied waits until the Machine has executed every command up to index, which another
// member may have committed.
func (n *Node) WaitApplied(ctx context.Context, index uint64) error {
	if applied, _ := n.shim.state(); applied >= index {
		return nil
	}
	if err := n.waitCommitted(ctx, index); err != nil {
		return err
	}
	// Entries that say nothing to a Machine never reach it: wait for the last that does.
	for applied, _ := n.shim.state(); index > applied; index-- {
		var l hraft.Log
		if n.conf.Logs.GetLog(index, &l) != nil {
			break // behind a snapshot, which the Machine holds
		}
		if l.Type == hraft.LogCommand || l.Type == hraft.LogConfiguration {
			if err := n.shim.wait(ctx, index); err != nil {
				return n.waitError(ctx)
			}
			break
		}
	}
	return nil
}

// waitCommitted waits until the library has handed over everything up to index. It tells
// nobody when that is so.
func (n *Node) waitCommitted(ctx context.Context, index uint64) error {
	t := time.NewTicker(pollInterval)
	defer t.Stop()
	for n.raft.AppliedIndex() < index {
		_, changed := n.shim.state()
		select {
		case <-changed:
		case <-t.C:
			if n.State() == Stopped {
				return closed()
			}
		case <-n.guard.done:
			return n.faulted(false)
		case <-ctx.Done():
			return gaveUp(ctx, false)
		}
	}
	return nil
}

func (n *Node) waitError(ctx context.Context) error {
	if n.guard.failed() {
		return n.faulted(false)
	}
	return gaveUp(ctx, false)
}
