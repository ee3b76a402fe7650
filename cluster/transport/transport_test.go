package transport_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

func TestHandlersKnowWhoCalls(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	validator := credential(t, p.root, 3, identity.Grant{Role: identity.Validator, Tenant: "acme"})
	for name, c := range map[string]struct {
		cred transport.Credentials
		want string
	}{
		"validator":      {validator, validator.Identity().URI()},
		"no certificate": {nil, "anonymous"},
	} {
		got, err := get(p.client(t, c.cred), p.address)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
	if id := transport.PeerOf(t.Context()); id != (identity.Identity{}) {
		t.Errorf("outside a call: %v", id)
	}
}

// A client that has nothing but a join token gets through to HTTP, and knows whom to.
func TestJoiningClientPinsTheRoot(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	with := func(digest [32]byte) *http.Client {
		d := transport.NewDialer(transport.DialerConfig{Base: transport.TCP, Verifier: identity.NewVerifier(
			identity.Trust{Cluster: "alpha", RootDigest: digest, Now: time.Now})})
		c := d.HTTPClient(nil)
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	if got, err := get(with(identity.RootDigest(p.root.Root())), p.address); err != nil || got != "anonymous" {
		t.Errorf("the token's root: %q, %v", got, err)
	}
	if _, err := get(with([32]byte{1}), p.address); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("another root: %v", err)
	}
}

func TestNewCertificateWithoutDroppedStreams(t *testing.T) {
	lines := make(chan string)
	p := open(t, transport.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/stream" {
			return
		}
		for line := range lines {
			io.WriteString(w, line+"\n")
			w.(http.Flusher).Flush()
		}
	})
	p.echo(t)
	cred := credential(t, p.root, 3, voter)
	client := identity.NewKeeper(identity.KeeperConfig{Credential: cred, Log: quiet})
	shown := func() (serial string) {
		conn := must(p.dialer(client).Dial(t.Context(), p.address, transport.ProtocolHTTP2, nil))(t)
		defer conn.Close()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Text(16)
	}

	raft := must(p.dialer(client).Dial(t.Context(), p.address, transport.ProtocolRaft, nil))(t)
	defer raft.Close()
	if err := speak(raft); err != nil {
		t.Fatal(err)
	}
	resp := make(chan *http.Response, 1)
	go func() {
		r, err := p.client(t, client).Get("https://" + p.address + "/stream")
		if err != nil {
			t.Error(err)
		}
		resp <- r
	}()
	lines <- "one"
	r := <-resp
	if r == nil {
		t.FailNow()
	}
	defer r.Body.Close()
	in := bufio.NewScanner(r.Body)
	if !in.Scan() || in.Text() != "one" {
		t.Fatalf("first line %q, %v", in.Text(), in.Err())
	}

	before := shown()
	if err := p.keeper.Replace(renewed(t, p.root, p.keeper)); err != nil {
		t.Fatal(err)
	}
	if err := client.Replace(renewed(t, p.root, client)); err != nil {
		t.Fatal(err)
	}
	if after := shown(); after == before || after != p.keeper.Identity().Serial {
		t.Errorf("a new connection shows serial %s, before it was %s", after, before)
	}
	lines <- "two"
	if !in.Scan() || in.Text() != "two" {
		t.Errorf("the stream broke: %q, %v", in.Text(), in.Err())
	}
	if err := speak(raft); err != nil {
		t.Errorf("Raft's stream broke: %v", err)
	}
	close(lines)
	if in.Scan() || in.Err() != nil {
		t.Errorf("the stream did not end well: %q, %v", in.Text(), in.Err())
	}
}

// renewed is a later certificate of the same holder: the CA's serial numbers go on.
func renewed(t *testing.T, ca *identity.CA, k *identity.Keeper) *identity.Credential {
	t.Helper()
	key := k.Current().Key()
	chain := must(ca.Issue(must(identity.NewCSR(key))(t), identity.Grant{Role: k.Identity().Role}))(t)
	return must(identity.NewCredential("alpha", key, chain, k.Current().Roots()))(t)
}

