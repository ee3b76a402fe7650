package transport

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"rpp-node/cluster/identity"
)

// conn is what lies below a server's TLS: net/http wants to see *tls.Conn itself.
type conn struct {
	net.Conn
	host     string
	identity identity.Identity // written by the handshake's goroutine before anybody else has it

	inAll, inHost *list.Element // under handshakes.mu

	closing sync.Once
	onClose func()      // set before the connection is handed over
	expiry  *time.Timer // of an anonymous one; set as onClose is
}

func newConn(base net.Conn) *conn {
	host, _, err := net.SplitHostPort(base.RemoteAddr().String())
	if err != nil { // not an IP network
		host = base.RemoteAddr().String()
	}
	return &conn{Conn: base, host: host}
}

func (c *conn) Close() error {
	c.closing.Do(func() {
		if c.expiry != nil {
			c.expiry.Stop()
		}
		if c.onClose != nil {
			c.onClose()
		}
	})
	return c.Conn.Close()
}

type peerKey struct{}

// ConnContext is for http.Server: it makes PeerOf work in handlers.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		if below, ok := t.NetConn().(*conn); ok {
			return WithPeer(ctx, below.identity)
		}
	}
	return ctx
}

// WithPeer is the context of a call by that identity.
func WithPeer(ctx context.Context, id identity.Identity) context.Context {
	return context.WithValue(ctx, peerKey{}, id)
}

// PeerOf says who is calling. A caller that was not verified, on whatever port, is
// Anonymous.
func PeerOf(ctx context.Context) identity.Identity {
	id, _ := ctx.Value(peerKey{}).(identity.Identity)
	return id
}
