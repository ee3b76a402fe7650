package raft

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Liveness tells what others know of a member, such as gossip.
type Liveness interface {
	// Alive says whether a member is thought to be up, and since when it is so or not.
	Alive(id string) (alive bool, since time.Time)
}

// Pilot promotes members that joined and removes those that are gone, on the leader. It acts
// only if the leader's own stream agrees with the hints: no member is removed while it
// answers heartbeats.
type Pilot struct {
	Liveness  Liveness
	Interval  time.Duration // 1 s between looks
	StableFor time.Duration // 10 s: how long a non-voter has to keep up before it votes
	DeadAfter time.Duration // 10 min: how long a member has to be silent before it is removed
	// VotersMin is 3: below it only an operator removes.
	VotersMin int
}

func (p *Pilot) fill() error {
	orElse(&p.Interval, time.Second)
	orElse(&p.StableFor, 10*time.Second)
	orElse(&p.DeadAfter, 10*time.Minute)
	orElse(&p.VotersMin, 3)
	if p.Liveness == nil {
		return errors.New("raft: a pilot needs to be told who is alive")
	}
	return nil
}

// view is everything that one decision depends on.
type view struct {
	now         time.Time
	leader      string
	heartbeat   time.Duration
	members     []Member
	stableSince map[string]time.Time // since when a non-voter keeps up; absent if it does not
	silent      func(id string, last time.Time) (since time.Time, silent bool)
}

// action is one change, or none.
type action struct {
	promote, remove string
	reason          string
}

// decide picks at most one change: whoever is gone first, because a smaller majority makes
// the rest safer, then whoever is ready to vote.
func (p *Pilot) decide(v view) action {
	up := answering(v.members, v.now, v.heartbeat)
	voters := 0
	for _, m := range v.members {
		if m.Voter {
			voters++
		}
	}
	for _, m := range v.members {
		since, silent := v.silent(m.ID, m.LastContact)
		if m.ID == v.leader || !silent || v.now.Sub(since) < p.DeadAfter {
			continue
		}
		if m.Voter && (voters-1 < p.VotersMin || !keepsMajority(v.members, m.ID, up)) {
			continue
		}
		return action{remove: m.ID, reason: fmt.Sprintf("silent for %v", v.now.Sub(since).Round(time.Second))}
	}
	for _, m := range v.members {
		since, stable := v.stableSince[m.ID]
		if m.Voter || !stable || v.now.Sub(since) < p.StableFor {
			continue
		}
		return action{promote: m.ID, reason: fmt.Sprintf("kept up with the log for %v", v.now.Sub(since).Round(time.Second))}
	}
	return action{}
}

// keepingUp updates since when each non-voter has been answering with a log that reaches the
// commit index of the previous look.
func keepingUp(stable map[string]time.Time, members []Member, up map[string]bool, goal uint64, now time.Time) map[string]time.Time {
	next := map[string]time.Time{}
	for _, m := range members {
		if m.Voter || !up[m.ID] || m.LastIndex < goal {
			continue
		}
		next[m.ID] = now
		if since, ok := stable[m.ID]; ok {
			next[m.ID] = since
		}
	}
	return next
}

// pilotRun is the goroutine that looks and acts.
type pilotRun struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func startPilot(n *Node, p *Pilot) *pilotRun {
	ctx, cancel := context.WithCancel(context.Background())
	r := &pilotRun{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		p.run(ctx, n)
	}()
	return r
}

func (r *pilotRun) stop() {
	r.cancel()
	<-r.done
}

func (p *Pilot) run(ctx context.Context, n *Node) {
	tick := time.NewTicker(p.Interval)
	defer tick.Stop()
	var term, goal uint64
	var since time.Time
	var stable map[string]time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.guard.done:
			return
		case <-tick.C:
		}
		if n.State() != Leader {
			term = 0
			continue
		}
		now := n.conf.Now()
		if t := n.Term(); t != term {
			term, since, stable, goal = t, now, nil, n.CommitIndex()
		}
		members := n.Members()
		stable = keepingUp(stable, members, answering(members, now, n.conf.HeartbeatTimeout), goal, now)
		goal = n.CommitIndex()
		a := p.decide(view{
			now: now, leader: n.conf.ID, heartbeat: n.conf.HeartbeatTimeout, members: members,
			stableSince: stable, silent: p.silence(since),
		})
		p.act(ctx, n, a)
	}
}

// silence combines both sources: a member is silent since the later of its last answer, the
// start of this leader's term, and the time that the hints name.
func (p *Pilot) silence(leaderSince time.Time) func(string, time.Time) (time.Time, bool) {
	return func(id string, last time.Time) (time.Time, bool) {
		alive, since := p.Liveness.Alive(id)
		for _, t := range []time.Time{last, leaderSince} {
			if t.After(since) {
				since = t
			}
		}
		return since, !alive
	}
}

func (p *Pilot) act(ctx context.Context, n *Node, a action) {
	var err error
	ctx, cancel := context.WithTimeout(ctx, 10*p.Interval)
	defer cancel()
	switch {
	case a.remove != "":
		n.conf.Log.Warn("pilot removes a member", "id", a.remove, "reason", a.reason)
		err = n.Remove(ctx, a.remove)
	case a.promote != "":
		n.conf.Log.Info("pilot gives a member its vote", "id", a.promote, "reason", a.reason)
		err = n.exclusive(ctx, func() error { return n.promote(ctx, a.promote) })
	}
	if err != nil {
		n.conf.Log.Warn("pilot: the change was not made", "error", err)
	}
}
