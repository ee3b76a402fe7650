package leader_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zeebo/blake3"
	"go.uber.org/goleak"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/leader"
	"rpp-node/scheduler"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const cluster = "c1"

var (
	key     = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	spki    = fsm.SPKI(key.Public().(ed25519.PublicKey))
	voter   = fsm.NodeIDOf(spki)
	spec    = []byte("a spec")
	job     = fsm.JobIDOf(spec)
	witness = []byte("a witness")
	variant = fsm.VariantID{Family: "pruning", Variant: "v", Profile: "production", Hash: "poseidon2"}
)

// lab is a cluster of one voter, whose log commits at once.
type lab struct {
	t       *testing.T
	machine *fsm.Machine
	leader  *leader.Leader
	leads   chan bool
	mu      sync.Mutex
	index   uint64
	verify  func(file []byte) error // the voter's
}

// within runs a test in a bubble, with a leader that leads.
func within(t *testing.T, test func(*testing.T, *lab)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, leads: make(chan bool, 1), index: 1, verify: func([]byte) error { return nil }}
		l.machine = fsm.NewMachine(cluster, func(err error) { t.Error(err) })
		l.machine.SetVoters(1, []fsm.NodeID{voter})
		l.do(&fsm.PutMember{NodeID: voter, Name: "v", Role: fsm.RoleVoter, PublicKey: spki})
		config := scheduler.DefaultConfig()
		config.HoldOff = 0
		l.leader = leader.New(leader.Config{
			Node: voter, Name: "v", Build: "b", Now: time.Now, Log: slog.New(slog.DiscardHandler), Raft: l, Machine: l.machine,
			Voters: l, Witnesses: l, Reference: l, Scheduler: config, Heartbeat: time.Second,
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { l.leader.Run(ctx); close(ended) }()
		l.leads <- true
		synctest.Wait()
		test(t, l)
		cancel()
		<-ended
	})
}

func (l *lab) do(c fsm.Command) {
	l.t.Helper()
	*c.Stamp() = fsm.Header{NowMS: time.Now().UnixMilli(), Actor: "test"}
	b, err := fsm.Encode(c)
	if err != nil {
		l.t.Fatal(err)
	}
	if r, _ := l.Apply(l.t.Context(), b); r.(fsm.Result).Err != nil {
		l.t.Fatal(r.(fsm.Result).Err)
	}
}

func (l *lab) submit(tenant string) {
	l.t.Helper()
	l.do(&fsm.SubmitJob{
		Tenant: tenant, IdempotencyKey: "k",
		Statement: fsm.Statement{Spec: spec, VariantID: variant, WitnessDigest: blake3.Sum256(witness), WitnessBytes: uint64(len(witness))},
		Demand:    fsm.Demand{Cells: 1000, MemoryBytes: 1},
	})
}

func (l *lab) state() (state fsm.JobState) {
	l.machine.View(func(s *fsm.State) {
		if j, ok := s.Job(job); ok {
			state = j.State
		}
	})
	return state
}

// lab is Raft, Voters, Witnesses and Reference of its leader.

func (l *lab) Apply(_ context.Context, command []byte) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.index++
	return l.machine.Apply(l.index, command), nil
}

func (l *lab) Barrier(context.Context) error { return nil }
func (l *lab) Term() uint64                  { return 1 }
func (l *lab) Leadership() <-chan bool       { return l.leads }
func (l *lab) Voters() []fsm.NodeID          { return []fsm.NodeID{voter} }

func (l *lab) Receipt(_ context.Context, _ fsm.NodeID, ask leader.Ask) (fsm.Receipt, error) {
	if err := l.verify(ask.File); err != nil {
		return fsm.Receipt{}, err
	}
	return fsm.SignReceipt(key, voter, fsm.ReceiptClaim{Cluster: cluster, Job: ask.Job, Spec: fsm.Digest(ask.Job), Proof: ask.Digest, Build: "b"}), nil
}

func (l *lab) Witness(context.Context, fsm.Digest) ([]byte, error) { return bytes.Clone(witness), nil }

func (l *lab) Prove(context.Context, *fsm.Job) (fsm.Digest, error) { return fsm.Digest{}, io.EOF }

// worker is the far end of a session.
type worker struct {
	t    *testing.T
	name string
	in   chan *internalv1.LeaderMessage
	out  chan *internalv1.WorkerMessage
	done chan struct{}
}

func (w *worker) Send(m *internalv1.LeaderMessage) error { w.in <- m; return nil }

func (w *worker) Receive() (*internalv1.WorkerMessage, error) {
	m, ok := <-w.out
	if !ok {
		return nil, io.EOF
	}
	return m, nil
}

// join opens the session of a worker with one device.
func (l *lab) join(name string) *worker {
	w := &worker{
		t: l.t, name: name, in: make(chan *internalv1.LeaderMessage, 100), out: make(chan *internalv1.WorkerMessage), done: make(chan struct{}),
	}
	go func() {
		defer close(w.done)
		if err := l.leader.Session(context.Background(), fsm.NodeID{9}, name, w); err != nil {
			l.t.Errorf("session: %v", err)
		}
	}()
	w.out <- &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Hello{Hello: &internalv1.Hello{
		Build: "b", Devices: []*internalv1.DeviceOffer{{Name: name + "/0", Threads: 1, MemoryBytes: 1 << 30}},
	}}}
	if m := w.next(); m.GetWelcome() == nil {
		l.t.Fatalf("%v, want welcome", m)
	}
	return w
}

