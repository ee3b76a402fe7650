package raft

import (
	"net"
	"sync"
	"time"

	hraft "github.com/hashicorp/raft"
)

// layer makes a Stream what the library's network transport wants. It also owns the
// connections: the transport leaves those in its pool open when it closes, and its handlers
// wait for the peer to hang up.
type layer struct {
	stream  Stream
	address staticAddr // the advertised one, which peers compare with the configuration's

	mu       sync.Mutex
	conns    map[*conn]struct{} // nil after Close
	handlers sync.WaitGroup     // accepted connections that the transport has not closed
}

type staticAddr string

func (a staticAddr) Network() string { return "tcp" }
func (a staticAddr) String() string  { return string(a) }

func newLayer(s Stream, address string) *layer {
	return &layer{stream: s, address: staticAddr(address), conns: map[*conn]struct{}{}}
}

func (l *layer) Addr() net.Addr { return l.address }

// Accept waits for a connection. Above the limit the newest is refused: an authenticated
// peer that opens so many is broken.
func (l *layer) Accept() (net.Conn, error) {
	for {
		c, err := l.stream.Accept()
		if err != nil {
			return nil, err
		}
		if t := l.track(c, true); t != nil {
			return t, nil
		}
	}
}

func (l *layer) Dial(address hraft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	c, err := l.stream.Dial(string(address), timeout)
	if err != nil {
		return nil, err
	}
	if t := l.track(c, false); t != nil {
		return t, nil
	}
	return nil, net.ErrClosed
}

// track takes a connection in, or closes it and returns nil.
func (l *layer) track(c net.Conn, accepted bool) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil || accepted && len(l.conns) >= ConnCountMax {
		_ = c.Close()
		return nil
	}
	t := &conn{Conn: c, layer: l, accepted: accepted}
	l.conns[t] = struct{}{}
	if accepted {
		l.handlers.Add(1)
	}
	return t
}

// Close ends Accept and every connection.
func (l *layer) Close() error {
	err := l.stream.Close()
	l.mu.Lock()
	conns := l.conns
	l.conns = nil
	l.mu.Unlock()
	for c := range conns {
		_ = c.Conn.Close()
	}
	return err
}

// conn is a connection that the layer knows of until its user closes it.
type conn struct {
	net.Conn
	layer    *layer
	accepted bool
	once     sync.Once
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.layer.mu.Lock()
		delete(c.layer.conns, c)
		c.layer.mu.Unlock()
		if c.accepted {
			c.layer.handlers.Done()
		}
	})
	return err
}

// resolver finds addresses for the transport by id.
type resolver func(id string) (string, error)

func (r resolver) ServerAddr(id hraft.ServerID) (hraft.ServerAddress, error) {
	a, err := r(string(id))
	return hraft.ServerAddress(a), err
}

// networkTransport builds the library's transport over a Stream.
func networkTransport(c *Config) (*hraft.NetworkTransport, *layer) {
	l := newLayer(c.Stream, c.Address)
	conf := &hraft.NetworkTransportConfig{
		Stream:                  l,
		MaxPool:                 connPoolCount,
		Timeout:                 c.RPCTimeout,
		Logger:                  newLogger(c.Log),
		MsgpackUseNewTimeFormat: true,
	}
	if c.Resolve != nil {
		conf.ServerAddressProvider = resolver(func(id string) (string, error) {
			if id == c.ID {
				return c.Address, nil
			}
			return c.Resolve(id)
		})
	}
	return hraft.NewNetworkTransportWithConfig(conf), l
}
