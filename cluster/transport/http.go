package transport

import (
	"context"
	"log/slog"
	"net"
	"net/http"
)

// NewServer serves a handler on Listener.HTTP; Serve it there. Handlers learn from
// PeerOf who calls. Bodies and streams have no deadline of the server's: handlers bound
// them.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ConnContext:       ConnContext,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: streamsPerConn,
			SendPingTimeout:      pingAfter,
			PingTimeout:          pingTimeout,
			WriteByteTimeout:     writeByteTimeout,
		},
	}
}

// HTTPClient makes calls over HTTP/2 to nodes as wanted. Connections are shared by all
// calls to an address, and a dead one is found out by pings; a call's own deadline is its
// context's. CloseIdleConnections ends what it keeps.
func (d *Dialer) HTTPClient(want Want) *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	return &http.Client{
		Transport: &http.Transport{
			DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				return d.Dial(ctx, address, ProtocolHTTP2, want)
			},
			Protocols:              &protocols,
			MaxIdleConnsPerHost:    idleConnsPerHost,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			DisableCompression:     true,
			HTTP2: &http.HTTP2Config{
				SendPingTimeout:  pingAfter,
				PingTimeout:      pingTimeout,
				WriteByteTimeout: writeByteTimeout,
			},
		},
		// A node redirects nobody to another: its answer would be believed under the
		// wrong name.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
