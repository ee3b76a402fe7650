package api

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// Bodies in memory are bounded: the one too many is refused, and there is room again when
// another call ends.
func TestBodyBytesAreBounded(t *testing.T) {
	w, n := solo(t, func(c *Config) { c.BodyBytes = 3 << 20 })
	n.desk.gate = make(chan struct{})
	client := w.client(identity.Validator, "one", n)
	big := func() error {
		_, err := client.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: "pruning", Witness: make([]byte, 2<<20)}))
		return err
	}
	first := make(chan error)
	go func() { first <- big() }()
	eventually(t, "the first call's arrival", func() bool { return n.desk.count() == 1 })
	if held := n.BodyBytesHeld(); held < 2<<20 || held > 2<<20+100 {
		t.Errorf("%d bytes held", held)
	}
	err := big()
	wantFault(t, err, fault.CodeOverload)
	if FromError(err).RetryAfter != overloadRetry {
		t.Errorf("retry after %v", FromError(err).RetryAfter)
	}
	status, code, _ := post(t, w.http(identity.Validator, "one"), n, string(identity.JobSubmit),
		`{"family":"pruning","witness":"`+base64.StdEncoding.EncodeToString(make([]byte, 2<<20))+`"}`)
	if status != http.StatusTooManyRequests || code != string(fault.CodeOverload) {
		t.Errorf("JSON: status %d, code %s", status, code)
	}
	close(n.desk.gate)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	eventually(t, "giving the bytes back", func() bool { return n.BodyBytesHeld() == 0 })
	if err := big(); err != nil {
		t.Fatal(err)
	}
}

// A body of unknown length is counted as it comes.
func TestBodyWithoutALengthIsCounted(t *testing.T) {
	w, n := solo(t, func(c *Config) { c.BodyBytes = 1 << 20 })
	r, err := http.NewRequest("POST", "https://"+n.address+string(identity.JobSubmit), io.LimitReader(zeros{}, 2<<20))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/proto")
	res, err := w.http(identity.Validator, "one").Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get(headerCode) != string(fault.CodeOverload) {
		t.Errorf("status %d, code %s", res.StatusCode, res.Header.Get(headerCode))
	}
	eventually(t, "giving the bytes back", func() bool { return n.BodyBytesHeld() == 0 })
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Every route refuses a body that is longer than its messages can be, declared or not, at
// a follower as well.
func TestBodiesThatAreTooLong(t *testing.T) {
	w, n := solo(t)
	follower := w.node(identity.Voter)
	clients := map[identity.Role]*http.Client{}
	for path, rt := range routes {
		if rt.class == stream || rt.bodyMax > 1<<20 {
			continue
		}
		role := identity.Anonymous
		for _, r := range everyRole {
			if identity.ScopeOf(r, rt.action) == identity.All {
				role = r
			}
		}
		if clients[role] == nil {
			clients[role] = w.http(role, "")
		}
		for _, at := range []*node{n, follower} {
			for _, declared := range []bool{true, false} {
				body := io.LimitReader(zeros{}, rt.bodyLimit("json")+1)
				r, err := http.NewRequest("POST", "https://"+at.address+path, body)
				if err != nil {
					t.Fatal(err)
				}
				if declared {
					r.ContentLength = rt.bodyLimit("json") + 1
				}
				r.Header.Set("Content-Type", "application/json")
				res, err := clients[role].Do(r)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if res.StatusCode != http.StatusRequestEntityTooLarge || res.Header.Get(headerCode) != string(fault.CodeTooBig) {
					t.Errorf("%s, declared %v: status %d, code %q", path, declared, res.StatusCode, res.Header.Get(headerCode))
				}
			}
		}
	}
	if n.desk.count() != 0 {
		t.Error("the backend was called")
	}
}

func TestWitnessOfTheGreatestSizePasses(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 64 MiB")
	}
	w, n := solo(t)
	client := w.client(identity.Validator, "one", n)
	for size, code := range map[int]fault.Code{WitnessBytesMax: "", WitnessBytesMax + 1: fault.CodeTooBig} {
		_, err := client.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: "pruning", Witness: make([]byte, size)}))
		if code == "" && err != nil {
			t.Error(err)
		} else if code != "" {
			wantFault(t, err, code)
		}
	}
}

