package gossip

import (
	"context"
	"sync"
)

// events is a queue of members that changed. It holds each of them once, however often it
// changes, so it is as long as there are members at most; a receiver gets what the member is
// like when it takes the event.
type events struct {
	mu      sync.Mutex
	queue   []string
	waiting map[string]bool
	kick    chan struct{}
	out     chan Member
}

func newEvents() *events {
	return &events{waiting: map[string]bool{}, kick: make(chan struct{}, 1), out: make(chan Member)}
}

func (e *events) add(name string) {
	e.mu.Lock()
	if !e.waiting[name] && len(e.queue) < MemberCountMax {
		e.waiting[name] = true
		e.queue = append(e.queue, name)
	}
	e.mu.Unlock()
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

// next is the name at the head, which stays there.
func (e *events) next() (string, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		return "", false
	}
	return e.queue[0], true
}

func (e *events) pop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.waiting, e.queue[0])
	e.queue = e.queue[1:]
}

// run delivers events until ctx ends.
func (e *events) run(ctx context.Context, t *table) {
	defer close(e.out)
	for {
		name, ok := e.next()
		if !ok {
			select {
			case <-e.kick:
				continue
			case <-ctx.Done():
				return
			}
		}
		e.pop() // before it is read, so that a change from here on queues it again
		m, ok := t.member(name)
		if !ok {
			continue
		}
		select {
		case e.out <- m:
		case <-ctx.Done():
			return
		}
	}
}
