package raft

import (
	"testing"
	"time"
)

func TestDecide(t *testing.T) {
	now := time.Unix(1000, 0)
	up := func(id string, voter bool) Member {
		return Member{Server: Server{ID: id, Voter: voter}, LastContact: now, LastIndex: 10}
	}
	down := func(id string, voter bool) Member {
		return Member{Server: Server{ID: id, Voter: voter}, LastContact: now.Add(-time.Hour)}
	}
	p := &Pilot{StableFor: 10 * time.Second, DeadAfter: time.Minute, VotersMin: 3}
	for _, c := range []struct {
		name    string
		members []Member
		stable  map[string]time.Time
		silent  map[string]time.Duration
		want    action
	}{
		{"all is well", []Member{up("a", true), up("b", true), up("c", true)}, nil, nil, action{}},
		{"four voters, one dead", []Member{up("a", true), up("b", true), up("c", true), down("d", true)}, nil,
			map[string]time.Duration{"d": time.Hour}, action{remove: "d"}},
		{"not dead for long", []Member{up("a", true), up("b", true), up("c", true), down("d", true)}, nil,
			map[string]time.Duration{"d": 59 * time.Second}, action{}},
		{"three voters, one dead", []Member{up("a", true), up("b", true), down("c", true)}, nil,
			map[string]time.Duration{"c": time.Hour}, action{}},
		{"five voters, three silent", []Member{up("a", true), up("b", true), down("c", true), down("d", true), down("e", true)}, nil,
			map[string]time.Duration{"c": time.Hour, "d": time.Hour, "e": time.Hour}, action{}},
		{"the leader never removes itself", []Member{up("a", true), up("b", true), up("c", true), up("d", true)}, nil,
			map[string]time.Duration{"a": time.Hour}, action{}},
		{"a dead non-voter", []Member{up("a", true), down("w", false)}, nil,
			map[string]time.Duration{"w": time.Hour}, action{remove: "w"}},
		{"a new voter is ready", []Member{up("a", true), up("n", false)}, map[string]time.Time{"n": now.Add(-10 * time.Second)}, nil,
			action{promote: "n"}},
		{"a new voter is nearly ready", []Member{up("a", true), up("n", false)}, map[string]time.Time{"n": now.Add(-9 * time.Second)}, nil, action{}},
		{"the dead go first", []Member{up("a", true), up("n", false), down("w", false)}, map[string]time.Time{"n": now.Add(-time.Hour)},
			map[string]time.Duration{"w": time.Hour}, action{remove: "w"}},
	} {
		got := p.decide(view{
			now: now, leader: "a", heartbeat: time.Second, members: c.members, stableSince: c.stable,
			silent: func(id string, _ time.Time) (time.Time, bool) {
				d, silent := c.silent[id]
				return now.Add(-d), silent
			},
		})
		if (got.reason == "") != (got == action{}) {
			t.Errorf("%s: no reason for %+v", c.name, got)
		}
		if got.reason = ""; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestKeepingUp(t *testing.T) {
	t0 := time.Unix(1000, 0)
	m := func(id string, voter bool, last uint64) Member {
		return Member{Server: Server{ID: id, Voter: voter}, LastIndex: last}
	}
	members := []Member{m("voter", true, 10), m("new", false, 10), m("behind", false, 9), m("gone", false, 10)}
	up := map[string]bool{"voter": true, "new": true, "behind": true}
	s := keepingUp(nil, members, up, 10, t0)
	s = keepingUp(s, members, up, 10, t0.Add(time.Second))
	if len(s) != 1 || !s["new"].Equal(t0) {
		t.Errorf("%v", s)
	}
	if s = keepingUp(s, members, nil, 10, t0); len(s) != 0 {
		t.Errorf("nobody answers: %v", s)
	}
}

// The silence of a member counts from its last answer, the leader's start and the hint,
// whichever is latest.
func TestSilence(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	for _, c := range []struct{ last, leader, hint, want int64 }{
		{10, 20, 30, 30}, {10, 30, 20, 30}, {30, 10, 20, 30},
	} {
		p := &Pilot{Liveness: fixed{at(c.hint)}}
		if since, silent := p.silence(at(c.leader))("x", at(c.last)); !silent || !since.Equal(at(c.want)) {
			t.Errorf("%+v: %v", c, since)
		}
	}
}

type fixed struct{ since time.Time }

func (f fixed) Alive(string) (bool, time.Time) { return false, f.since }
