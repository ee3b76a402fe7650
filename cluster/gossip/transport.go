package gossip

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// tracked is a transport that knows its open streams, so that Close can end them and wait
// for whoever reads them. memberlist does neither.
type tracked struct {
	memberlist.Transport
	streams chan net.Conn
	done    chan struct{} // closed by Shutdown
	once    sync.Once
	pump    sync.WaitGroup

	mu    sync.Mutex
	conns map[*stream]struct{} // nil after Shutdown
	open  sync.WaitGroup       // accepted streams whose reader has not closed them
}

var errStreams = errors.New("gossip: too many open streams")

func newTracked(t memberlist.Transport) *tracked {
	k := &tracked{
		Transport: t, streams: make(chan net.Conn), done: make(chan struct{}),
		conns: map[*stream]struct{}{},
	}
	k.pump.Go(k.accept)
	return k
}

// accept takes streams from the transport for as long as memberlist listens.
func (k *tracked) accept() {
	for {
		select {
		case c := <-k.Transport.StreamCh():
			s, err := k.track(c, true)
			if err != nil {
				continue
			}
			select {
			case k.streams <- s:
			case <-k.done:
				_ = s.Close()
			}
		case <-k.done:
			return
		}
	}
}

func (k *tracked) StreamCh() <-chan net.Conn { return k.streams }

func (k *tracked) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	k.mu.Lock()
	if k.conns == nil {
		k.mu.Unlock()
		return nil, net.ErrClosed
	}
	k.open.Add(1)
	k.mu.Unlock()
	defer k.open.Done()
	c, err := k.Transport.DialTimeout(address, timeout)
	if err != nil {
		return nil, err
	}
	return k.track(c, false)
}

func (k *tracked) track(c net.Conn, accepted bool) (net.Conn, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conns == nil || len(k.conns) >= streamCountMax {
		_ = c.Close()
		return nil, errStreams
	}
	s := &stream{Conn: c, owner: k, accepted: accepted}
	k.conns[s] = struct{}{}
	if accepted {
		k.open.Add(1)
	}
	return s, nil
}

// Shutdown ends the transport, this one's goroutine and every stream.
func (k *tracked) Shutdown() error {
	var err error
	k.once.Do(func() {
		err = k.Transport.Shutdown() // while we still take what it accepts
		close(k.done)
		k.pump.Wait()
		k.mu.Lock()
		conns := k.conns
		k.conns = nil
		k.mu.Unlock()
		for s := range conns {
			_ = s.Conn.Close()
		}
	})
	return err
}

// stream is an open stream until whoever uses it closes it.
type stream struct {
	net.Conn
	owner    *tracked
	accepted bool
	once     sync.Once
}

// Write closes a stream that fails: memberlist forgets about one that does not even take
// the label.
func (s *stream) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	if err != nil {
		_ = s.Close()
	}
	return n, err
}

func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() {
		s.owner.mu.Lock()
		delete(s.owner.conns, s)
		s.owner.mu.Unlock()
		if s.accepted {
			s.owner.open.Done()
		}
	})
	return err
}