// A client that would resume its session has no ticket to do it with: every connection
// shows its certificate.
func TestSessionsAreNotResumed(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	cfg := &tls.Config{
		InsecureSkipVerify: true,
		ServerName:         "alpha",
		NextProtos:         []string{transport.ProtocolHTTP1},
		Certificates:       []tls.Certificate{*credential(t, p.root, 3, worker).Certificate()},
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	for i := range 2 {
		conn := must(tls.Dial("tcp", p.address, cfg))(t)
		// A ticket would come with the first answer.
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: alpha\r\nConnection: close\r\n\r\n")
		answer, err := io.ReadAll(io.LimitReader(conn, 4<<10))
		if err != nil || !strings.Contains(string(answer), "/worker/") {
			t.Errorf("connection %d: %q, %v", i, answer, err)
		}
		if conn.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
		conn.Close()
	}
}

func TestConnectionsAreShared(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	client := p.client(t, credential(t, p.root, 3, worker))
	for range 20 {
		if _, err := get(client, p.address); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.Stats().Accepted; n != 1 {
		t.Errorf("%d connections for 20 calls", n)
	}
}

func TestClientFollowsNoRedirect(t *testing.T) {
	p := open(t, transport.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
	})
	resp, err := p.client(t, credential(t, p.root, 3, worker)).Get("https://" + p.address + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestDisconnectEndsTheRevoked(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	p.echo(t)
	bad, good := credential(t, p.root, 3, voter), credential(t, p.root, 4, voter)
	dial := func(c *identity.Credential) net.Conn {
		conn := must(p.dialer(c).Dial(t.Context(), p.address, transport.ProtocolRaft, nil))(t)
		t.Cleanup(func() { conn.Close() })
		if err := speak(conn); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	first, second, other := dial(bad), dial(bad), dial(good)
	id := bad.Identity().ID
	p.revoked.Store(&id)
	if n := p.Disconnect(id); n != 2 {
		t.Errorf("%d connections closed, want 2", n)
	}
	if speak(first) == nil || speak(second) == nil {
		t.Error("a revoked node's connection goes on")
	}
	if err := speak(other); err != nil {
		t.Errorf("another node's connection: %v", err)
	}
	eventually(t, "they are counted out", func() bool { return p.Stats().Open == 1 })
}

func TestRaftLayer(t *testing.T) {
	p := open(t, transport.Limits{}, nil)
	p.echo(t)
	advertised := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 7400}
	layer := transport.NewRaftLayer(p.Listener, p.dialer(credential(t, p.root, 3, voter)), advertised)
	if layer.Addr() != advertised {
		t.Errorf("address %s", layer.Addr())
	}
	conn := must(layer.Dial(p.address, time.Second))(t)
	defer conn.Close()
	if err := speak(conn); err != nil {
		t.Error(err)
	}
	silent := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer silent.Close()
	began := time.Now()
	if conn, err := layer.Dial(silent.Addr().String(), 50*time.Millisecond); !fault.Is(err, fault.CodeUnreachable) || conn != nil {
		t.Errorf("somebody who does not answer: %v, %v", conn, err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("gave up after %s", took)
	}
	if err := layer.Close(); err != nil {
		t.Error(err)
	}
	if _, err := layer.Accept(); err != net.ErrClosed {
		t.Errorf("after Close: %v", err)
	}
	if got, err := get(p.client(t, nil), p.address); err != nil {
		t.Errorf("HTTP ended with Raft: %q, %v", got, err)
	}
}

// In a bubble nothing else moves the clock: whoever sends nothing, or sends half a
// handshake, is gone after the timeout, and Anonymous after its lifetime.
func TestTimeoutsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		p := openOn(t, n, transport.Limits{HandshakeTimeout: 5 * time.Second, AnonymousLifetime: 30 * time.Second}, nil)
		idle := must(n.dial(t.Context(), ""))(t)
		partly := must(n.dial(t.Context(), ""))(t)
		if _, err := partly.Write([]byte{22, 3, 1}); err != nil {
			t.Fatal(err)
		}
		anonymous := transport.NewDialer(transport.DialerConfig{Base: n.dial, Verifier: p.verifier()}).HTTPClient(nil)
		if got, err := get(anonymous, "node-1:7400"); err != nil || got != "anonymous" {
			t.Fatalf("%q, %v", got, err)
		}
		time.Sleep(4 * time.Second)
		if s := p.Stats(); s.Handshakes != 2 || s.Open != 1 {
			t.Errorf("before the timeout: %+v", s)
		}
		time.Sleep(2 * time.Second)
		if s := p.Stats(); s.Handshakes != 0 || s.Refused != 2 || s.Open != 1 {
			t.Errorf("after the timeout: %+v", s)
		}
		for _, c := range []net.Conn{idle, partly} {
			// What is left to read is at most an alert.
			if b, err := io.ReadAll(io.LimitReader(c, 100)); err != nil || len(b) > 20 {
				t.Errorf("read %d bytes, %v", len(b), err)
			}
		}
		time.Sleep(23 * time.Second)
		if s := p.Stats(); s.Open != 1 {
			t.Errorf("within its lifetime: %+v", s)
		}
		time.Sleep(2 * time.Second)
		if s := p.Stats(); s.Open != 0 {
			t.Errorf("after its lifetime: %+v", s)
		}
		client := transport.NewDialer(transport.DialerConfig{Base: n.dial, Verifier: p.verifier(), Credentials: credential(t, p.root, 3, worker)}).HTTPClient(nil)
		if got, err := get(client, "node-1:7400"); err != nil || !strings.Contains(got, "/worker/") {
			t.Errorf("over memory: %q, %v", got, err)
		}
		time.Sleep(time.Minute)
		if s := p.Stats(); s.Open != 1 {
			t.Errorf("a worker's idle connection: %+v", s)
		}
		time.Sleep(2 * time.Minute)
		if s := p.Stats(); s.Open != 0 {
			t.Errorf("three minutes idle: %+v", s)
		}
	})
}
