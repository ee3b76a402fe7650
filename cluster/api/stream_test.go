package api

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// A watcher that goes away ends the backend's watch, through a follower as well.
func TestWatchEndsWithItsCaller(t *testing.T) {
	w, n := solo(t)
	follower := w.node(identity.Voter)
	n.desk.tenants[job(1)] = nil
	n.desk.watch = make(chan *rppv1.WatchResponse, 1)
	for _, at := range []*node{n, follower} {
		ctx, cancel := context.WithCancel(context.Background())
		n.desk.watch <- &rppv1.WatchResponse{Sequence: 1}
		s, err := w.client(identity.Operator, "", at).Jobs.Watch(ctx, connect.NewRequest(&rppv1.WatchRequest{Id: digest(1)}))
		if err != nil || !s.Receive() {
			t.Fatal(err, s.Err())
		}
		cancel()
		n.desk.watched.Wait()
		s.Close()
	}
}

func TestSessionChecksEveryMessage(t *testing.T) {
	w, n := solo(t)
	client := w.client(identity.Worker, "", n)
	s := client.Workers.Session(context.Background())
	hello := &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Hello{Hello: &internalv1.Hello{Version: "v1"}}}
	if err := s.Send(hello); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Receive(); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(hello); err != nil { // a second one
		t.Fatal(err)
	}
	_, err := s.Receive()
	wantFault(t, err, fault.CodeField)
	s.CloseRequest()
	s.CloseResponse()
	if n.desk.count() != 1 {
		t.Errorf("%d messages reached the backend", n.desk.count())
	}
}

func TestBackupStreams(t *testing.T) {
	w, n := solo(t)
	s, err := w.client(identity.Operator, "", n).Cluster.Backup(ctx, connect.NewRequest(&rppv1.BackupRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var data []byte
	var last []byte
	for s.Receive() {
		data, last = append(data, s.Msg().Data...), s.Msg().Digest
	}
	if s.Err() != nil || string(data) != "state" || len(last) != 32 {
		t.Errorf("%q, digest %x, %v", data, last, s.Err())
	}
}

func TestGRPCHealth(t *testing.T) {
	w, n := solo(t)
	c := grpchealth.NewClient(w.http(identity.Worker, ""), "https://"+n.address, connect.WithGRPC())
	res, err := c.Check(ctx, &grpchealth.CheckRequest{})
	if err != nil || res.Status != grpchealth.StatusServing {
		t.Errorf("%v, %v", res, err)
	}
	_, err = grpchealth.NewClient(w.http(identity.Anonymous, ""), "https://"+n.address).Check(ctx, &grpchealth.CheckRequest{})
	if connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("without a certificate: %v", err)
	}
}

// pipes is a listener of connections in memory, for a bubble with its own time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial() net.Conn {
	a, b := net.Pipe()
	p.conns <- a
	return b
}

// bubble serves one node in virtual time, to an operator whose certificate lasts an hour.
func bubble(t *testing.T, test func(t *testing.T, d *desk, p *pipes, s *Server)) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		expires := time.Now().Add(time.Hour)
		s, err := New(Config{
			Role: identity.Voter, Families: []string{"pruning"},
			Identity: func(context.Context) identity.Identity {
				return identity.Identity{Role: identity.Operator, NotAfter: expires}
			},
			Verify: func([]*x509.Certificate) (identity.Identity, error) { return identity.Identity{}, nil }, Leader: func() (string, bool) { return "", true }, Transport: http.DefaultTransport,
			Jobs: d, Cluster: d, Keys: d, Joiner: d, Peer: d, Workers: d,
			Health: grpchealth.NewStaticChecker(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		p := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		server := &http.Server{Handler: s}
		go server.Serve(p)
		test(t, d, p, s)
		server.Close()
		synctest.Wait()
	})
}

// watchHTTP1 writes a call of Watch as it looks on a connection.
func watchHTTP1(c net.Conn) {
	message, err := json.Marshal(map[string][]byte{"id": digest(1)})
	if err != nil {
		panic(err)
	}
	body := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	fmt.Fprintf(c, "POST /rpp.v1.JobService/Watch HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// A reader that stands still loses its stream; the backend is not held up any longer.
func TestSlowReaderLosesItsStream(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, p *pipes, s *Server) {
		d.tenants[job(1)] = nil
		d.watch = make(chan *rppv1.WatchResponse)
		c := p.dial()
		defer c.Close()
		watchHTTP1(c)
		started := time.Now()
		reason := strings.Repeat("x", 1<<16)
		sent := 0
		for ; ; sent++ { // nobody reads: the buffers fill, then send blocks and fails
			select {
			case d.watch <- &rppv1.WatchResponse{Job: &rppv1.Job{Reason: reason}}:
				continue
			case <-time.After(10 * writeTimeout):
			}
			break
		}
		d.watched.Wait()
		synctest.Wait()
		if took := time.Since(started); sent == 0 || took < writeTimeout || s.admission.count(stream) != 0 {
			t.Errorf("over after %v, %d messages, %d streams", took, sent, s.admission.count(stream))
		}
	})
}

// A stream lives no longer than the certificate of its caller.
func TestStreamEndsWithTheCertificate(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, p *pipes, s *Server) {
		d.tenants[job(1)] = nil
		d.watch = make(chan *rppv1.WatchResponse)
		c := p.dial()
		defer c.Close()
		watchHTTP1(c)
		started := time.Now()
		answer, err := io.ReadAll(readUntil{c, string(fault.CodeUnauthenticated)})
		if err != nil || !strings.Contains(string(answer), string(fault.CodeUnauthenticated)) {
			t.Errorf("answer %q, %v", answer, err)
		}
		if took := time.Since(started); took != time.Hour {
			t.Errorf("over after %v", took)
		}
	})
}

// readUntil ends when a text has come.
type readUntil struct {
	net.Conn
	text string
}

func (r readUntil) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if err == nil && strings.Contains(string(p[:n]), r.text) {
		err = io.EOF
	}
	return n, err
}

// A body that does not come ends the call in its time, not later.
func TestSlowBody(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, p *pipes, s *Server) {
		c := p.dial()
		defer c.Close()
		io.WriteString(c, "POST /rpp.v1.JobService/List HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
		started := time.Now()
		io.ReadAll(c)
		if took := time.Since(started); took != readTimeout || d.count() != 0 {
			t.Errorf("over after %v, %d calls", took, d.count())
		}
	})
}

// A backend that does not answer is left when the route's time is over.
func TestCallsEndInTheirTime(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, p *pipes, s *Server) {
		d.gate = make(chan struct{})
		for path, want := range map[string]time.Duration{"ClusterService/Members": smallTimeout, "KeyService/Preload": patientTimeout} {
			c := p.dial()
			fmt.Fprintf(c, "POST /rpp.v1.%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", path)
			started := time.Now()
			answer, err := io.ReadAll(readUntil{c, "deadline_exceeded"})
			if took := time.Since(started); err != nil || took != want || !strings.Contains(string(answer), "deadline_exceeded") {
				t.Errorf("%s: over after %v, want %v: %q %v", path, took, want, answer, err)
			}
			c.Close()
		}
	})
}
