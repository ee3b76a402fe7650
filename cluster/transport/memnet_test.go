package transport_test

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// memNet is one address in memory, for bubbles of virtual time. A write does not wait
// for its reader, as it would in net.Pipe, where a handshake's last flight deadlocks.
type memNet struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newMemNet() *memNet { return &memNet{conns: make(chan net.Conn, 1), done: make(chan struct{})} }

type memAddr struct{}

func (memAddr) Network() string { return "memory" }
func (memAddr) String() string  { return "node-1:7400" }

func (n *memNet) Addr() net.Addr { return memAddr{} }

func (n *memNet) Close() error {
	n.once.Do(func() { close(n.done) })
	return nil
}

func (n *memNet) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

func (n *memNet) dial(ctx context.Context, _ string) (net.Conn, error) {
	a, b := newHalf(), newHalf()
	select {
	case n.conns <- &memConn{in: a, out: b}:
		return &memConn{in: b, out: a}, nil
	case <-n.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type memConn struct{ in, out *half }

func (c *memConn) Read(p []byte) (int, error)        { return c.in.read(p) }
func (c *memConn) Write(p []byte) (int, error)       { return c.out.write(p) }
func (c *memConn) LocalAddr() net.Addr               { return memAddr{} }
func (c *memConn) RemoteAddr() net.Addr              { return memAddr{} }
func (c *memConn) SetWriteDeadline(time.Time) error  { return nil } // no write waits
func (c *memConn) SetReadDeadline(t time.Time) error { c.in.setDeadline(t); return nil }
func (c *memConn) SetDeadline(t time.Time) error     { return c.SetReadDeadline(t) }
func (c *memConn) Close() error                      { c.in.close(); c.out.close(); return nil }

// half is one direction.
type half struct {
	mu       sync.Mutex
	cond     *sync.Cond
	buf      []byte
	closed   bool
	expired  bool
	deadline *time.Timer
}

func newHalf() *half {
	h := &half{}
	h.cond = sync.NewCond(&h.mu)
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.buf) == 0 && !h.closed && !h.expired {
		h.cond.Wait()
	}
	switch {
	case h.expired:
		return 0, os.ErrDeadlineExceeded
	case len(h.buf) == 0:
		return 0, io.EOF
	}
	n := copy(p, h.buf)
	h.buf = h.buf[n:]
	return n, nil
}

func (h *half) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return 0, net.ErrClosed
	}
	h.buf = append(h.buf, p...)
	h.cond.Broadcast()
	return len(p), nil
}

func (h *half) setDeadline(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deadline != nil {
		h.deadline.Stop()
		h.deadline = nil
	}
	h.expired = false
	if t.IsZero() {
		return
	}
	if d := time.Until(t); d > 0 {
		h.deadline = time.AfterFunc(d, h.expire)
	} else {
		h.expired = true
		h.cond.Broadcast()
	}
}

func (h *half) expire() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expired = true
	h.cond.Broadcast()
}

func (h *half) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.cond.Broadcast()
}
