package transport

import "time"

// The protocols of the port, as ALPN names them.
const (
	ProtocolRaft  = "rpp-raft/1"
	ProtocolHTTP2 = "h2"
	ProtocolHTTP1 = "http/1.1"
)

// Limits bound what strangers and peers can make a node hold. A field that is not
// positive stands for its default.
type Limits struct {
	// HandshakeTimeout is from accepting a connection to its last handshake message.
	HandshakeTimeout time.Duration
	// Handshakes is how many may be under way, HandshakesPerHost from one address.
	Handshakes, HandshakesPerHost int
	// Connections is how many may be open after their handshake, ConnectionsPerPeer of
	// one identity.
	Connections, ConnectionsPerPeer int
	// Anonymous is how many of these may have no certificate, AnonymousPerHost from one
	// address. AnonymousLifetime ends them: a join is one call.
	Anonymous, AnonymousPerHost int
	AnonymousLifetime           time.Duration
}

// DefaultLimits serve a cluster of some hundred nodes.
var DefaultLimits = Limits{
	HandshakeTimeout:   5 * time.Second,
	Handshakes:         512,
	HandshakesPerHost:  128,
	Connections:        4096,
	ConnectionsPerPeer: 64,
	Anonymous:          128,
	AnonymousPerHost:   16,
	AnonymousLifetime:  30 * time.Second,
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	for _, f := range []struct{ field, standard *int }{
		{&l.Handshakes, &d.Handshakes},
		{&l.HandshakesPerHost, &d.HandshakesPerHost},
		{&l.Connections, &d.Connections},
		{&l.ConnectionsPerPeer, &d.ConnectionsPerPeer},
		{&l.Anonymous, &d.Anonymous},
		{&l.AnonymousPerHost, &d.AnonymousPerHost},
	} {
		if *f.field <= 0 {
			*f.field = *f.standard
		}
	}
	if l.HandshakeTimeout <= 0 {
		l.HandshakeTimeout = d.HandshakeTimeout
	}
	if l.AnonymousLifetime <= 0 {
		l.AnonymousLifetime = d.AnonymousLifetime
	}
	return l
}

// Of HTTP.
const (
	headerTimeout     = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	streamsPerConn    = 64
	pingAfter         = 15 * time.Second
	pingTimeout       = 10 * time.Second
	writeByteTimeout  = 30 * time.Second
	idleConnsPerHost  = 4
	dialTimeout       = 10 * time.Second
	acceptPauseMin    = 5 * time.Millisecond
	acceptPauseMax    = time.Second
	refusalLogSpacing = time.Second
)
