package api

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/api/proto/rpp/v1/rppv1connect"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

func submit(family string) *connect.Request[rppv1.SubmitRequest] {
	return connect.NewRequest(&rppv1.SubmitRequest{Family: family, Witness: []byte("w")})
}

// A follower passes calls and streams on in every protocol; the leader knows who asked.
func TestFollowerPassesOn(t *testing.T) {
	w, leader := solo(t)
	follower := w.node(identity.Voter)
	leader.desk.tenants[job(1)] = []string{"one"}
	client := w.http(identity.Validator, "one")
	for name, option := range protocols {
		jobs := rppv1connect.NewJobServiceClient(client, "https://"+follower.address, option)
		if _, err := jobs.Submit(context.Background(), submit("pruning")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := leader.desk.lastCaller()
		if !c.Forwarded || c.Role != identity.Validator || c.Tenant != "one" || c.Via == (identity.NodeID{}) || c.Via == c.ID {
			t.Errorf("%s: the leader saw %+v", name, c)
		}
		if !strings.HasPrefix(c.Origin, "127.0.0.1:") || strings.HasSuffix(c.Origin, leader.address) {
			t.Errorf("%s: origin %q", name, c.Origin)
		}
		stream, err := jobs.Watch(context.Background(), connect.NewRequest(&rppv1.WatchRequest{Id: digest(1)}))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		count := 0
		for stream.Receive() {
			count++
		}
		if stream.Err() != nil || count != 1 {
			t.Errorf("%s: %d messages, %v", name, count, stream.Err())
		}
		stream.Close()

		// The leader decides about rights and fields; its errors arrive whole.
		_, err = jobs.Submit(context.Background(), submit("nothing"))
		wantFault(t, FromError(err), fault.CodeFamily)
	}
	if follower.desk.count() != 0 {
		t.Error("the follower acted itself")
	}
}

func TestFollowerAnswersWhatItCan(t *testing.T) {
	w, leader := solo(t)
	follower := w.node(identity.Voter)
	client := w.client(identity.Operator, "", follower)
	if _, err := client.Cluster.Status(context.Background(), connect.NewRequest(&rppv1.StatusRequest{})); err != nil {
		t.Fatal(err)
	}
	if follower.desk.count() != 1 || leader.desk.count() != 0 {
		t.Error("the status was not answered where it was asked")
	}
}

// Restore streams requests through the follower.
func TestFollowerPassesOnStreamsOfRequests(t *testing.T) {
	w, leader := solo(t)
	follower := w.node(identity.Voter)
	client := w.client(identity.Operator, "", follower)
	stream := client.Cluster.Restore(context.Background())
	for i, data := range []string{"ab", "cd"} {
		m := &rppv1.RestoreRequest{Data: []byte(data)}
		if i == 0 {
			m.Digest, m.Size = digest(1), 4
		}
		if err := stream.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	res, err := stream.CloseAndReceive()
	if err != nil || res.Msg.Jobs != 7 || string(leader.desk.blob) != "abcd" {
		t.Errorf("answer %v, %v; received %q", res, err, leader.desk.blob)
	}
}

// Who joins has no certificate: the call is passed on without one.
func TestFollowerPassesOnAJoin(t *testing.T) {
	w, leader := solo(t)
	follower := w.node(identity.Voter)
	client := w.client(identity.Anonymous, "", follower)
	if _, err := client.Join.Join(context.Background(), connect.NewRequest(goodJoin)); err != nil {
		t.Fatal(err)
	}
	if c := leader.desk.lastCaller(); !c.Forwarded || c.Role != identity.Anonymous {
		t.Errorf("the leader saw %+v", c)
	}
}

// The headers of a passed-on call count from a voter only, whoever they name.
func TestForgedForwardingIsRefused(t *testing.T) {
	w, n := solo(t)
	operator := encodeChain([]*x509.Certificate{mustParse(t, w.credential(identity.Operator, "").Certificate().Certificate[0])})
	const path = string(identity.ClusterListTokens)
	for _, role := range everyRole {
		tenant := ""
		if role == identity.Validator {
			tenant = "one"
		}
		client := w.http(role, tenant)
		for _, header := range [][]string{
			{headerForwarded, "1", headerChain, operator},
			{headerChain, operator},
			{headerForwarded, "1"},
			{headerOrigin, "10.0.0.1:1"},
		} {
			whole := len(header) == 4
			_, code, _ := post(t, client, n, path, "{}", header...)
			switch {
			case role == identity.Voter && whole:
				if code != "" || n.desk.lastCaller().Role != identity.Operator {
					t.Errorf("a voter passes an operator's call on: %s", code)
				}
			case code != string(fault.CodeDenied) && code != string(fault.CodeUnauthenticated):
				t.Errorf("%s with %v: code %q, want a refusal", role, header[0], code)
			}
		}
	}
}

func TestBadForwardedCertificates(t *testing.T) {
	w, n := solo(t)
	other, err := identity.NewRoot("test", time.Now, rand.Reader) // same name, another key
	if err != nil {
		t.Fatal(err)
	}
	key, _ := identity.NewKey(rand.Reader)
	csr, _ := identity.NewCSR(key)
	foreign, err := other.Issue(csr, identity.Grant{Role: identity.Operator})
	if err != nil {
		t.Fatal(err)
	}
	good := mustParse(t, w.credential(identity.Operator, "").Certificate().Certificate[0])
	many := make([]*x509.Certificate, forwardedCountMax+1)
	for i := range many {
		many[i] = good
	}
	voter := w.http(identity.Voter, "")
	for name, chain := range map[string]string{
		"empty":       "",
		"not base64":  "?",
		"not DER":     base64.StdEncoding.EncodeToString([]byte("certificate")),
		"truncated":   base64.StdEncoding.EncodeToString(good.Raw[:len(good.Raw)-1]),
		"trailing":    base64.StdEncoding.EncodeToString(append(append([]byte{}, good.Raw...), 0)),
		"too many":    encodeChain(many),
		"too long":    base64.StdEncoding.EncodeToString(make([]byte, forwardedBytesMax+1)),
		"another CA":  encodeChain(foreign),
		"the root":    encodeChain([]*x509.Certificate{w.ca.Root()}),
		"not its key": base64.StdEncoding.EncodeToString(flip(good.Raw)),
	} {
		_, code, _ := post(t, voter, n, string(identity.ClusterListTokens), "{}", headerForwarded, "1", headerChain, chain)
		if code != string(fault.CodeUnauthenticated) {
			t.Errorf("%s: code %q, want %s", name, code, fault.CodeUnauthenticated)
		}
	}
	_, code, _ := post(t, voter, n, string(identity.ClusterListTokens), "{}", headerForwarded, "2", headerChain, encodeChain([]*x509.Certificate{good}))
	if code != string(fault.CodeUnauthenticated) {
		t.Errorf("second hop: code %q", code)
	}
	if n.desk.count() != 0 {
		t.Error("the backend was called")
	}
}

func flip(der []byte) []byte {
	out := append([]byte{}, der...)
	out[len(out)-1] ^= 1 // of the signature
	return out
}

func mustParse(t testing.TB, der []byte) *x509.Certificate {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Two nodes that each take the other for the leader do not pass a call round.
func TestNoSecondHop(t *testing.T) {
	w := newWorld(t)
	var a, b *node
	a = w.node(identity.Voter, func(c *Config) { c.Leader = func() (string, bool) { return b.address, false } })
	b = w.node(identity.Voter, func(c *Config) { c.Leader = func() (string, bool) { return a.address, false } })
	_, code, _ := post(t, w.http(identity.Operator, ""), a, string(identity.ClusterListTokens), "{}")
	if code != string(fault.CodeNoLeader) {
		t.Errorf("code %q, want %s", code, fault.CodeNoLeader)
	}
}

func TestLeaderThatCannotBeReached(t *testing.T) {
	w := newWorld(t)
	a := w.node(identity.Voter, func(c *Config) { c.Leader = func() (string, bool) { return "127.0.0.1:1", false } })
	_, code, body := post(t, w.http(identity.Operator, ""), a, string(identity.ClusterListTokens), "{}")
	if code != string(fault.CodeNoLeader) { // it certainly did nothing
		t.Errorf("code %q, want %s: %s", code, fault.CodeNoLeader, body)
	}
}

// A worker's word about a caller counts for nothing, so it sends the caller on.
func TestWorkerSendsCallersToTheLeader(t *testing.T) {
	w, leader := solo(t)
	worker := w.node(identity.Worker)
	client := w.client(identity.Validator, "one", worker)
	if _, err := client.Jobs.Submit(context.Background(), submit("pruning")); err != nil {
		t.Fatal(err)
	}
	if c := leader.desk.lastCaller(); c.Forwarded || c.Tenant != "one" {
		t.Errorf("the leader saw %+v", c)
	}
	if client.Address() != leader.address {
		t.Errorf("the next call goes to %s", client.Address())
	}
}

func TestSessionIsWithTheLeaderOnly(t *testing.T) {
	w, leader := solo(t)
	follower := w.node(identity.Voter)
	client := w.client(identity.Worker, "", follower)
	open := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s := client.Workers.Session(ctx)
		s.Send(&internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Hello{Hello: &internalv1.Hello{Version: "v1"}}})
		_, err := s.Receive()
		s.CloseRequest()
		s.CloseResponse()
		return err
	}
	err := open()
	wantFault(t, err, fault.CodeNoLeader)
	if got := LeaderIn(err); got != leader.address {
		t.Fatalf("advised %q, want %s", got, leader.address)
	}
	client.Avoid(follower.address, LeaderIn(err))
	if err := open(); err != nil {
		t.Fatal(err)
	}
}

func TestOriginIsAnAddressOrNothing(t *testing.T) {
	for header, want := range map[string]string{
		"10.0.0.1:5": "10.0.0.1:5", "[::1]:5": "[::1]:5", "": "", "host:5": "", "10.0.0.1": "",
		"[fe80::1%" + strings.Repeat("z", originBytesMax) + "]:5": "", "10.0.0.1:5\nx": "",
	} {
		if got := originIn(header); got != want {
			t.Errorf("originIn(%q) = %q, want %q", header, got, want)
		}
	}
}

func FuzzForwardedChain(f *testing.F) {
	w := newWorld(f)
	chain := []*x509.Certificate{mustParse(f, w.credential(identity.Operator, "").Certificate().Certificate[0]), w.ca.Root()}
	f.Add(encodeChain(chain))
	f.Add("")
	f.Add("MAA=")
	f.Fuzz(func(t *testing.T, header string) {
		got, err := decodeChain(header)
		if err != nil {
			if !fault.Is(err, fault.CodeUnauthenticated) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if encodeChain(got) != header {
			t.Fatalf("%q is not what its certificates encode to", header)
		}
	})
}
