package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// Want says why an identity is not the one that was to answer; nil means any node will do.
type Want func(identity.Identity) error

// WantNode wants one node.
func WantNode(id identity.NodeID) Want {
	return func(got identity.Identity) error {
		if got.ID != id {
			return fault.New(fault.CodeUnreachable, "node %s answered, not %s", got.ID.Short(), id.Short())
		}
		return nil
	}
}

// WantRole wants a node of one of the roles.
func WantRole(roles ...identity.Role) Want {
	return func(got identity.Identity) error {
		if !slices.Contains(roles, got.Role) {
			return fault.New(fault.CodeUnreachable, "a %s answered, want %s", got.Role, roles)
		}
		return nil
	}
}

// DialerConfig is what a Dialer works with.
type DialerConfig struct {
	// Base connects below TLS.
	Base func(ctx context.Context, address string) (net.Conn, error)
	// Credentials is nil for a client that has no certificate yet: it can join.
	Credentials Credentials
	Verifier    Verifier
}

// Dialer connects to the ports of other nodes. Safe for concurrent use.
type Dialer struct{ cfg DialerConfig }

// NewDialer dials by cfg.
func NewDialer(cfg DialerConfig) *Dialer { return &Dialer{cfg} }

// Dial connects to a node for a protocol and returns, after the handshake, a *tls.Conn.
// That the node
// takes our certificate shows with the first read: its refusal comes after the handshake
// is over for us.
func (d *Dialer) Dial(ctx context.Context, address, protocol string, want Want) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	base, err := d.cfg.Base(ctx, address)
	if err != nil {
		return nil, fault.New(fault.CodeUnreachable, "%s: %w", address, err)
	}
	t := tls.Client(base, d.config(protocol, want))
	if err := t.HandshakeContext(ctx); err != nil {
		base.Close()
		var known *fault.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, fault.New(fault.CodeUnreachable, "%s: %w", address, err)
	}
	return t, nil
}

func (d *Dialer) config(protocol string, want Want) *tls.Config {
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{protocol},
		// It stands for the check of DNS names only: VerifyConnection checks the chain
		// against the cluster's roots, and the URI name.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if s.NegotiatedProtocol != protocol {
				return fault.New(fault.CodeUnreachable, "it does not speak %s", protocol)
			}
			id, err := d.cfg.Verifier.Server(s.PeerCertificates)
			if err != nil {
				return err
			}
			if want != nil {
				return want(id)
			}
			return nil
		},
	}
	if d.cfg.Credentials != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return d.cfg.Credentials.Certificate(), nil
		}
	}
	return cfg
}

// TCP is the Base of a Dialer outside tests.
func TCP(ctx context.Context, address string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: 15 * time.Second}
	return d.DialContext(ctx, "tcp", address)
}
