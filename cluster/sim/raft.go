package sim

import (
	"errors"
	"slices"
	"time"
)

// A model of Raft. Elections are decided in one step among the voters that hear each other
// (pre-vote, so nobody who cannot win disturbs); replication goes message by message. What
// it keeps of Raft: one leader a term, a vote only for a log that is as new, matching logs,
// commitment of a leader's own term by a majority that has synced, leaders that do not know
// yet that they are deposed, proposals whose fate their proposer never learns.

var (
	errNotLeader = errors.New("not the leader")
	errUncertain = errors.New("the command may or may not take effect")
)

// raft is a voter's part that a crash forgets.
type raft struct {
	leads    bool
	leader   *voter // as far as known
	commit   uint64
	match    []uint64 // of a leader: what each voter has synced
	lostAt   time.Duration
	tellSoon bool // an append that carries the commit index is planned
	pending  map[uint64]func(applied, error)
}

// hears says that the voter has a leader from which messages come.
func (v *voter) hears() bool {
	l := v.leader
	return l != nil && l.leads && l.alive() && l.log.term >= v.log.term && v.w.net.open(l.node, v.node)
}

// watchLeader is the election timer.
func (v *voter) watchLeader() {
	wait := electionTimeout + v.w.upTo(electionTimeout)
	v.after(wait, func() {
		if !v.leads && !v.hears() {
			v.campaign(false)
		}
		v.watchLeader()
	})
}

// campaign makes the voter the leader if a majority would vote for it. A transfer comes with
// the old leader's word, so nobody refuses because of that one.
func (v *voter) campaign(transfer bool) {
	w := v.w
	var voters []*voter
	term := v.log.term
	for _, o := range w.voters {
		if o != v && (!o.alive() || !w.net.linked(v.node, o.node) || !v.log.newer(&o.log) || !transfer && (o.hears() || o.leads && o.contact() >= w.quorum())) {
			continue
		}
		voters = append(voters, o)
		term = max(term, o.log.term)
	}
	if len(voters) < w.quorum() {
		return
	}
	term++
	for _, o := range voters {
		o.follow(term, v)
	}
	v.lead(term)
}

// follow takes over a newer term.
func (v *voter) follow(term uint64, leader *voter) {
	if term > v.log.term {
		v.log.term = term
		v.stepDown("a newer term")
	}
	v.leader = leader
}

func (v *voter) lead(term uint64) {
	w := v.w
	if old := w.leaders[term]; old != nil {
		w.violate("two leaders in term %d", term)
	}
	w.leaders[term] = v
	w.tracef("%s leads term %d, log to %d", v.name, term, v.log.last())
	w.hit(seenElection)
	v.leads, v.leader = true, v
	v.match = make([]uint64, len(w.voters))
	v.match[v.index] = v.log.synced
	v.pending = map[uint64]func(applied, error){}
	v.lostAt = -1
	v.propose(nil, func(_ applied, err error) {
		if err == nil {
			v.term = newTerm(v, term)
		}
	})
	v.tick(term)
}

// tick repeats what may have been lost, and lets a leader go that has lost its majority.
func (v *voter) tick(term uint64) {
	if !v.leads || v.log.term != term {
		return
	}
	if v.contact() >= v.w.quorum() {
		v.lostAt = -1
	} else if v.lostAt < 0 {
		v.lostAt = v.w.now
	} else if v.w.now-v.lostAt >= electionTimeout {
		v.stepDown("no majority answers")
		return
	}
	v.replicate()
	v.after(leaderTick, func() { v.tick(term) })
}

// contact counts the voters that hear the leader and are heard.
func (v *voter) contact() int {
	n := 0
	for _, o := range v.w.voters {
		if o == v || o.alive() && v.w.net.linked(v.node, o.node) {
			n++
		}
	}
	return n
}

func (v *voter) stepDown(why string) {
	if !v.leads {
		return
	}
	v.w.tracef("%s leads term %d no more: %s", v.name, v.log.term, why)
	v.leads, v.leader = false, nil
	pending := v.pending
	v.pending = nil
	if v.term != nil {
		v.term.end()
		v.term = nil
	}
	for _, index := range sortedKeys(pending) {
		pending[index](applied{}, errUncertain)
	}
}

// transfer hands leadership over to the voter with the newest log, as an operator asks.
func (v *voter) transfer() {
	var to *voter
	for _, o := range v.w.voters {
		if o != v && o.alive() && v.w.net.linked(v.node, o.node) && o.log.newer(&v.log) {
			to = o
		}
	}
	if to == nil {
		return
	}
	v.w.hit(faultTransfer)
	to.campaign(true)
}

