package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"io"
	"log/slog"
	mathrand "math/rand"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/grpchealth"
	"go.uber.org/goleak"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a cluster's CA and the nodes that it has let in, on loopback.
type world struct {
	t        testing.TB
	ca       *identity.CA
	verifier *identity.Verifier

	mu     sync.Mutex
	leader *node
	all    map[string]*node
}

func newWorld(t testing.TB) *world {
	ca, err := identity.NewRoot("test", time.Now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, ca: ca, all: map[string]*node{}, verifier: identity.NewVerifier(identity.Trust{
		Cluster: "test", Roots: []*x509.Certificate{ca.Root()}, Now: time.Now,
	})}
}

// fixed is a certificate that does not change.
type fixed struct{ *identity.Credential }

func (w *world) credential(role identity.Role, tenant string) *identity.Credential {
	key, err := identity.NewKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	csr, err := identity.NewCSR(key)
	if err != nil {
		w.t.Fatal(err)
	}
	chain, err := w.ca.Issue(csr, identity.Grant{Role: role, Tenant: tenant})
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := identity.NewCredential("test", key, chain, []*x509.Certificate{w.ca.Root()})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// node is a server on a port of its own.
type node struct {
	*Server
	desk     *desk
	address  string
	observed *observer
}

func (w *world) node(role identity.Role, change ...func(*Config)) *node {
	credential := w.credential(role, "")
	base, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	listener := transport.Listen(base, transport.Config{
		Credentials: fixed{credential}, Verifier: w.verifier, Now: time.Now, Log: quiet,
	})
	n := &node{desk: newDesk(), address: listener.Addr().String(), observed: &observer{}}
	away := transport.NewDialer(transport.DialerConfig{Base: transport.TCP, Credentials: fixed{credential}, Verifier: w.verifier}).
		HTTPClient(transport.WantRole(identity.Voter))
	config := Config{
		Role: role, Families: []string{"pruning"},
		Identity: transport.PeerOf, Verify: w.verifier.Client, Transport: away.Transport,
		Leader: func() (string, bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.leader == nil {
				return "", false
			}
			return w.leader.address, w.leader == n
		},
		Jobs: n.desk, Cluster: n.desk, Keys: n.desk, Joiner: n.desk, Peer: n.desk, Workers: n.desk,
		Health: grpchealth.NewStaticChecker(), Log: quiet, Observer: n.observed,
	}
	for _, c := range change {
		c(&config)
	}
	if n.Server, err = New(config); err != nil {
		w.t.Fatal(err)
	}
	server := transport.NewServer(n.Server, quiet)
	var done sync.WaitGroup
	done.Go(func() { server.Serve(listener.HTTP()) })
	w.t.Cleanup(func() {
		server.Close()
		listener.Close()
		away.CloseIdleConnections()
		done.Wait()
	})
	w.mu.Lock()
	w.all[n.address] = n
	w.mu.Unlock()
	return n
}

func (w *world) lead(n *node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leader = n
}

// http is a client that shows a certificate of the role; nobody's shows none.
func (w *world) http(role identity.Role, tenant string) *http.Client {
	config := transport.DialerConfig{Base: transport.TCP, Verifier: w.verifier}
	if role != identity.Anonymous {
		config.Credentials = fixed{w.credential(role, tenant)}
	}
	c := transport.NewDialer(config).HTTPClient(nil)
	w.t.Cleanup(c.CloseIdleConnections)
	return c
}

// client calls the nodes with a certificate of the role.
func (w *world) client(role identity.Role, tenant string, nodes ...*node) *Client {
	var addresses []string
	for _, n := range nodes {
		addresses = append(addresses, n.address)
	}
	return NewClient(ClientConfig{HTTP: w.http(role, tenant), Addresses: addresses, Rand: mathrand.New(mathrand.NewSource(1))})
}

// solo is a leader and nobody else.
func solo(t testing.TB, change ...func(*Config)) (*world, *node) {
	w := newWorld(t)
	n := w.node(identity.Voter, change...)
	w.lead(n)
	return w, n
}

// observer remembers how requests ended.
type observer struct {
	mu    sync.Mutex
	codes []string
}

func (o *observer) Requested(_, code string, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.codes = append(o.codes, code)
}

func (o *observer) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.codes) == 0 {
		return ""
	}
	return o.codes[len(o.codes)-1]
}

// post sends JSON as curl would, and returns the status, the code of an error, the body.
func post(t testing.TB, c *http.Client, n *node, path, body string, header ...string) (status int, code, answer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", "https://"+n.address+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Content-Type" {
			r.Header.Del(header[i])
		}
		r.Header.Add(header[i], header[i+1])
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get(headerCode), string(text)
}

func wantFault(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("error %v, want %s", err, code)
	}
}

// eventually waits for what another goroutine is about to do.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

func digest(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func job(b byte) [32]byte { return [32]byte(digest(b)) }

// count is how many calls of a class go on.
func (a *admission) count(c class) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.slots[c]
}
