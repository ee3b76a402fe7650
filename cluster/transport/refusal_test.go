package transport_test

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

// forged is a leaf certificate with any names, signed by any key: what somebody could
// make who has stolen a voter's issuer key, or has none at all.
func forged(t testing.TB, key ed25519.PrivateKey, uris []string, dns []string, parent *x509.Certificate, signer ed25519.PrivateKey, chain ...*x509.Certificate) *bare {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7),
		Subject:      pkix.Name{CommonName: "voter"},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		DNSNames:     dns,
	}
	for _, u := range uris {
		template.URIs = append(template.URIs, must(url.Parse(u))(t))
	}
	if parent == nil {
		parent = template
	}
	leaf := must(x509.CreateCertificate(nil, template, parent, key.Public(), signer))(t)
	return &bare{tls.Certificate{
		Certificate: append([][]byte{leaf}, identity.EncodeChain(chain)...),
		PrivateKey:  key,
	}}
}

// The ways in that must be shut, each tried as a client of both protocols and as a server
// that a client dials, where it applies. TLS 1.2 has a test of its own.
func TestRefusals(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	p.echo(t)
	root := p.root
	// An issuer whose key the attacker has: it can sign any name that x509 can hold.
	issuerKey := must(identity.NewKey(seeded(30)))(t)
	issuerID := identity.NodeIDOf(issuerKey.Public().(ed25519.PublicKey))
	issuer := must(root.IssueIssuer(must(identity.NewCSR(issuerKey))(t), issuerID))(t)[0]
	key := must(identity.NewKey(seeded(31)))(t)
	id := identity.NodeIDOf(key.Public().(ed25519.PublicKey)).String()
	stolen := func(uris []string, dns ...string) *bare {
		return forged(t, key, uris, dns, issuer, issuerKey, issuer, root.Root())
	}
	self := []string{"rpp://alpha/voter/" + id}
	// The same root, when its clock showed another time.
	shifted := func(by time.Duration) *identity.Credential {
		return credential(t, ca(t, "alpha", 1, func() time.Time { return time.Now().Add(by) }), 3, voter)
	}
	removed := credential(t, root, 9, voter)
	removedID := removed.Identity().ID
	p.revoked.Store(&removedID)
	node := credential(t, root, 10, voter)

	const raft, http, server = "a client for Raft", "a client for HTTP", "a server"
	every := []string{raft, http, server}
	for _, c := range []struct {
		name string
		cred transport.Credentials
		code fault.Code // of the side that refuses
		as   []string
	}{
		{"expired", shifted(-25 * time.Hour), fault.CodeUnauthenticated, every},
		{"not yet valid", shifted(10 * time.Minute), fault.CodeUnauthenticated, every},
		{"wrong cluster", credential(t, ca(t, "beta", 4, time.Now), 5, voter), fault.CodeWrongCluster, every},
		{"wrong role: worker", credential(t, root, 6, worker), fault.CodeDenied, []string{raft}},
		{"wrong role: operator", credential(t, root, 6, operator), fault.CodeDenied, []string{raft}},
		{"a person", credential(t, root, 11, operator), fault.CodeUnauthenticated, []string{server}},
		{"DNS name only", stolen(nil, "voter.alpha"), fault.CodeUnauthenticated, every},
		{"self-signed", forged(t, key, self, nil, nil, key), fault.CodeUnauthenticated, every},
		{"CA swapped", credential(t, ca(t, "alpha", 8, time.Now), 5, voter), fault.CodeUnauthenticated, every},
		{"signed by a node", forged(t, key, self, nil, node.Certificate().Leaf, node.Key(), node.Certificate().Leaf, root.Root()), fault.CodeUnauthenticated, every},
		{"revoked", removed, fault.CodeRevoked, every},
		{"no certificate", nil, fault.CodeUnauthenticated, []string{raft}},
		{"tampered URI: another's ID", stolen([]string{"rpp://alpha/voter/" + issuerID.String()}), fault.CodeUnauthenticated, every},
		{"tampered URI: another scheme", stolen([]string{"spiffe://alpha/voter/" + id}), fault.CodeUnauthenticated, every},
		{"tampered URI: an issuer's", stolen([]string{"rpp://alpha/issuer/" + id}), fault.CodeUnauthenticated, every},
		{"two URIs", stolen(append(self, "rpp://alpha/operator/"+id)), fault.CodeUnauthenticated, every},
		{"tenant missing", stolen([]string{"rpp://alpha/validator/" + id}), fault.CodeUnauthenticated, every},
	} {
		for _, as := range c.as {
			t.Run(c.name+" as "+as, func(t *testing.T) {
				if as == server {
					if err := dialAnswering(t, p, c.cred); !fault.Is(err, c.code) {
						t.Errorf("dialled: %v, want %s", err, c.code)
					}
					return
				}
				protocol := map[string]string{raft: transport.ProtocolRaft, http: transport.ProtocolHTTP2}[as]
				refused := p.refusal(t, func() {
					conn, err := p.dialer(c.cred).Dial(t.Context(), p.address, protocol, nil)
					if err == nil {
						err = speak(conn)
						conn.Close()
					}
					if err == nil {
						t.Error("let in")
					}
				})
				if !fault.Is(refused, c.code) {
					t.Errorf("refused with %v, want %s", refused, c.code)
				}
			})
		}
	}
	t.Run("and a voter gets in", func(t *testing.T) {
		for name, cred := range map[string]transport.Credentials{
			"from the CA":            credential(t, root, 3, voter),
			"from the stolen issuer": stolen(self, "dns.counts.for.nothing"),
		} {
			conn := must(p.dialer(cred).Dial(t.Context(), p.address, transport.ProtocolRaft, nil))(t)
			if err := speak(conn); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			conn.Close()
		}
	})
}

