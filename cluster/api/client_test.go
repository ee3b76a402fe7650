package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	mathrand "math/rand"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// answers is a network on which every node answers as a script says.
type answers struct {
	mu     sync.Mutex
	asked  []string                                                        // hosts, in order
	answer func(host string, w http.ResponseWriter, r *http.Request) error // an error: no connection
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.asked = append(a.asked, r.URL.Host)
	a.mu.Unlock()
	w := newRecorder()
	if err := a.answer(r.URL.Host, w, r); err != nil {
		return nil, err
	}
	return w.response(r), nil
}

// refusing answers with an error the first n times, then well.
func refusing(n int, err error) *answers {
	writer := connect.NewErrorWriter()
	a := &answers{}
	a.answer = func(_ string, w http.ResponseWriter, r *http.Request) error {
		if len(a.asked) <= n {
			if fault.Is(err, fault.CodeUnreachable) {
				return err
			}
			return writer.Write(w, r, toWire(err, ""))
		}
		w.Header().Set("Content-Type", "application/proto")
		return nil
	}
	return a
}

// virtual runs a client in a bubble, where waiting takes no time.
func virtual(t *testing.T, a *answers, patient bool, test func(c *Client)) {
	synctest.Test(t, func(t *testing.T) {
		test(NewClient(ClientConfig{
			HTTP: &http.Client{Transport: a}, Addresses: []string{"a:1", "b:1", "c:1"},
			Rand: mathrand.New(mathrand.NewSource(1)), Patient: patient,
		}))
	})
}

func TestClientTriesAgain(t *testing.T) {
	get := func(c *Client) error {
		_, err := c.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{Id: digest(1)}))
		return err
	}
	send := func(c *Client) error {
		_, err := c.Jobs.Submit(ctx, submit("pruning"))
		return err
	}
	token := func(c *Client) error {
		_, err := c.Cluster.CreateToken(ctx, connect.NewRequest(&rppv1.CreateTokenRequest{Role: "worker"}))
		return err
	}
	for _, c := range []struct {
		name    string
		call    func(*Client) error
		code    fault.Code
		patient bool
		again   bool
	}{
		{"read without a leader", get, fault.CodeNoLeader, false, true},
		{"read of unknown outcome", get, fault.CodeNoQuorum, false, true},
		{"read without a connection", get, fault.CodeUnreachable, false, true},
		{"submit of unknown outcome", send, fault.CodeNoQuorum, false, true},
		{"submit while starting", send, fault.CodeStarting, false, true},
		{"token without a leader", token, fault.CodeNoLeader, false, true},
		{"token of unknown outcome", token, fault.CodeNoQuorum, false, false},
		{"token without a connection", token, fault.CodeUnreachable, false, true}, // never sent
		{"a wrong request", get, fault.CodeField, true, false},
		{"a full queue", send, fault.CodeQueueFull, false, false},
		{"a full queue, with patience", send, fault.CodeQueueFull, true, true},
		{"a full disk", send, fault.CodeDiskFull, true, false},
		{"no device", send, fault.CodeNoDevice, true, false},
		{"no right", get, fault.CodeDenied, true, false},
	} {
		a := refusing(3, fault.New(c.code, "x").After(5*time.Second))
		virtual(t, a, c.patient, func(client *Client) {
			started := time.Now()
			err := c.call(client)
			took := time.Since(started)
			if !c.again {
				if !fault.Is(err, c.code) || len(a.asked) != 1 || took != 0 {
					t.Errorf("%s: %v after %d calls and %v, want %s at once", c.name, err, len(a.asked), took, c.code)
				}
				return
			}
			// Retry-After is honoured, except by what never came so far.
			if c.code != fault.CodeUnreachable && took < 15*time.Second {
				t.Errorf("%s: three waits of 5 s took %v", c.name, took)
			}
			if err != nil || len(a.asked) != 4 {
				t.Errorf("%s: %v after %d calls", c.name, err, len(a.asked))
			}
		})
	}
}

