package sim

import (
	"bytes"
	"time"

	"rpp-node/cluster/fsm"
)

// entry is one of the log; without data it is the one that begins a term.
type entry struct {
	term uint64
	data []byte
}

// raftLog is what a voter keeps on disk beside artifacts: term, entries, a snapshot.
// Entries up to synced survive a crash, those behind may.
type raftLog struct {
	term     uint64
	base     uint64 // index of the snapshot; entries begin behind it
	baseTerm uint64
	snapshot []byte // of the state at base; nil before the first
	entries  []entry
	synced   uint64
}

// firstIndex is the entry with the voters, which every log begins with.
const firstIndex = 1

func newRaftLog() raftLog { return raftLog{base: firstIndex, synced: firstIndex} }

func (l *raftLog) last() uint64 { return l.base + uint64(len(l.entries)) }

func (l *raftLog) termAt(index uint64) uint64 {
	if index <= l.base {
		return l.baseTerm
	}
	return l.entries[index-l.base-1].term
}

func (l *raftLog) at(index uint64) entry { return l.entries[index-l.base-1] }

// newer says that the log is at least as new as another: Raft's condition for a vote.
func (l *raftLog) newer(m *raftLog) bool {
	a, b := l.termAt(l.last()), m.termAt(m.last())
	return a > b || a == b && l.last() >= m.last()
}

// agrees is the last index at which two logs are known to be equal; false if that lies
// within a snapshot.
func (l *raftLog) agrees(m *raftLog) (uint64, bool) {
	i := min(l.last(), m.last())
	for i > l.base && i > m.base && l.termAt(i) != m.termAt(i) {
		i--
	}
	return i, i >= l.base && (i == m.base || l.termAt(i) == m.termAt(i))
}

// cutAfter drops everything behind an index.
func (l *raftLog) cutAfter(index uint64) {
	l.entries = l.entries[: index-l.base : index-l.base]
	l.synced = min(l.synced, index)
}

// compact replaces the entries up to an index by a snapshot of the state there.
func (l *raftLog) compact(index uint64, snapshot []byte) {
	term := l.termAt(index)
	l.entries = append([]entry(nil), l.entries[index-l.base:]...)
	l.base, l.baseTerm, l.snapshot = index, term, snapshot
}

// install replaces everything by a snapshot from elsewhere.
func (l *raftLog) install(index, term uint64, snapshot []byte) {
	l.base, l.baseTerm, l.snapshot = index, term, snapshot
	l.entries, l.synced = nil, index
}

// crash loses entries that were not synced: a random number of them, the newest first.
func (l *raftLog) crash(w *world) {
	if lost := l.last() - min(l.last(), max(l.synced, l.base)); lost > 0 {
		keep := l.last() - lost + uint64(w.rng.Int64N(int64(lost)+1))
		if keep < l.last() {
			w.hit(seenTornLog)
		}
		l.entries = l.entries[:keep-l.base]
	}
	l.synced = l.last()
}

// restored is the state that the snapshot holds.
func (l *raftLog) restored(voters []fsm.NodeID) (*fsm.State, error) {
	if l.snapshot == nil {
		s := fsm.New(clusterName)
		fsm.SetVoters(s, firstIndex, voters)
		return s, nil
	}
	return fsm.ReadSnapshot(bytes.NewReader(l.snapshot))
}

// Times of the log's protocol, as cluster/raft has them.
const (
	electionTimeout = 300 * time.Millisecond
	leaderTick      = 200 * time.Millisecond
	commitDelay     = 20 * time.Millisecond
)