// refusal is why the port refused the connection that try made.
func (p *port) refusal(t *testing.T, try func()) (err error) {
	t.Helper()
	for len(p.refusals) > 0 {
		<-p.refusals
	}
	try()
	select {
	case err = <-p.refusals:
	case <-time.After(5 * time.Second):
		t.Error("the port refused nothing")
	}
	return err
}

// dialAnswering dials a plain TLS server that shows those credentials.
func dialAnswering(t *testing.T, p *port, c transport.Credentials) error {
	t.Helper()
	l := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{*c.Certificate()},
		NextProtos:   []string{transport.ProtocolRaft},
	}))(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := l.Accept(); err == nil {
			conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	conn, err := p.dialer(credential(t, p.root, 3, voter)).Dial(t.Context(), l.Addr().String(), transport.ProtocolRaft, nil)
	if err == nil {
		conn.Close()
	}
	l.Close()
	<-done
	return err
}

func TestTLS12IsRefused(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	conn, err := tls.Dial("tcp", p.address, &tls.Config{
		InsecureSkipVerify: true,
		MaxVersion:         tls.VersionTLS12,
		NextProtos:         []string{transport.ProtocolHTTP2},
		Certificates:       []tls.Certificate{*credential(t, p.root, 3, voter).Certificate()},
	})
	if err == nil {
		conn.Close()
		t.Fatal("TLS 1.2 was accepted")
	}
	if !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("refused for another reason: %v", err)
	}
}

func TestUnknownProtocolIsRefused(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	for name, protocols := range map[string][]string{"none": nil, "another": {"rpp-raft/2"}} {
		conn, err := tls.Dial("tcp", p.address, &tls.Config{
			InsecureSkipVerify: true,
			NextProtos:         protocols,
			Certificates:       []tls.Certificate{*credential(t, p.root, 3, voter).Certificate()},
		})
		if err == nil {
			err = speak(conn)
			conn.Close()
		}
		if err == nil {
			t.Errorf("protocol %s was accepted", name)
		}
	}
}

func TestDialWantsTheRightNode(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	d := p.dialer(credential(t, p.root, 3, voter))
	self := p.keeper.Identity().ID
	for _, c := range []struct {
		name string
		want transport.Want
		ok   bool
	}{
		{"any", nil, true},
		{"this node", transport.WantNode(self), true},
		{"another node", transport.WantNode(identity.NodeID{1}), false},
		{"a voter", transport.WantRole(identity.Voter, identity.Worker), true},
		{"a worker", transport.WantRole(identity.Worker), false},
	} {
		conn, err := d.Dial(t.Context(), p.address, transport.ProtocolHTTP2, c.want)
		if (err == nil) != c.ok || !c.ok && !fault.Is(err, fault.CodeUnreachable) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			conn.Close()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Dial(ctx, p.address, transport.ProtocolHTTP2, nil); !fault.Is(err, fault.CodeUnreachable) {
		t.Errorf("with a context that has ended: %v", err)
	}
	closed := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	closed.Close()
	if _, err := d.Dial(t.Context(), closed.Addr().String(), transport.ProtocolHTTP2, nil); !fault.Is(err, fault.CodeUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
}
