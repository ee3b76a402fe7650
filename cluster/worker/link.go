package worker

import (
	"context"
	"sync"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// link is the sending half of a session. Nobody waits for it: messages queue up, and a
// heartbeat goes before all of them and replaces one that has not gone yet. What queues up
// is bounded by the parts that there are.
type link struct {
	mu    sync.Mutex
	next  *internalv1.WorkerMessage   // guarded by mu; a heartbeat
	queue []*internalv1.WorkerMessage // guarded by mu
	wake  chan struct{}               // holds a token if there may be something
}

func newLink() *link { return &link{wake: make(chan struct{}, 1)} }

func (l *link) beat(m *internalv1.WorkerMessage) {
	l.mu.Lock()
	l.next = m
	l.mu.Unlock()
	l.ring()
}

func (l *link) post(m *internalv1.WorkerMessage) {
	l.mu.Lock()
	l.queue = append(l.queue, m)
	l.mu.Unlock()
	l.ring()
}

func (l *link) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *link) take() *internalv1.WorkerMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.next; m != nil {
		l.next = nil
		return m
	}
	if len(l.queue) == 0 {
		return nil
	}
	m := l.queue[0]
	l.queue[0] = nil
	l.queue = l.queue[1:]
	return m
}

// run sends until ctx ends or sending fails.
func (l *link) run(ctx context.Context, s Stream) error {
	for {
		if m := l.take(); m != nil {
			if err := s.Send(m); err != nil {
				return err
			}
			continue
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
