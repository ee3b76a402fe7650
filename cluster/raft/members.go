package raft

import (
	"context"
	"errors"
	"fmt"
	"time"

	hraft "github.com/hashicorp/raft"

	"rpp-node/cluster/fault"
)

// Servers lists the members of the latest configuration, committed or not.
func (n *Node) Servers() []Server {
	f := n.raft.GetConfiguration()
	if f.Error() != nil {
		return nil
	}
	var list []Server
	for _, s := range f.Configuration().Servers {
		list = append(list, Server{string(s.ID), string(s.Address), s.Suffrage == hraft.Voter})
	}
	return list
}

func (n *Node) server(id string) (Server, bool) {
	for _, s := range n.Servers() {
		if s.ID == id {
			return s, true
		}
	}
	return Server{}, false
}

// Member is a server as the leader sees it.
type Member struct {
	Server
	LastContact time.Time // zero if there was none; now for the leader itself
	LastIndex   uint64    // the end of its log at the last contact
}

// Members lists the servers with what this member heard from them as a leader.
func (n *Node) Members() []Member {
	var list []Member
	for _, s := range n.Servers() {
		m := Member{Server: s}
		if s.ID == n.conf.ID {
			m.LastContact, m.LastIndex = n.conf.Now(), n.raft.LastIndex()
		} else {
			c := n.contacts.of(s.ID)
			m.LastContact, m.LastIndex = c.at, c.lastIndex
		}
		list = append(list, m)
	}
	return list
}

// answering says who has answered the leader lately.
func answering(members []Member, now time.Time, within time.Duration) map[string]bool {
	up := map[string]bool{}
	for _, m := range members {
		up[m.ID] = !m.LastContact.IsZero() && now.Sub(m.LastContact) <= within
	}
	return up
}

// keepsMajority says whether the voters without one of them would have a majority that
// answers.
func keepsMajority(members []Member, without string, up map[string]bool) bool {
	voters, alive := 0, 0
	for _, m := range members {
		if !m.Voter || m.ID == without {
			continue
		}
		voters++
		if up[m.ID] {
			alive++
		}
	}
	return alive > voters/2 // also false for no voter at all
}

// AddNonvoter adds a member that receives the log and has no vote, or changes its address.
func (n *Node) AddNonvoter(ctx context.Context, id, address string) error {
	return n.exclusive(ctx, func() error { return n.addNonvoter(ctx, id, address) })
}

func (n *Node) addNonvoter(ctx context.Context, id, address string) error {
	if err := checkName(id, address); err != nil {
		return fault.New(fault.CodeField, "%w", err)
	}
	s, member := n.server(id)
	if member && s.Address == address {
		return nil
	}
	if !member && len(n.Servers()) >= ServerCountMax {
		return fault.New(fault.CodeTooBig, "raft: %d members, at most %d", ServerCountMax, ServerCountMax)
	}
	return n.change(ctx, func(d time.Duration) hraft.IndexFuture {
		return n.raft.AddNonvoter(hraft.ServerID(id), hraft.ServerAddress(address), 0, d)
	})
}

// AddVoter adds a member and gives it a vote as soon as it has caught up, so that a server
// that cannot be reached never counts for the majority. If ctx ends before that, it stays
// a member without a vote: ErrNotCaughtUp.
func (n *Node) AddVoter(ctx context.Context, id, address string) error {
	return n.exclusive(ctx, func() error {
		if err := n.addNonvoter(ctx, id, address); err != nil {
			return err
		}
		goal := n.raft.CommitIndex()
		t := time.NewTicker(pollInterval)
		defer t.Stop()
		for !n.caughtUp(id, goal) {
			select {
			case <-t.C:
				if n.State() != Leader {
					return n.notLeader()
				}
			case <-n.guard.done:
				return n.faulted(false)
			case <-ctx.Done():
				return fault.New(fault.CodeUnreachable, "%w: %s", ErrNotCaughtUp, id)
			}
		}
		return n.promote(ctx, id)
	})
}

// caughtUp says whether a member answers and its log has got as far as goal.
func (n *Node) caughtUp(id string, goal uint64) bool {
	if id == n.conf.ID {
		return true
	}
	c := n.contacts.of(id)
	return !c.at.IsZero() && n.conf.Now().Sub(c.at) <= n.conf.HeartbeatTimeout && c.lastIndex >= goal
}

