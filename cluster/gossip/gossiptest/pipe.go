package gossiptest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A chunk is one write, readable from a time on.
type chunk struct {
	at   time.Time
	data []byte
}

// half is one direction of a pipe.
type half struct {
	mu      sync.Mutex
	chunks  []chunk
	lost    bool // a write went into a cut link: nothing that follows arrives
	closed  bool // by the writer
	changed chan struct{}
}

func newHalf() *half { return &half{changed: make(chan struct{})} }

func (h *half) wake() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *half) write(b []byte, at time.Time, arrives bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = h.lost || !arrives
	if !h.lost {
		h.chunks = append(h.chunks, chunk{at, append([]byte(nil), b...)})
		h.wake()
	}
}

func (h *half) close(arrives bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = h.lost || !arrives
	if !h.lost {
		h.closed = true
		h.wake()
	}
}

// take reads what is there, or says what to wait for.
func (h *half) take(b []byte, now time.Time) (n int, changed <-chan struct{}, until time.Duration, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.chunks) == 0 {
		if h.closed {
			return 0, nil, 0, io.EOF
		}
		return 0, h.changed, 0, nil
	}
	c := &h.chunks[0]
	if d := c.at.Sub(now); d > 0 {
		return 0, h.changed, d, nil
	}
	n = copy(b, c.data)
	if c.data = c.data[n:]; len(c.data) == 0 {
		h.chunks = h.chunks[1:]
	}
	return n, nil, 0, nil
}

// pipe is one end of a stream.
type pipe struct {
	from, to *Transport
	in, out  *half
	once     sync.Once
	done     chan struct{} // closed by Close

	mu       sync.Mutex
	deadline time.Time // for reading; writes never wait
	moved    chan struct{}
}

func newPipe(a, b *Transport) (net.Conn, net.Conn) {
	x, y := newHalf(), newHalf()
	end := func(from, to *Transport, in, out *half) *pipe {
		return &pipe{from: from, to: to, in: in, out: out, done: make(chan struct{}), moved: make(chan struct{})}
	}
	return end(a, b, x, y), end(b, a, y, x)
}

func (p *pipe) Read(b []byte) (int, error) {
	for {
		p.mu.Lock()
		deadline, moved := p.deadline, p.moved
		p.mu.Unlock()
		now := time.Now()
		if !deadline.IsZero() && !now.Before(deadline) {
			return 0, os.ErrDeadlineExceeded
		}
		select {
		case <-p.done:
			return 0, net.ErrClosed
		default:
		}
		n, changed, wait, err := p.in.take(b, now)
		if changed == nil {
			return n, err
		}
		if !deadline.IsZero() && (wait == 0 || deadline.Sub(now) < wait) {
			wait = deadline.Sub(now)
		}
		var timer *time.Timer
		var expired <-chan time.Time
		if wait > 0 {
			timer = time.NewTimer(wait)
			expired = timer.C
		}
		select {
		case <-changed:
		case <-moved:
		case <-expired:
		case <-p.done:
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

func (p *pipe) Write(b []byte) (int, error) {
	select {
	case <-p.done:
		return 0, net.ErrClosed
	default:
	}
	t, delay := p.from.net.route(p.from, p.to.address, false)
	p.out.write(b, time.Now().Add(delay), t == p.to)
	return len(b), nil
}

func (p *pipe) Close() error {
	p.once.Do(func() {
		close(p.done)
		t, _ := p.from.net.route(p.from, p.to.address, false)
		p.out.close(t == p.to)
	})
	return nil
}

func (p *pipe) LocalAddr() net.Addr  { return addr(p.from.address) }
func (p *pipe) RemoteAddr() net.Addr { return addr(p.to.address) }

func (p *pipe) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

func (p *pipe) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadline = t
	close(p.moved)
	p.moved = make(chan struct{})
	return nil
}

func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
