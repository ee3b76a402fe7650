package clustertest

import (
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// keepalive is how long a stream lives whose bytes do not arrive.
const keepalive = 3 * time.Second

var errReset = errors.New("clustertest: the stream is broken")

// message is something on its way on a stream.
type message struct {
	at time.Time
	m  proto.Message
}

// stream is a connection between two hosts, as TCP makes them: in order and complete, or
// broken. Its two ends share the lock.
type stream struct {
	mu     sync.Mutex
	broken error         // under mu
	done   chan struct{} // closed with broken
}

func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = err
		close(s.done)
	}
}

// end is one host's part of a stream.
type end struct {
	s        *stream
	from, to *Host
	out      *lane
	in       *lane
}

// lane is one direction.
type lane struct {
	mu    sync.Mutex
	queue []message
	last  time.Time // when the latest one arrives
	lost  bool
	wake  chan struct{} // holds a token if there may be something
}

func newLane() *lane { return &lane{wake: make(chan struct{}, 1)} }

func (l *lane) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func newStream(a, b *Host) (*end, *end) {
	s := &stream{done: make(chan struct{})}
	there, back := newLane(), newLane()
	return &end{s, a, b, there, back}, &end{s, b, a, back, there}
}

// send gives a message to the network. It does not wait, and does not learn whether the
// message arrives.
func (e *end) send(m proto.Message) error {
	select {
	case <-e.s.done:
		return e.s.broken
	case <-e.from.down:
		return errReset
	default:
	}
	peer, delay := e.from.net.route(e.from, e.to.name, true)
	l := e.out
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || peer != e.to {
		if !l.lost {
			l.lost = true
			time.AfterFunc(keepalive, func() { e.s.end(errReset) })
		}
		return nil
	}
	at := time.Now().Add(delay)
	if at.Before(l.last) {
		at = l.last
	}
	l.last = at
	l.queue = append(l.queue, message{at, proto.Clone(m)})
	l.ring()
	return nil
}

// receive waits for the next message.
func (e *end) receive() (proto.Message, error) {
	l := e.in
	for {
		l.mu.Lock()
		var wait time.Duration
		some := len(l.queue) > 0
		if some {
			if wait = time.Until(l.queue[0].at); wait <= 0 {
				m := l.queue[0].m
				l.queue = l.queue[1:]
				l.mu.Unlock()
				return m, nil
			}
		}
		l.mu.Unlock()
		var due <-chan time.Time
		var t *time.Timer
		if some {
			t = time.NewTimer(wait)
			due = t.C
		}
		var err error
		select {
		case <-l.wake:
		case <-due:
		case <-e.from.down:
			err = errReset
		case <-e.s.done:
			err = e.s.broken
		case <-e.to.down:
			err = e.silence()
		}
		if t != nil {
			t.Stop()
		}
		if err != nil {
			return nil, err
		}
	}
}

// silence is the end of a stream whose other host has died: its system says so, if it can
// be heard.
func (e *end) silence() error {
	if !e.from.net.linked(e.from.name, e.to.name) {
		select {
		case <-time.After(keepalive):
		case <-e.s.done:
		case <-e.from.down:
		}
	}
	e.s.end(errReset)
	return errReset
}

// leaderEnd is the leader's end of a worker's session.
type leaderEnd struct{ *end }

func (e leaderEnd) Send(m *internalv1.LeaderMessage) error { return e.send(m) }

func (e leaderEnd) Receive() (*internalv1.WorkerMessage, error) {
	m, err := e.receive()
	if err != nil {
		return nil, err
	}
	return m.(*internalv1.WorkerMessage), nil
}

// workerEnd is the worker's.
type workerEnd struct{ *end }

func (e workerEnd) Send(m *internalv1.WorkerMessage) error { return e.send(m) }

func (e workerEnd) Receive() (*internalv1.LeaderMessage, error) {
	m, err := e.receive()
	if err != nil {
		return nil, err
	}
	return m.(*internalv1.LeaderMessage), nil
}

func (e workerEnd) Close() error {
	e.s.end(io.EOF)
	return nil
}