// A node that does not answer is left for the next; the advised leader comes first.
func TestClientMovesOn(t *testing.T) {
	writer := connect.NewErrorWriter()
	a := &answers{answer: func(host string, w http.ResponseWriter, r *http.Request) error {
		switch host {
		case "a:1":
			return errors.New("refused")
		case "b:1":
			return writer.Write(w, r, toWire(fault.New(fault.CodeNoLeader, "not me"), "z:9"))
		}
		w.Header().Set("Content-Type", "application/proto")
		return nil
	}}
	virtual(t, a, false, func(c *Client) {
		for range 2 {
			if _, err := c.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{Id: digest(1)})); err != nil {
				t.Fatal(err)
			}
		}
	})
	want := []string{"a:1", "b:1", "z:9", "z:9"}
	if len(a.asked) != len(want) {
		t.Fatalf("asked %v, want %v", a.asked, want)
	}
	for i := range want {
		if a.asked[i] != want[i] {
			t.Fatalf("asked %v, want %v", a.asked, want)
		}
	}
}

// Tries end with the context, in half a minute without one, and never wait in vain.
func TestClientGivesUp(t *testing.T) {
	a := refusing(1<<30, fault.New(fault.CodeNoLeader, "x"))
	virtual(t, a, false, func(c *Client) {
		started := time.Now()
		_, err := c.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{Id: digest(1)}))
		took := time.Since(started)
		wantFault(t, err, fault.CodeNoLeader)
		if took > retrySpan || took < retrySpan-2*retryMax {
			t.Errorf("gave up after %v", took)
		}
		if n := len(a.asked); n < 10 || n > 40 {
			t.Errorf("%d calls in %v", n, took)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		started = time.Now()
		_, err = c.Jobs.Get(short, connect.NewRequest(&rppv1.GetRequest{Id: digest(1)}))
		wantFault(t, err, fault.CodeNoLeader)
		if took := time.Since(started); took > time.Second {
			t.Errorf("gave up after %v", took)
		}
	})
}

func TestClientWithoutAddresses(t *testing.T) {
	c := NewClient(ClientConfig{HTTP: &http.Client{}, Rand: mathrand.New(mathrand.NewSource(1))})
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err := c.Jobs.Get(short, connect.NewRequest(&rppv1.GetRequest{Id: digest(1)}))
	wantFault(t, err, fault.CodeUnreachable)
}

// Watch goes on over a broken stream and tells every change once.
func TestClientWatch(t *testing.T) {
	w, n := solo(t)
	other := w.node(identity.Voter)
	n.desk.tenants[job(1)] = nil
	state := func(s rppv1.JobState) *rppv1.WatchResponse {
		return &rppv1.WatchResponse{Job: &rppv1.Job{Id: digest(1), State: s}}
	}
	n.desk.watch = make(chan *rppv1.WatchResponse)
	var seen []rppv1.JobState
	done := make(chan error, 1)
	client := w.client(identity.Operator, "", n, other)
	go func() {
		last, err := client.Watch(ctx, job(1), func(j *rppv1.Job) error {
			seen = append(seen, j.State)
			return nil
		})
		if err == nil && last.State != rppv1.JobState_JOB_STATE_RELEASED {
			err = errors.New(last.State.String())
		}
		done <- err
	}()
	n.desk.watch <- state(rppv1.JobState_JOB_STATE_ACCEPTED)
	n.desk.watch <- state(rppv1.JobState_JOB_STATE_RUNNING)
	close(n.desk.watch) // the node closes down
	next := make(chan *rppv1.WatchResponse, 2)
	next <- state(rppv1.JobState_JOB_STATE_RUNNING) // what it has seen already
	next <- state(rppv1.JobState_JOB_STATE_RELEASED)
	n.desk.set(func(d *desk) { d.watch = next })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 {
		t.Errorf("saw %v", seen)
	}
	stop := errors.New("enough")
	n.desk.set(func(d *desk) { d.watch = nil })
	if _, err := client.Watch(ctx, job(1), func(*rppv1.Job) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("ended with %v", err)
	}
	_, err := client.Watch(ctx, job(2), func(*rppv1.Job) error { return nil })
	wantFault(t, err, fault.CodeNoJob)
}
