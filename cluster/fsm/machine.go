package fsm

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"rpp-node/cluster/fault"
)

// ErrOrder says that an entry came out of turn.
var ErrOrder = errors.New("entries out of order")

// Machine applies a log to a state, lets others read it meanwhile, and makes snapshots.
// All methods are safe for concurrent use.
type Machine struct {
	onFatal func(error)

	mu          sync.RWMutex
	state       *State                   // mu
	fatal       error                    // mu; once set, nothing is applied any more
	subscribers map[*Subscriber]struct{} // mu
}

// NewMachine is a machine of a cluster whose log is empty. onFatal is called once, when
// the node must stop because it cannot follow the log; it is called from Apply or
// SetVoters.
func NewMachine(cluster string, onFatal func(error)) *Machine {
	return &Machine{onFatal: onFatal, state: New(cluster), subscribers: map[*Subscriber]struct{}{}}
}

// Apply applies the entry at an index of the log and returns a Result. Indexes grow, with
// gaps where the log has entries of other kinds.
func (m *Machine) Apply(index uint64, data []byte) any {
	c, err := Decode(data)
	if err != nil {
		return Result{Err: m.stop(fmt.Errorf("entry %d: %w", index, err))}
	}
	return m.apply(index, c)
}

func (m *Machine) apply(index uint64, c Command) Result {
	m.mu.Lock()
	if err := m.ready(index); err != nil {
		m.mu.Unlock()
		return Result{Err: m.stop(err)}
	}
	defer m.mu.Unlock()
	result := Apply(m.state, index, c)
	m.publish(result.Changes)
	return result
}

// ready asks whether the entry at an index may be applied. The lock is held.
func (m *Machine) ready(index uint64) error {
	if m.fatal != nil {
		return m.fatal
	}
	if index <= m.state.applied {
		return fmt.Errorf("%w: %d after %d", ErrOrder, index, m.state.applied)
	}
	return nil
}

// stop ends the machine with the first fatal error, and returns that.
func (m *Machine) stop(err error) error {
	m.mu.Lock()
	first := m.fatal == nil
	if first {
		m.fatal = err
	}
	err = m.fatal
	m.mu.Unlock()
	if first {
		m.onFatal(err)
	}
	return err
}

// Err is what stopped the machine, or nil.
func (m *Machine) Err() error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.fatal
}

// SetVoters takes over the voters of Raft's configuration, which the entry at that index
// named. After the restore of a backup it corrects what the backup says, so the index may
// be below the one applied.
func (m *Machine) SetVoters(index uint64, voters []NodeID) {
	if len(voters) > MaxVoters {
		m.stop(fmt.Errorf("%w: %d voters, at most %d", ErrMalformed, len(voters), MaxVoters))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fatal == nil {
		SetVoters(m.state, index, voters)
		m.publish([]Event{{Index: m.state.applied, Kind: VotersChanged}})
	}
}

// View lets read see the state, which stays as it is meanwhile. It must be brief, keep
// nothing of the state itself, and call nothing that waits: Apply waits for it.
func (m *Machine) View(read func(*State)) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	read(m.state)
}

// Snapshot is the state as it is now. It is cheap; writing it is not, and needs no lock.
// A machine that was stopped has none, since the log has gone on without it.
func (m *Machine) Snapshot() (io.WriterTo, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.fatal != nil {
		return nil, m.fatal
	}
	return m.state.Freeze(), nil
}

// Restore replaces the state by a snapshot of the same cluster. If it fails, the state
// stays.
func (m *Machine) Restore(r io.Reader) error {
	state, err := ReadSnapshot(r)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.fatal != nil:
		return m.fatal
	case state.cluster != m.state.cluster:
		return fault.New(fault.CodeWrongCluster, "the snapshot is of cluster %s, this is %s", state.cluster, m.state.cluster)
	}
	m.state = state
	m.publish([]Event{{Index: state.applied, Kind: Reread}})
	return nil
}