// propose appends a command. done hears of it once; after a step-down its fate is open.
func (v *voter) propose(data []byte, done func(applied, error)) {
	if !v.leads {
		done(applied{}, errNotLeader)
		return
	}
	v.log.entries = append(v.log.entries, entry{v.log.term, data})
	v.pending[v.log.last()] = done
	v.syncLog(func(index uint64) {
		if v.leads {
			v.match[v.index] = max(v.match[v.index], index)
			v.advance()
		}
	})
	v.replicate()
}

// syncLog makes durable what is in the log now, then says how far.
func (v *voter) syncLog(done func(index uint64)) {
	index, term := v.log.last(), v.log.term
	synced := func() {
		if v.log.last() >= index && v.log.term == term {
			v.log.synced = max(v.log.synced, index)
		}
	}
	if v.w.seams.NoSync != nil && v.w.seams.NoSync(v.index) {
		done(index)
		v.after(10*time.Second, synced)
		return
	}
	v.after(v.disk.delay(), func() {
		synced()
		if v.log.synced >= index {
			done(index)
		}
	})
}

// replicate sends every follower what it lacks.
func (v *voter) replicate() {
	for _, o := range v.w.voters {
		if o != v {
			v.appendTo(o)
		}
	}
}

// appendTo sends a follower the entries behind those on which the two logs agree (what
// Raft finds out by probing), or a snapshot if those are gone.
func (v *voter) appendTo(o *voter) {
	term, commit := v.log.term, v.commit
	prev, ok := v.log.agrees(&o.log)
	if !ok {
		index, baseTerm, snapshot := v.log.base, v.log.baseTerm, v.log.snapshot
		v.w.net.send(v.node, o.node, func() {
			if o.heed(term, v) {
				o.restore(index, baseTerm, snapshot)
				o.confirm(v, term, index)
			}
		})
		return
	}
	prevTerm := v.log.termAt(prev)
	entries := slices.Clone(v.log.entries[prev-v.log.base:])
	v.w.net.send(v.node, o.node, func() {
		if o.heed(term, v) {
			o.appended(v, prev, prevTerm, entries, commit)
		}
	})
}

// heed is a follower's answer to whoever says to lead a term.
func (v *voter) heed(term uint64, leader *voter) bool {
	if newer := v.log.term; term < newer {
		v.w.net.send(v.node, leader.node, func() {
			if leader.log.term < newer {
				leader.follow(newer, nil)
			}
		})
		return false
	}
	v.follow(term, leader)
	return true
}

// appended takes entries in behind prev, if the logs match there.
func (v *voter) appended(from *voter, prev, prevTerm uint64, entries []entry, commit uint64) {
	if prev > v.log.last() || prev >= v.log.base && v.log.termAt(prev) != prevTerm {
		return // the leader begins where it knows that we match
	}
	index, grown := prev, false
	for _, e := range entries {
		index++
		if index <= v.log.base {
			continue
		}
		if index <= v.log.last() {
			if v.log.termAt(index) == e.term {
				continue
			}
			if index <= v.commit {
				v.w.violate("%s would drop committed entry %d", v.name, index)
			}
			v.w.hit(seenConflict)
			v.log.cutAfter(index - 1)
		}
		v.log.entries = append(v.log.entries, e)
		grown = true
	}
	v.learn(min(commit, index))
	term := v.log.term
	if !grown && v.log.synced >= index {
		v.confirm(from, term, index)
		return
	}
	v.syncLog(func(uint64) { v.confirm(from, term, index) })
}

// confirm tells the leader how far a follower's synced log matches.
func (v *voter) confirm(leader *voter, term, index uint64) {
	v.w.net.send(v.node, leader.node, func() { leader.matched(v, term, index) })
}

func (v *voter) matched(o *voter, term, index uint64) {
	if v.leads && v.log.term == term && index > v.match[o.index] {
		v.match[o.index] = index
		v.advance()
	}
}

// advance commits what a majority has synced.
func (v *voter) advance() {
	sorted := slices.Clone(v.match)
	slices.Sort(sorted)
	index := sorted[len(sorted)-v.w.quorum()]
	if index > v.log.last() || index <= v.commit || v.log.termAt(index) != v.log.term {
		return
	}
	v.learn(index)
	if !v.tellSoon {
		v.tellSoon = true
		v.after(commitDelay, func() {
			v.tellSoon = false
			if v.leads {
				v.replicate()
			}
		})
	}
}

// learn applies up to a commit index.
func (v *voter) learn(commit uint64) {
	v.commit = max(v.commit, min(commit, v.log.last()))
	for v.applied < v.commit && v.up {
		v.apply(v.applied + 1)
	}
}
