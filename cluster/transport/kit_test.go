package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// ca is the root of a cluster of that name.
func ca(t testing.TB, cluster string, seed byte, now func() time.Time) *identity.CA {
	t.Helper()
	return must(identity.NewRoot(cluster, now, seeded(seed)))(t)
}

// credential is what ca grants to the holder of the key with that seed.
func credential(t testing.TB, ca *identity.CA, seed byte, g identity.Grant) *identity.Credential {
	t.Helper()
	key := must(identity.NewKey(seeded(seed)))(t)
	chain := must(ca.Issue(must(identity.NewCSR(key))(t), g))(t)
	return must(identity.NewCredential(ca.Cluster(), key, chain, []*x509.Certificate{ca.Root()}))(t)
}

var (
	voter    = identity.Grant{Role: identity.Voter}
	worker   = identity.Grant{Role: identity.Worker}
	operator = identity.Grant{Role: identity.Operator}
)

// bare is a certificate that no CA of ours would make.
type bare struct{ shown tls.Certificate }

func (b *bare) Certificate() *tls.Certificate { return &b.shown }

// port is a node's port, with a handler that says who calls.
type port struct {
	*transport.Listener
	address string
	root    *identity.CA
	keeper  *identity.Keeper
	revoked atomic.Pointer[identity.NodeID]
	// refusals are the reasons that the port logged.
	refusals chan error
}

// refusals is a log handler that keeps the errors of refusals.
type refusals chan error

func (refusals) Enabled(context.Context, slog.Level) bool { return true }
func (r refusals) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r refusals) WithGroup(string) slog.Handler          { return r }
func (r refusals) Handle(_ context.Context, rec slog.Record) error {
	rec.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && rec.Message == "connection refused" {
			select {
			case r <- err:
			default: // nobody reads
			}
		}
		return true
	})
	return nil
}

// ticking is a clock on which every look is a second after the last, so that every
// refusal is logged.
func ticking() func() time.Time {
	var n atomic.Int64
	return func() time.Time { return time.Unix(n.Add(1), 0) }
}

// open serves a port of cluster alpha on loopback until the test ends.
func open(t testing.TB, limits transport.Limits, h http.HandlerFunc) *port {
	t.Helper()
	base := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	return openOn(t, base, limits, h)
}

func openOn(t testing.TB, base net.Listener, limits transport.Limits, h http.HandlerFunc) *port {
	t.Helper()
	p := &port{root: ca(t, "alpha", 1, time.Now), address: base.Addr().String(), refusals: make(chan error, 8)}
	p.keeper = identity.NewKeeper(identity.KeeperConfig{Credential: credential(t, p.root, 2, voter), Log: quiet})
	p.Listener = transport.Listen(base, transport.Config{
		Credentials: p.keeper,
		Verifier:    p.verifier(),
		Limits:      limits,
		Now:         ticking(),
		Log:         slog.New(refusals(p.refusals)),
	})
	if h == nil {
		h = func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, transport.PeerOf(r.Context()).String())
		}
	}
	server := transport.NewServer(h, quiet)
	served := make(chan struct{})
	go func() { server.Serve(p.HTTP()); close(served) }()
	t.Cleanup(func() {
		server.Close()
		p.Close()
		<-served
	})
	return p
}

func (p *port) verifier() *identity.Verifier {
	return identity.NewVerifier(identity.Trust{
		Cluster: "alpha",
		Roots:   []*x509.Certificate{p.root.Root()},
		Now:     time.Now,
		Revoked: func(id identity.NodeID) bool { r := p.revoked.Load(); return r != nil && *r == id },
	})
}

// dialer connects with those credentials; nil has none.
func (p *port) dialer(c transport.Credentials) *transport.Dialer {
	return transport.NewDialer(transport.DialerConfig{Base: transport.TCP, Credentials: c, Verifier: p.verifier()})
}

func (p *port) client(t testing.TB, c transport.Credentials) *http.Client {
	client := p.dialer(c).HTTPClient(nil)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// get returns the body of an answer.
func get(client *http.Client, address string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/", nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return string(b), err
}

// echo answers on Raft's connections until the port is closed.
func (p *port) echo(t testing.TB) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := p.Raft().Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	t.Cleanup(func() { p.Close(); <-done })
}

// speak writes a byte and reads it back: only then has the other side accepted us.
func speak(c net.Conn) error {
	c.SetDeadline(time.Now().Add(5 * time.Second))
	defer c.SetDeadline(time.Time{})
	if _, err := c.Write([]byte{'x'}); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

// eventually waits for a state that another goroutine is about to bring.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not within 5 s: %s", what)
}