func (w *worker) leave() {
	close(w.out)
	<-w.done
}

// next is the leader's next message.
func (w *worker) next() *internalv1.LeaderMessage {
	w.t.Helper()
	select {
	case m := <-w.in:
		return m
	case <-time.After(4 * time.Second):
		w.t.Fatal("the leader says nothing")
		return nil
	}
}

func (w *worker) granted() *internalv1.Grant {
	w.t.Helper()
	m := w.next()
	if m.GetGrant() == nil {
		w.t.Fatalf("%v, want a grant", m)
	}
	return m.GetGrant()
}

func (w *worker) report(g *internalv1.Grant, outcome internalv1.Outcome, file, digest []byte) {
	w.out <- &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Report{Report: &internalv1.PartReport{
		Job: g.Job, Fence: g.Fence, Device: g.Device, Outcome: outcome, ProofFile: file, ProofDigest: digest, WallMs: 1,
	}}}
}

func (w *worker) proved(g *internalv1.Grant, file string) {
	digest := blake3.Sum256([]byte(file))
	w.report(g, internalv1.Outcome_OUTCOME_PROVED, []byte(file), digest[:])
}

func (w *worker) taken(g *internalv1.Grant) {
	w.t.Helper()
	m := w.next()
	if f := m.GetTaken().GetFence(); f.GetSequence() != g.Fence.Sequence {
		w.t.Fatalf("%v, want that report %v is taken", m, g.Fence)
	}
}

func TestProvesAndReleases(t *testing.T) {
	within(t, func(t *testing.T, l *lab) {
		w := l.join("w")
		defer w.leave()
		l.submit("a")
		g := w.granted()
		if !bytes.Equal(g.Witness, witness) || !bytes.Equal(g.Spec, spec) {
			t.Errorf("granted %v", g)
		}
		w.proved(g, "proof")
		w.taken(g)
		if l.state() != fsm.Released {
			t.Errorf("the job is %s", l.state())
		}
	})
}

func TestRefusedReleaseIsProposedAgain(t *testing.T) {
	within(t, func(t *testing.T, l *lab) {
		w := l.join("w")
		defer w.leave()
		l.submit("a")
		g := w.granted()
		l.do(&fsm.FreezeFamily{Family: variant.Family})
		w.proved(g, "proof")
		time.Sleep(3 * time.Second)
		if l.state() != fsm.Accepted {
			t.Fatalf("the job is %s while its family is frozen", l.state())
		}
		l.do(&fsm.UnfreezeFamily{Family: variant.Family})
		w.taken(g)
		if l.state() != fsm.Released {
			t.Errorf("the job is %s", l.state())
		}
	})
}

func TestQuarantineForOneTenantLeavesTheOther(t *testing.T) {
	within(t, func(t *testing.T, l *lab) {
		time.Sleep(scheduler.DefaultConfig().JoinGrace) // no other worker is waited for
		w := l.join("w")
		defer w.leave()
		l.submit("a")
		l.submit("b")
		g := w.granted() // the only device: one crash is enough
		w.report(g, internalv1.Outcome_OUTCOME_CRASHED, nil, nil)
		w.taken(g)
		g = w.granted()
		if l.state() != fsm.Accepted {
			t.Errorf("the job is %s", l.state())
		}
		w.report(g, internalv1.Outcome_OUTCOME_CRASHED, nil, nil)
		w.taken(g)
		synctest.Wait()
		if l.state() != fsm.Quarantined {
			t.Errorf("the job is %s", l.state())
		}
	})
}

func TestBadReportEndsTheAttempt(t *testing.T) {
	within(t, func(t *testing.T, l *lab) {
		w := l.join("w")
		defer w.leave()
		l.submit("a")
		g := w.granted()
		w.report(g, internalv1.Outcome_OUTCOME_PROVED, []byte("proof"), make([]byte, 32))
		w.taken(g)
		w.proved(w.granted(), "proof")
		synctest.Wait()
		if l.state() != fsm.Released {
			t.Errorf("the job is %s", l.state())
		}
	})
}

func TestRejectedProofIsMadeAnew(t *testing.T) {
	within(t, func(t *testing.T, l *lab) {
		l.verify = func(file []byte) error {
			if string(file) != "proof" {
				return &leader.Rejection{Code: "V001", Reason: "false"}
			}
			return nil
		}
		w := l.join("w")
		defer w.leave()
		l.submit("a")
		g := w.granted()
		w.proved(g, "forgery")
		w.taken(g) // before the next grant, or it would be answered by the same report
		w.proved(w.granted(), "proof")
		synctest.Wait()
		if l.state() != fsm.Released {
			t.Errorf("the job is %s", l.state())
		}
	})
}
