package gossip

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
	"time"
)

// Liveness is what this node thinks of another.
type Liveness string

// The states. A suspect does not answer our own probes, while others still vouch for it.
const (
	Alive   Liveness = "alive"
	Suspect Liveness = "suspect"
	Left    Liveness = "left" // it said so
	Dead    Liveness = "dead"
)

// Member is a node as this one sees it.
type Member struct {
	Name     string
	Address  string // of its gossip
	Liveness Liveness
	Since    time.Time // since when it is up (alive, suspect) or gone (left, dead)
	Meta     Meta      // zero if MetaErr is not nil, such as for a later version
	MetaErr  error
}

func (m *Member) up() bool { return m.Liveness == Alive || m.Liveness == Suspect }

// Status is a NodeStatus and when it came.
type Status struct {
	NodeStatus
	Seen  time.Time // when this node first got this sequence
	Stale bool      // nothing newer came for Config.StaleAfter
}

// entry is a member and the last time that it answered a probe of ours.
type entry struct {
	Member
	answered time.Time
}

// table holds everything that was heard. Its lock is never held while anything waits.
type table struct {
	self          ID
	now           func() time.Time
	probeInterval time.Duration
	staleAfter    time.Duration

	mu       sync.Mutex
	members  map[string]*entry
	statuses map[ID]Status
	bytes    int    // of all payloads
	sequence uint64 // of our own status
}

func newTable(c *Config) *table {
	return &table{
		self: c.ID, now: c.Now, probeInterval: c.ProbeInterval, staleAfter: c.StaleAfter,
		members: map[string]*entry{}, statuses: map[ID]Status{},
	}
}

// room says whether a member may be added or updated; those that are gone make room.
func (t *table) room(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.members[name]; known || len(t.members) < MemberCountMax {
		return true
	}
	for _, e := range t.members {
		if !e.up() {
			return true
		}
	}
	return false
}

// join records a member that came up.
func (t *table) join(name, address string, meta []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.expire(now)
	if _, known := t.members[name]; !known && len(t.members) >= MemberCountMax {
		t.dropOldestGone()
	}
	e := &entry{answered: now}
	e.Name, e.Address, e.Liveness, e.Since = name, address, Alive, now
	e.Meta, e.MetaErr = DecodeMeta(meta)
	t.members[name] = e
}

// update records a member's new Meta.
func (t *table) update(name, address string, meta []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.members[name]; e != nil {
		e.Address = address
		e.Meta, e.MetaErr = DecodeMeta(meta)
	}
}

// leave records a member that is gone. memberlist does not say whether it left or died; one
// that leaves says so in its Meta before.
func (t *table) leave(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.members[name]
	if e == nil || !e.up() {
		return
	}
	e.Liveness, e.Since = Dead, t.now()
	if e.Meta.Leaving {
		e.Liveness = Left
	}
}

// answer records that a member answered a probe.
func (t *table) answer(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.members[name]; e != nil {
		e.answered = t.now()
	}
}

// expire forgets members that have been gone for long, and statuses of nobody.
func (t *table) expire(now time.Time) {
	for name, e := range t.members {
		if !e.up() && now.Sub(e.Since) > forgetAfter {
			delete(t.members, name)
		}
	}
	for id, s := range t.statuses {
		if id != t.self && now.Sub(s.Seen) > forgetAfter {
			t.dropStatus(id)
		}
	}
}

func (t *table) dropOldestGone() {
	oldest := ""
	for name, e := range t.members {
		if !e.up() && (oldest == "" || e.Since.Before(t.members[oldest].Since)) {
			oldest = name
		}
	}
	delete(t.members, oldest)
}

// view is a member as it is to be shown.
func (t *table) view(e *entry, now time.Time) Member {
	m := e.Member
	// Each member is probed once in a round, in an order that changes from round to round.
	round := time.Duration(2*len(t.members)) * t.probeInterval
	if m.Liveness == Alive && m.Meta.ID != t.self && now.Sub(e.answered) > round+t.probeInterval {
		m.Liveness = Suspect
	}
	return m
}

// list is every member, by name.
func (t *table) list() []Member {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.expire(now)
	list := make([]Member, 0, len(t.members))
	for _, e := range t.members {
		list = append(list, t.view(e, now))
	}
	slices.SortFunc(list, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func (t *table) member(name string) (Member, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.members[name]
	if e == nil {
		return Member{}, false
	}
	return t.view(e, t.now()), true
}

// byID is the member with an id; of two that claim it, the one that is up.
func (t *table) byID(id ID) (Member, bool) {
	var found Member
	ok := false
	for _, m := range t.list() {
		if m.Meta.ID == id && m.MetaErr == nil && (!ok || m.up() && !found.up()) {
			found, ok = m, true
		}
	}
	return found, ok
}

// setOwn records this node's status under the next sequence.
func (t *table) setOwn(payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(t.ownStatus(payload), t.now())
}

// ownStatus makes a status whose sequence exceeds all that this node used before, also
// before a restart: it starts at the clock.
func (t *table) ownStatus(payload []byte) NodeStatus {
	ms := uint64(t.now().UnixMilli())
	t.sequence = max(t.sequence+1, ms)
	return NodeStatus{ID: t.self, Sequence: t.sequence, AtMS: ms, Payload: bytes.Clone(payload)}
}

func (t *table) put(s NodeStatus, now time.Time) {
	t.dropStatus(s.ID)
	t.statuses[s.ID] = Status{NodeStatus: s, Seen: now}
	t.bytes += statusFixedBytes + len(s.Payload)
}

func (t *table) dropStatus(id ID) {
	if s, ok := t.statuses[id]; ok {
		delete(t.statuses, id)
		t.bytes -= statusFixedBytes + len(s.Payload)
	}
}

// merge takes in what a peer pushed and returns the ids of what is new.
func (t *table) merge(list []NodeStatus) []ID {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.expire(now)
	var news []ID
	for _, s := range list {
		have, known := t.statuses[s.ID]
		if known && s.Sequence <= have.Sequence {
			continue
		}
		if s.ID == t.self {
			// What we said before a restart, under a clock that was ahead, or a lie.
			t.sequence = max(t.sequence, s.Sequence)
			if known {
				t.put(t.ownStatus(have.Payload), now)
			}
			continue
		}
		t.makeRoom(s)
		t.put(s, now)
		news = append(news, s.ID)
	}
	return news
}

// makeRoom drops the statuses that were heard longest ago until one more fits.
func (t *table) makeRoom(s NodeStatus) {
	t.dropStatus(s.ID)
	for len(t.statuses) >= MemberCountMax || stateHeaderBytes+t.bytes+statusFixedBytes+len(s.Payload) > StateBytesMax {
		var oldest *Status
		for id, o := range t.statuses {
			if id != t.self && (oldest == nil || o.Seen.Before(oldest.Seen)) {
				oldest = &o
			}
		}
		if oldest == nil {
			return
		}
		t.dropStatus(oldest.ID)
	}
}

func (t *table) status(id ID) (Status, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.statuses[id]
	s.Payload = bytes.Clone(s.Payload)
	s.Stale = ok && t.now().Sub(s.Seen) > t.staleAfter
	return s, ok
}

// state is what is pushed to a peer.
func (t *table) state() []byte {
	t.mu.Lock()
	list := make([]NodeStatus, 0, len(t.statuses))
	for _, s := range t.statuses {
		list = append(list, s.NodeStatus)
	}
	t.mu.Unlock()
	return encodeState(list)
}
