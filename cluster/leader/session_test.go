package leader

import (
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/zeebo/blake3"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// log is a Raft of one voter: what is proposed is committed.
type log struct {
	machine *fsm.Machine
	changes chan bool
	voter   fsm.NodeID

	mu    sync.Mutex // guards the rest
	index uint64
}

func (r *log) Apply(_ context.Context, command []byte) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index++
	return r.machine.Apply(r.index, command), nil
}

func (r *log) Barrier(context.Context) error { return nil }
func (r *log) Term() uint64                  { return 7 }
func (r *log) Leadership() <-chan bool       { return r.changes }
func (r *log) Voters() []fsm.NodeID          { return []fsm.NodeID{r.voter} }

// silence answers no question.
type silence struct{}

func (silence) Receipt(ctx context.Context, _ fsm.NodeID, _ Ask) (fsm.Receipt, error) {
	<-ctx.Done()
	return fsm.Receipt{}, ctx.Err()
}
func (silence) Witness(context.Context, fsm.Digest) ([]byte, error) { return []byte("w"), nil }
func (silence) Prove(context.Context, *fsm.Job) (fsm.Digest, error) {
	return fsm.Digest{}, io.EOF
}

// wire is a worker's stream: the test is the worker.
type wire struct {
	up   chan *internalv1.WorkerMessage
	down chan *internalv1.LeaderMessage
}

func newWire() *wire {
	return &wire{make(chan *internalv1.WorkerMessage, 16), make(chan *internalv1.LeaderMessage, 64)}
}

func (w *wire) Send(m *internalv1.LeaderMessage) error { w.down <- m; return nil }

func (w *wire) Receive() (*internalv1.WorkerMessage, error) {
	if m, ok := <-w.up; ok {
		return m, nil
	}
	return nil, io.EOF
}

func hello(name string, resident ...*internalv1.Resident) *internalv1.WorkerMessage {
	return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Hello{Hello: &internalv1.Hello{
		Build: "b", Devices: []*internalv1.DeviceOffer{{Name: name + "/0", Kind: "cpu", Threads: 1}}, Resident: resident,
	}}}
}

// leading is a leader that leads.
func leading(t *testing.T) (*Leader, *log) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	r := &log{machine: fsm.NewMachine("test", func(error) {}), changes: make(chan bool, 1), voter: fsm.NodeIDOf(fsm.SPKI(key.Public().(ed25519.PublicKey)))}
	c := scheduler.DefaultConfig()
	c.HoldOff = 0
	l := New(Config{
		Node: r.voter, Name: "voter", Build: "b", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Raft: r, Machine: r.machine, Voters: silence{}, Witnesses: silence{}, Reference: silence{}, Scheduler: c, Heartbeat: time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	r.changes <- true
	for !l.Leading() {
		time.Sleep(time.Millisecond)
	}
	return l, r
}

// connect opens a session, and answers with its end.
func connect(t *testing.T, l *Leader, name string, resident ...*internalv1.Resident) (*wire, <-chan error) {
	t.Helper()
	w, ended := newWire(), make(chan error, 1)
	go func() { ended <- l.Session(context.Background(), fsm.NodeID{name[0]}, name, w) }()
	t.Cleanup(func() { close(w.up) })
	w.up <- hello(name, resident...)
	if m := <-w.down; m.GetWelcome() == nil {
		t.Fatalf("the first message is %v", m)
	}
	return w, ended
}

func TestSessionEndsWithItsTermThoughTheWorkerIsSilent(t *testing.T) {
	l, r := leading(t)
	_, ended := connect(t, l, "mole")
	r.changes <- false
	select {
	case err := <-ended:
		if !fault.Is(err, fault.CodeNoLeader) {
			t.Errorf("the session ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the session goes on")
	}
}

// submit has a job accepted, and answers with its name.
func submit(t *testing.T, r *log, spec string) fsm.JobID {
	t.Helper()
	c := &fsm.SubmitJob{
		Tenant: "acme", IdempotencyKey: spec,
		Statement: fsm.Statement{Spec: []byte(spec), VariantID: fsm.VariantID{Family: "f", Variant: "v", Profile: "p", Hash: "h"}, WitnessBytes: 1},
		Demand:    fsm.Demand{Cells: 1},
	}
	*c.Stamp() = fsm.Header{NowMS: 1, Actor: "test"}
	data, err := fsm.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	result, _ := r.Apply(t.Context(), data)
	if err := result.(fsm.Result).Err; err != nil {
		t.Fatal(err)
	}
	return fsm.JobIDOf(c.Spec)
}

// granted waits for a grant.
func granted(t *testing.T, w *wire) *internalv1.Grant {
	t.Helper()
	for {
		select {
		case m := <-w.down:
			if g := m.GetGrant(); g != nil {
				return g
			}
		case <-time.After(5 * time.Second):
			t.Fatal("nothing is granted")
		}
	}
}

func proof(device string, job fsm.JobID, fence *internalv1.Fence, file string) *internalv1.WorkerMessage {
	digest := blake3.Sum256([]byte(file))
	return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Report{Report: &internalv1.PartReport{
		Job: job[:], Fence: fence, Device: device, Outcome: internalv1.Outcome_OUTCOME_PROVED, ProofFile: []byte(file), ProofDigest: digest[:],
	}}}
}

// TestWorkersMayOnlyClaimWhatTheyHold: what a worker says of a job that another one holds
// opens no witness to it, and keeps no proof out.
func TestWorkersMayOnlyClaimWhatTheyHold(t *testing.T) {
	l, r := leading(t)
	good, _ := connect(t, l, "good")
	job := submit(t, r, "one")
	g := granted(t, good)
	fence := scheduler.Fence{Term: g.Fence.Term, Sequence: g.Fence.Sequence}
	other := scheduler.Fence{Term: 1, Sequence: 1}
	mole, _ := connect(t, l, "mole",
		&internalv1.Resident{Job: job[:], Fence: g.Fence, Device: "mole/0", Started: true},
		&internalv1.Resident{Job: job[:], Fence: protoFence(other), Device: "mole/0", Started: true})
	for _, f := range []scheduler.Fence{fence, other} {
		if err := l.MayRead(t.Context(), "mole", job, f); !fault.Is(err, fault.CodeNoLease) {
			t.Errorf("mole reads the witness under %s: %v", f, err)
		}
	}
	if err := l.MayRead(t.Context(), "good", job, fence); err != nil {
		t.Errorf("the holder does not: %v", err)
	}
	for i := range 2 * arrivalsCount {
		f := &internalv1.Fence{Term: 1, Sequence: uint64(i + 1)}
		mole.up <- proof("mole/0", job, f, string(rune('a'+i)))
		for m := range mole.down {
			if m.GetTaken() != nil {
				break
			}
		}
	}
	look := func(see func(*term)) {
		if err := l.do(t.Context(), see); err != nil {
			t.Fatal(err)
		}
	}
	look(func(tm *term) {
		if n := len(tm.arrivals[job]); n != 0 {
			t.Errorf("%d proofs are kept of who holds nothing", n)
		}
	})
	good.up <- proof("good/0", job, g.Fence, "genuine")
	for assembled := false; !assembled; {
		look(func(tm *term) {
			a := tm.assemblies[job]
			if assembled = a != nil; assembled && (string(a.file) != "genuine" || len(tm.arrivals) != 0) {
				t.Errorf("assembled is %q, and %d jobs have proofs waiting", a.file, len(tm.arrivals))
			}
		})
	}
}
