package clustertest

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/raft"
)

// link names a history of the log: the digest of the link before it, an index and a
// command. It travels with snapshots, so that a voter's last link tells everything that
// its state machine has ever been given.
type link [32]byte

// applied is one entry of the log, as some voter applied it.
type applied struct {
	before link
	index  uint64
	entry  [32]byte // digest of the command
}

// ledger is every entry that any voter has applied, in all its lives.
type ledger struct {
	mu      sync.Mutex
	links   map[link]applied
	entries map[uint64][32]byte // what was applied at an index, first by whomever
	wrong   []string
}

func newLedger() *ledger {
	return &ledger{links: map[link]applied{}, entries: map[uint64][32]byte{}}
}

func (l *ledger) note(a applied, who string) link {
	var b [72]byte
	copy(b[:], a.before[:])
	copy(b[32:], a.entry[:])
	binary.LittleEndian.PutUint64(b[64:], a.index)
	next := link(blake3.Sum256(b[:]))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.links[next] = a
	if first, ok := l.entries[a.index]; ok && first != a.entry {
		l.wrong = append(l.wrong, fmt.Sprintf("%s applies another entry at %d than was applied there before", who, a.index))
	}
	l.entries[a.index] = a.entry
	return next
}

// history is what led to a link: the entries by index.
func (l *ledger) history(at link) (map[uint64][32]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := map[uint64][32]byte{}
	for at != (link{}) {
		a, ok := l.links[at]
		if !ok {
			return nil, fmt.Errorf("a history that no voter has applied")
		}
		h[a.index] = a.entry
		at = a.before
	}
	return h, nil
}

// machine is a voter's state machine as Raft drives it. It keeps the history beside it.
type machine struct {
	*fsm.Machine
	who    string
	ledger *ledger

	mu sync.Mutex
	at link
}

func (m *machine) Apply(index uint64, data []byte) any {
	r := m.Machine.Apply(index, data)
	if err := m.Machine.Err(); err != nil {
		return raft.Halt{Err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = m.ledger.note(applied{m.at, index, blake3.Sum256(data)}, m.who)
	return r
}

// history is the voter's link and the state that goes with it.
func (m *machine) history() link {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *machine) Snapshot() (io.WriterTo, error) {
	w, err := m.Machine.Snapshot()
	return snapshot{m.history(), w}, err
}

func (m *machine) Restore(r io.Reader) error {
	var at link
	if _, err := io.ReadFull(r, at[:]); err != nil {
		return err
	}
	if err := m.Machine.Restore(r); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = at
	return nil
}

func (m *machine) SetVoters(index uint64, ids []string) {
	m.Machine.SetVoters(index, nodeIDs(ids))
}

type snapshot struct {
	at    link
	state io.WriterTo
}

func (s snapshot) WriteTo(w io.Writer) (int64, error) {
	if _, err := w.Write(s.at[:]); err != nil {
		return 0, err
	}
	n, err := s.state.WriteTo(w)
	return n + int64(len(s.at)), err
}
