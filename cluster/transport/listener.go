package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"rpp-node/cluster/identity"
)

// Credentials holds the certificate to show, which may change between handshakes.
type Credentials interface {
	Certificate() *tls.Certificate
}

// Verifier decides who a peer is from the certificates that it showed, leaf first.
type Verifier interface {
	Client(chain []*x509.Certificate) (identity.Identity, error)
	Server(chain []*x509.Certificate) (identity.Identity, error)
}

// Config is what a Listener works with.
type Config struct {
	Credentials Credentials
	Verifier    Verifier
	Limits      Limits
	Now         func() time.Time
	Log         *slog.Logger
}

// Listener shares one port between Raft and HTTP. Safe for concurrent use.
type Listener struct {
	base       net.Listener
	cfg        Config
	tls        *tls.Config
	raft, http *queue
	handshakes *handshakes
	peers      *peers
	counts     counts
	lastLog    atomic.Int64 // nanoseconds since 1970 of the last refusal that was logged

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	done   sync.WaitGroup // the goroutines
}

// Listen serves the connections of base, which it owns from now on.
func Listen(base net.Listener, cfg Config) *Listener {
	cfg.Limits = cfg.Limits.orDefault()
	l := &Listener{
		base:       base,
		cfg:        cfg,
		raft:       newQueue(base.Addr()),
		http:       newQueue(base.Addr()),
		handshakes: newHandshakes(cfg.Limits.Handshakes, cfg.Limits.HandshakesPerHost),
		peers:      newPeers(cfg.Limits),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.tls = &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{ProtocolRaft, ProtocolHTTP2, ProtocolHTTP1},
		// Asked for, not required: VerifyConnection knows what for.
		ClientAuth: tls.RequestClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return cfg.Credentials.Certificate(), nil
		},
		SessionTicketsDisabled: true, // see doc.go
	}
	l.done.Go(l.accept)
	return l
}

// Raft has the connections that negotiated ProtocolRaft: all are voters'.
func (l *Listener) Raft() net.Listener { return l.raft }

// HTTP has the connections that negotiated HTTP, as *tls.Conn.
func (l *Listener) HTTP() net.Listener { return l.http }

// Addr is the address of the port.
func (l *Listener) Addr() net.Addr { return l.base.Addr() }

// Disconnect closes the connections of an identity, which has just been revoked, and
// says how many there were.
func (l *Listener) Disconnect(id identity.NodeID) int {
	list := l.peers.of(id)
	for _, c := range list {
		c.Close()
	}
	return len(list)
}

// Close stops listening, ends the handshakes under way and waits for them. Connections
// that were accepted are left to those who accepted them.
func (l *Listener) Close() error {
	err := l.base.Close()
	l.cancel()
	for _, c := range l.handshakes.close() {
		c.Close()
	}
	l.raft.Close()
	l.http.Close()
	l.done.Wait()
	return err
}

func (l *Listener) accept() {
	pause := acceptPauseMin
	for {
		base, err := l.base.Accept()
		if err != nil {
			if l.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of file descriptors, most likely: closing ones will help.
			l.cfg.Log.Warn("accept failed", "error", err, "again_in", pause)
			select {
			case <-l.ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, acceptPauseMax)
			continue
		}
		pause = acceptPauseMin
		l.counts.accepted.Add(1)
		c := newConn(base)
		shed, ok := l.handshakes.add(c)
		if !ok {
			c.Close()
			return
		}
		if shed != nil {
			l.counts.shed.Add(1)
			shed.Close()
		}
		l.done.Go(func() { l.serve(c) })
	}
}

// serve takes one connection through its handshake and hands it over.
func (l *Listener) serve(c *conn) {
	ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Limits.HandshakeTimeout)
	defer cancel()
	t := tls.Server(c, l.configFor(c))
	err := t.HandshakeContext(ctx)
	if !l.handshakes.remove(c) { // shed: it is closed already
		l.counts.refused.Add(1)
		return
	}
	if err == nil {
		err = l.admit(c)
	}
	if err == nil {
		q := l.http
		if t.ConnectionState().NegotiatedProtocol == ProtocolRaft {
			q = l.raft
		}
		err = q.put(ctx, t)
	}
	if err != nil {
		l.refuse(c, err)
	}
}

// configFor is the configuration of one connection's handshake.
func (l *Listener) configFor(c *conn) *tls.Config {
	cfg := l.tls.Clone()
	cfg.VerifyConnection = func(s tls.ConnectionState) (err error) {
		c.identity, err = l.verify(s)
		return err
	}
	return cfg
}

func (l *Listener) verify(s tls.ConnectionState) (id identity.Identity, err error) {
	if s.NegotiatedProtocol == "" {
		return id, errors.New("no protocol was negotiated (ALPN)")
	}
	if len(s.PeerCertificates) > 0 {
		if id, err = l.cfg.Verifier.Client(s.PeerCertificates); err != nil {
			return identity.Identity{}, err
		}
	}
	if s.NegotiatedProtocol == ProtocolRaft {
		if err := identity.Allow(id, identity.RaftStream, ""); err != nil {
			return identity.Identity{}, err
		}
	}
	return id, nil
}

func (l *Listener) admit(c *conn) error {
	c.onClose = func() { l.peers.release(c) } // before Disconnect can see it
	if err := l.peers.admit(c); err != nil {
		return err
	}
	if c.identity.Role == identity.Anonymous {
		c.expiry = time.AfterFunc(l.cfg.Limits.AnonymousLifetime, func() { c.Conn.Close() })
	}
	return nil
}

// refuse closes a connection and logs why, but not as often as a flood would like.
func (l *Listener) refuse(c *conn, err error) {
	c.Close()
	l.counts.refused.Add(1)
	now := l.cfg.Now().UnixNano()
	last := l.lastLog.Load()
	if now-last < int64(refusalLogSpacing) || !l.lastLog.CompareAndSwap(last, now) {
		return
	}
	l.cfg.Log.Info("connection refused", "remote", c.RemoteAddr(), "error", err, "refused_count", l.counts.refused.Load())
}
