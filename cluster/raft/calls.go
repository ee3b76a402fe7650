package raft

import (
	"context"
	"sync"
	"time"
)

// calls counts the calls that wait for the library. Its futures cannot be cancelled, and some
// are never answered once it shuts down, so Close lets them finish first.
type calls struct {
	mu     sync.Mutex
	count  int
	closed bool
	idle   chan struct{} // made by close; closed when the last call is answered
}

func newCalls() *calls { return &calls{} }

func (c *calls) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.count++
	return true
}

func (c *calls) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
	if c.closed && c.count == 0 {
		close(c.idle)
	}
}

// close refuses further calls. It is false if that was done before.
func (c *calls) close() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.closed = true
	c.idle = make(chan struct{})
	if c.count == 0 {
		close(c.idle)
	}
	return true
}

func (c *calls) drain(limit time.Duration) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-c.idle:
	case <-t.C:
	}
}

// An answer is what a call to the library came to. proposed says that an entry may be in
// the log.
type answer struct {
	index    uint64
	value    any
	err      error
	proposed bool
}

// ask runs a call to the library in a goroutine of its own and waits for the answer, the
// context or a fault, whichever is first. mayPropose says what to think of an answer that
// did not come.
func (n *Node) ask(ctx context.Context, mayPropose bool, call func() answer) (answer, error) {
	if n.guard.failed() {
		return answer{}, n.faulted(false)
	}
	if ctx.Err() != nil {
		return answer{}, gaveUp(ctx, false)
	}
	if !n.calls.begin() {
		return answer{}, closed()
	}
	done := make(chan answer, 1)
	go func() {
		defer n.calls.end()
		done <- call()
	}()
	select {
	case a := <-done:
		return a, n.translate(a.err, a.proposed)
	case <-n.guard.done:
		return answer{}, n.faulted(mayPropose)
	case <-ctx.Done():
		return answer{}, gaveUp(ctx, mayPropose)
	}
}