// One caller has at most its share of streams; others are not affected.
func TestStreamsOfOneCaller(t *testing.T) {
	w, n := solo(t)
	n.desk.tenants[job(1)] = []string{"one", "two"}
	n.desk.watch = make(chan *rppv1.WatchResponse)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var ends sync.WaitGroup
	watch := func(client *Client) {
		ends.Go(func() { // the call returns with the first message, or with ctx
			if s, err := client.Jobs.Watch(ctx, connect.NewRequest(&rppv1.WatchRequest{Id: digest(1)})); err == nil {
				s.Close()
			}
		})
	}
	client := w.client(identity.Validator, "one", n)
	for range streamSlotsPerCaller {
		watch(client)
	}
	eventually(t, "opening the streams", func() bool { return n.admission.count(stream) == streamSlotsPerCaller })
	// HTTP/2 itself bounds the streams of one connection: ask for the same caller directly.
	if err := n.admission.enter(stream, n.desk.lastCaller().ID); !fault.Is(err, fault.CodeOverload) {
		t.Errorf("one stream more: %v", err)
	}
	watch(w.client(identity.Validator, "two", n))
	eventually(t, "another caller's stream", func() bool { return n.admission.count(stream) == streamSlotsPerCaller+1 })
	cancel()
	ends.Wait()
	eventually(t, "ending the streams", func() bool { return n.admission.count(stream) == 0 })
	n.desk.watched.Wait()
	if len(n.admission.perCaller[stream]) != 0 {
		t.Errorf("%d callers are remembered", len(n.admission.perCaller[stream]))
	}
}

func TestSlotsOfEveryClass(t *testing.T) {
	for c, room := range rooms(1 << 20) {
		a := newAdmission(1 << 20)
		entered, caller := 0, identity.NodeID{}
		for a.enter(class(c), caller) == nil {
			entered++
			if room.perCaller > 0 && entered%room.perCaller == 0 {
				caller[0], caller[1] = byte(entered>>8)+1, caller[1]+1
			}
		}
		if entered != room.slots {
			t.Errorf("class %d: %d calls entered, want %d", c, entered, room.slots)
		}
		if err := a.hold(class(c), room.bytes); err != nil {
			t.Errorf("class %d: %v", c, err)
		}
		if err := a.hold(class(c), 1); !fault.Is(err, fault.CodeOverload) {
			t.Errorf("class %d: a byte too many: %v", c, err)
		}
	}
}

// JSON is written by people: what is misspelt is refused.
func TestStrictJSON(t *testing.T) {
	w, n := solo(t)
	client := w.http(identity.Operator, "")
	for body, ok := range map[string]bool{
		`{}`:                            true,
		`{"limit":5}`:                   true,
		`{"limits":5}`:                  false,
		`{"limit":-1}`:                  false,
		`{"limit":1} {}`:                false,
		`[]`:                            false,
		``:                              false,
		`{"limit":1,"limit":2}`:         false,
		strings.Repeat(`{"a":`, 10_000): false,
	} {
		if status, _, text := post(t, client, n, string(identity.JobList), body); (status == http.StatusOK) != ok || !ok && status != http.StatusBadRequest {
			t.Errorf("%.40s: status %d: %s", body, status, text)
		}
	}
}

// Every route × arbitrary JSON: an answer or a refusal, never a crash or a failure.
func FuzzJSON(f *testing.F) {
	_, n := solo(f)
	n.Identity = func(context.Context) identity.Identity {
		return identity.Identity{Role: identity.Operator, NotAfter: time.Now().Add(time.Hour)}
	}
	var unary []string
	for _, path := range Routes() {
		if routes[path].class != stream && identity.ScopeOf(identity.Operator, routes[path].action) != identity.None {
			unary = append(unary, path)
		}
	}
	f.Add(uint8(0), `{}`)
	for i := range unary {
		f.Add(uint8(i), `{"id":"AA==","tenant":"one","family":"pruning","limit":1,"node":"w1","role":"voter","kind":"spec","subject":"x","families":["pruning"]}`)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		path := unary[int(which)%len(unary)]
		r, err := http.NewRequest("POST", path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		w := newRecorder()
		n.Server.ServeHTTP(w, r)
		if w.status >= 500 {
			t.Fatalf("%s %q: status %d: %s", path, body, w.status, w.text.String())
		}
	})
}

// recorder is a response that keeps what was written.
type recorder struct {
	header http.Header
	status int
	text   strings.Builder
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.text.Write(p) }

// response is what was written, as a client gets it.
func (r *recorder) response(req *http.Request) *http.Response {
	return &http.Response{
		StatusCode: r.status, Header: r.header, Request: req, ProtoMajor: 2,
		Body: io.NopCloser(strings.NewReader(r.text.String())), ContentLength: int64(r.text.Len()),
	}
}
