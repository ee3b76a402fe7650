package leader

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// Leader acts while its node leads Raft.
type Leader struct {
	cfg     Config
	current atomic.Pointer[term] // nil while another node leads
}

// New makes a leader that does nothing until it runs.
func New(cfg Config) *Leader {
	if cfg.Observer == nil {
		cfg.Observer = nobody{}
	}
	return &Leader{cfg: cfg}
}

type nobody struct{}

func (nobody) Part(Part) {}

// Run leads whenever the node does, until ctx ends.
func (l *Leader) Run(ctx context.Context) {
	changes := l.cfg.Machine.Subscribe(eventsCount)
	defer changes.Close()
	leads := false
	for {
		if !leads {
			select {
			case <-ctx.Done():
				return
			case <-changes.C: // of no interest: a term begins from the whole state
			case leads = <-l.cfg.Raft.Leadership():
			}
			continue
		}
		leads = l.lead(ctx, changes)
		if ctx.Err() != nil {
			return
		}
	}
}

// lead runs one term and returns whether the node leads again, or still.
func (l *Leader) lead(parent context.Context, changes *fsm.Subscriber) bool {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	number := l.cfg.Raft.Term()
	if again, ok := l.catchUp(ctx); !ok {
		return again
	}
	if l.cfg.Raft.Term() != number { // it is another's, or ours again: nobody else may use its fences
		return true
	}
	t := newTerm(ctx, l, number)
	defer t.end()
	t.begin()
	l.current.Store(t)
	defer l.current.Store(nil)
	l.cfg.Log.Info("leading", "term", t.number, "jobs", len(t.known))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case leads := <-l.cfg.Raft.Leadership():
			if !leads || l.cfg.Raft.Term() != t.number {
				l.cfg.Log.Info("leading no more", "term", t.number)
				return leads
			}
		case f := <-t.calls:
			f(t)
		case e := <-changes.C:
			t.changed(e)
		case <-timer.C:
			if !t.wake.IsZero() && !t.wake.After(l.cfg.Now()) {
				t.wake = time.Time{} // the step names the next one
			}
			t.step(scheduler.Tick{})
		}
		t.ask()
		timer.Reset(t.untilWake())
	}
}

// catchUp waits until the state has everything that was committed before this term. If
// that does not come to pass, again says whether the node still leads.
func (l *Leader) catchUp(ctx context.Context) (again, ok bool) {
	for {
		done := make(chan error, 1)
		attempt, cancel := context.WithTimeout(ctx, proposeTimeout)
		go func() { done <- l.cfg.Raft.Barrier(attempt) }()
		select {
		case err := <-done:
			cancel()
			if err == nil {
				return true, true
			}
			l.cfg.Log.Warn("catching up as leader", "error", err)
		case leads := <-l.cfg.Raft.Leadership():
			cancel()
			<-done
			return leads, false
		}
		select {
		case <-ctx.Done():
			return false, false
		case leads := <-l.cfg.Raft.Leadership():
			return leads, false
		case <-time.After(proposePause):
		}
	}
}

// do runs f on the loop and returns when it has run. It fails if this node does not lead.
func (l *Leader) do(ctx context.Context, f func(*term)) error {
	t := l.current.Load()
	if t == nil {
		return errNotLeading()
	}
	return t.do(ctx, f)
}

func errNotLeading() error {
	return fault.New(fault.CodeNoLeader, "this node does not lead")
}

// Leading says whether this node acts as the leader.
func (l *Leader) Leading() bool { return l.current.Load() != nil }

// term is one node's time as the leader. All fields belong to the loop but for those that
// say otherwise.
type term struct {
	l       *Leader
	number  uint64
	ctx     context.Context // ends with the term; for its goroutines
	cancel  context.CancelFunc
	calls   chan func(*term) // functions for the loop
	ended   chan struct{}    // closed when the loop runs no more of them
	workers sync.WaitGroup   // the term's goroutines

	scheduler  *scheduler.Scheduler
	events     []scheduler.Event    // the one that the scheduler is deciding about, and those that wait
	wake       time.Time            // when the scheduler wants a tick, zero if it does not
	asking     time.Time            // when a voter is to be asked again, zero if none is
	known      map[fsm.JobID]uint64 // jobs that the scheduler has, with their AcceptIndex
	sessions   map[scheduler.WorkerID]*session
	parts      map[scheduler.Fence]*part // granted and not yet taken
	assemblies map[fsm.JobID]*assembly
	arrivals   map[fsm.JobID][]*arrival // finished proofs that the scheduler has not settled

	reservations map[fsm.JobID]uint64
	drained      map[scheduler.WorkerID]bool
	banned       map[fsm.Quarantine]bool // what the scheduler knows of the quarantine list
}

func newTerm(ctx context.Context, l *Leader, number uint64) *term {
	t := &term{
		l: l, number: number, calls: make(chan func(*term), callsCount), ended: make(chan struct{}),
		known: map[fsm.JobID]uint64{}, sessions: map[scheduler.WorkerID]*session{},
		parts: map[scheduler.Fence]*part{}, assemblies: map[fsm.JobID]*assembly{}, arrivals: map[fsm.JobID][]*arrival{},
		reservations: map[fsm.JobID]uint64{}, drained: map[scheduler.WorkerID]bool{}, banned: map[fsm.Quarantine]bool{},
	}
	t.ctx, t.cancel = context.WithCancel(ctx)
	t.scheduler = scheduler.New(l.cfg.Scheduler, t.number, l.cfg.Now())
	return t
}

// end stops everything that the term started.
func (t *term) end() {
	t.cancel()
	close(t.ended)
	t.workers.Wait()
}

// do runs f on the loop and returns when it has run.
func (t *term) do(ctx context.Context, f func(*term)) error {
	done := make(chan struct{})
	select {
	case t.calls <- func(t *term) { f(t); close(done) }:
	case <-ctx.Done():
		return ctx.Err()
	case <-t.ctx.Done():
		return errNotLeading()
	}
	select {
	case <-done:
		return nil
	case <-t.ended: // not before f has run, if it has begun: the caller reads what f writes
	}
	select {
	case <-done:
		return nil
	default:
		return errNotLeading()
	}
}

// start runs f beside the loop; f hands its result to the loop by do.
func (t *term) start(f func(context.Context)) {
	t.workers.Add(1)
	go func() {
		defer t.workers.Done()
		f(t.ctx)
	}()
}

// untilWake is how long the loop may sleep.
func (t *term) untilWake() time.Duration {
	d := tickMost
	now := t.l.cfg.Now()
	for _, at := range []time.Time{t.wake, t.asking} {
		if !at.IsZero() {
			d = min(d, at.Sub(now))
		}
	}
	return max(d, 0)
}
