package fsm

// EventKind is what has changed.
type EventKind uint8

// The kinds. Reread says that events were missed, or that the state was replaced:
// whatever was learnt from events must be read again.
const (
	Reread EventKind = iota + 1
	JobChanged
	JobForgotten
	KeysChanged
	QuarantineChanged
	ValidatorsChanged
	TokensChanged
	MembersChanged
	KeyringChanged
	ConfigurationChanged
	VotersChanged
)

// Event tells a subscriber what changed at an index of the log. Whoever then reads finds
// the state of that index or a later one.
type Event struct {
	Index uint64
	Kind  EventKind
	Job   JobID    // of job events
	State JobState // of job events
}

// Subscriber receives events: see Machine.Subscribe.
type Subscriber struct {
	// C has the events, in the log's order. It is closed by Close.
	C <-chan Event

	machine *Machine
	c       chan Event // one place more than events may take, for Reread
	missed  bool       // Reread is the last event in c; under the machine's lock
}

// Subscribe follows the changes of the state. At most buffer events wait for a
// subscriber; one that is slower gets Reread in place of those that it misses. It never
// holds up the machine.
func (m *Machine) Subscribe(buffer int) *Subscriber {
	c := make(chan Event, max(1, buffer)+1)
	s := &Subscriber{C: c, machine: m, c: c}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subscribers[s] = struct{}{}
	return s
}

// Close ends the subscription.
func (s *Subscriber) Close() {
	s.machine.mu.Lock()
	defer s.machine.mu.Unlock()
	if _, open := s.machine.subscribers[s]; open {
		delete(s.machine.subscribers, s)
		close(s.c)
	}
}

// publish tells every subscriber. The machine's lock is held, so nobody else sends.
func (m *Machine) publish(events []Event) {
	for s := range m.subscribers {
		for _, e := range events {
			s.send(e)
		}
	}
}

func (s *Subscriber) send(e Event) {
	// Events are only left out while Reread waits to be received: whoever receives it
	// reads a state in which they have happened.
	if s.missed && len(s.c) > 0 {
		return
	}
	s.missed = e.Kind == Reread || len(s.c) == cap(s.c)-1
	if s.missed {
		e = Event{Index: e.Index, Kind: Reread}
	}
	s.c <- e
}