func (n *Node) promote(ctx context.Context, id string) error {
	s, ok := n.server(id)
	if !ok {
		return fault.New(fault.CodeNoMember, "%w: %s", ErrNoServer, id)
	}
	if s.Voter {
		return nil
	}
	return n.change(ctx, func(d time.Duration) hraft.IndexFuture {
		return n.raft.AddVoter(hraft.ServerID(s.ID), hraft.ServerAddress(s.Address), 0, d)
	})
}

// Demote takes a member's vote. ErrLastVoter if the others that answer would be no majority.
func (n *Node) Demote(ctx context.Context, id string) error {
	return n.exclusive(ctx, func() error {
		return n.leave(ctx, id, func(d time.Duration) hraft.IndexFuture {
			return n.raft.DemoteVoter(hraft.ServerID(id), 0, d)
		})
	})
}

// Remove takes a member out. ErrLastVoter as with Demote.
func (n *Node) Remove(ctx context.Context, id string) error {
	return n.exclusive(ctx, func() error { return n.remove(ctx, id) })
}

func (n *Node) remove(ctx context.Context, id string) error {
	return n.leave(ctx, id, func(d time.Duration) hraft.IndexFuture {
		return n.raft.RemoveServer(hraft.ServerID(id), 0, d)
	})
}

func (n *Node) leave(ctx context.Context, id string, f func(time.Duration) hraft.IndexFuture) error {
	s, ok := n.server(id)
	if !ok {
		return fault.New(fault.CodeNoMember, "%w: %s", ErrNoServer, id)
	}
	if s.Voter {
		if err := n.mayLose(ctx, id); err != nil {
			return err
		}
	}
	return n.change(ctx, f)
}

// mayLose says whether the voters can do without one. A leader that has just been elected
// gives the others two heartbeats to answer.
func (n *Node) mayLose(ctx context.Context, id string) error {
	if n.State() != Leader {
		return n.notLeader()
	}
	limit := time.NewTimer(2 * n.conf.HeartbeatTimeout)
	defer limit.Stop()
	t := time.NewTicker(pollInterval)
	defer t.Stop()
	for {
		members := n.Members()
		if keepsMajority(members, id, answering(members, n.conf.Now(), n.conf.HeartbeatTimeout)) {
			return nil
		}
		select {
		case <-t.C:
		case <-limit.C:
			return fault.New(fault.CodeLastVoter, "%w without %s", ErrLastVoter, id)
		case <-ctx.Done():
			return gaveUp(ctx, false)
		}
	}
}

// exclusive runs one membership change at a time: each is judged by what the one before left.
func (n *Node) exclusive(ctx context.Context, f func() error) error {
	if n.State() != Leader {
		return n.notLeader()
	}
	select {
	case <-n.changes:
		defer func() { n.changes <- struct{}{} }()
	case <-ctx.Done():
		return gaveUp(ctx, false)
	}
	return f()
}

func (n *Node) change(ctx context.Context, f func(time.Duration) hraft.IndexFuture) error {
	_, err := n.ask(ctx, true, func() answer {
		future := f(untilDeadline(ctx))
		err := future.Error()
		return answer{index: future.Index(), err: err, proposed: future.Index() > 0}
	})
	if err == nil {
		n.contacts.keep(n.Servers())
	}
	return err
}

// TransferLeadership hands over to a voter, or with an empty id to the one that is furthest.
// Nobody is asked to vote for less than what is committed, so it is safe at any time.
func (n *Node) TransferLeadership(ctx context.Context, id string) error {
	if n.State() != Leader {
		return n.notLeader()
	}
	if id == n.conf.ID {
		return nil
	}
	s, ok := n.server(id)
	if id != "" && !(ok && s.Voter) {
		return fault.New(fault.CodeNoMember, "%w with a vote: %s", ErrNoServer, id)
	}
	a, err := n.ask(ctx, false, func() answer {
		if id == "" {
			return answer{err: n.raft.LeadershipTransfer().Error()}
		}
		return answer{err: n.raft.LeadershipTransferToServer(hraft.ServerID(s.ID), hraft.ServerAddress(s.Address)).Error()}
	})
	if err != nil && a.err != nil && !errors.Is(err, ErrNotLeader) {
		return fault.New(fault.CodeUnreachable, "%w", fmt.Errorf("transfer of leadership: %w", a.err))
	}
	return err
}
