package leader

import (
	"context"
	"errors"
	"io"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// session is a worker that is connected.
type session struct {
	worker scheduler.WorkerID
	node   fsm.NodeID
	out    chan outgoing
	cancel context.CancelCauseFunc
	// resident is what Hello names, until the scheduler has said which of it counts; directives
	// are its answers, collected while it takes the worker in.
	resident   map[scheduler.Fence]*part
	directives []*internalv1.Directive
	welcomed   bool
	early      []outgoing // what waits for the welcome
	heartbeat  uint64     // sequence of the heartbeat that is being answered
	devices    []scheduler.Device
	version    string
	build      string
}

// outgoing is a message for the worker; a grant is filled in by the writer, because that
// reads the disk.
type outgoing struct {
	message *internalv1.LeaderMessage
	grant   *scheduler.Grant
}

// errReplaced ends a session whose worker has opened another.
var errReplaced = errors.New("the worker has opened another session")

// errSlow ends a session whose worker does not read.
var errSlow = errors.New("the worker does not read its messages")

// Session serves a worker whose certificate names it, until the stream, ctx or the term
// ends. Its error is nil if the worker went by itself.
func (l *Leader) Session(ctx context.Context, node fsm.NodeID, name string, stream Stream) error {
	t := l.current.Load()
	if t == nil {
		return errNotLeading()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(t.ctx, func() { cancel(errNotLeading()) })
	defer stop()
	s := &session{worker: scheduler.WorkerID(name), node: node, out: make(chan outgoing, outgoingCount), cancel: cancel}
	in := receiving(ctx, stream)
	hello, err := s.hello(ctx, in)
	if err != nil {
		return err
	}
	if err := t.do(ctx, func(t *term) { t.join(s, hello) }); err != nil {
		return err
	}
	written := make(chan error, 1)
	go func() {
		err := l.write(ctx, s, stream)
		cancel(err)
		written <- err
	}()
	err = l.read(ctx, t, s, in)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(err)
	<-written
	gone := err
	if gone == nil {
		gone = io.EOF
	}
	leave, done := context.WithTimeout(context.WithoutCancel(ctx), proposeTimeout)
	defer done()
	t.do(leave, func(t *term) { t.left(s, gone) })
	return err
}

// hello waits for a session's first message.
func (s *session) hello(ctx context.Context, in <-chan received) (scheduler.WorkerJoined, error) {
	late := time.AfterFunc(helloTimeout, func() {
		s.cancel(fault.New(fault.CodeField, "session: no hello within %s", helloTimeout))
	})
	defer late.Stop()
	m, err := next(ctx, in)
	if err != nil {
		return scheduler.WorkerJoined{}, err
	}
	h := m.GetHello()
	if h == nil {
		return scheduler.WorkerJoined{}, fault.New(fault.CodeField, "session: the first message must be hello")
	}
	s.version, s.build = h.Version, h.Build
	e, err := joined(s.worker, h)
	s.devices = e.Devices
	return e, err
}

// read hands what the worker says to the loop.
func (l *Leader) read(ctx context.Context, t *term, s *session, in <-chan received) error {
	for {
		m, err := next(ctx, in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.receive(ctx, t, s, m); err != nil {
			return err
		}
	}
}

func (l *Leader) receive(ctx context.Context, t *term, s *session, m *internalv1.WorkerMessage) error {
	switch m := m.Of.(type) {
	case *internalv1.WorkerMessage_Heartbeat:
		e, err := heartbeat(s.worker, m.Heartbeat)
		if err != nil {
			return err
		}
		return t.do(ctx, func(t *term) {
			if t.sessions[s.worker] != s {
				return
			}
			s.heartbeat = m.Heartbeat.Sequence
			t.step(e)
		})
	case *internalv1.WorkerMessage_Report:
		return l.reported(ctx, t, s, m.Report)
	case *internalv1.WorkerMessage_Dropped:
		e := scheduler.Dropped{Worker: s.worker, Fence: fenceOf(m.Dropped.Fence), Started: m.Dropped.Started}
		return t.do(ctx, func(t *term) {
			if p := t.parts[e.Fence]; t.sessions[s.worker] != s || p != nil && p.worker != s.worker {
				return
			}
			if !e.Started {
				delete(t.parts, e.Fence)
			}
			t.step(e)
		})
	}
	return fault.New(fault.CodeField, "session: a message of unknown kind")
}

// write sends what the loop has for the worker.
func (l *Leader) write(ctx context.Context, s *session, stream Stream) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case o := <-s.out:
			m := o.message
			if o.grant != nil {
				var err error
				if m, err = l.grantMessage(ctx, o.grant); err != nil {
					l.withdraw(ctx, s, o.grant, err)
					continue
				}
			}
			if err := stream.Send(m); err != nil {
				return err
			}
		}
	}
}

// join takes a worker in.
func (t *term) join(s *session, e scheduler.WorkerJoined) {
	if old := t.sessions[s.worker]; old != nil {
		old.cancel(errReplaced)
	}
	t.sessions[s.worker] = s
	s.resident = make(map[scheduler.Fence]*part, len(e.Resident))
	for _, r := range e.Resident {
		s.resident[r.Fence] = &part{job: fsm.JobID(r.Job), worker: s.worker, device: r.Device}
	}
	// The scheduler learns only of workers that it knows who is drained.
	drained := t.drained[s.worker]
	e.Draining = e.Draining || drained
	t.step(e)
	if drained {
		t.step(scheduler.Drain{Worker: s.worker, On: true})
	}
	t.post(s, outgoing{message: &internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Welcome{Welcome: &internalv1.Welcome{
		Term: t.number, Leader: t.l.cfg.Name, Directives: s.directives,
		HeartbeatMs: t.l.cfg.Heartbeat.Milliseconds(), LeaseMs: t.l.cfg.Scheduler.Lease.Milliseconds(),
	}}}})
	s.welcomed, s.directives, s.resident = true, nil, nil
	for _, o := range s.early {
		t.post(s, o)
	}
	s.early = nil
	t.l.cfg.Log.Info("worker joined", "worker", s.worker, "devices", len(e.Devices), "resident", len(e.Resident), "version", s.version)
}

// left ends a session.
func (t *term) left(s *session, why error) {
	if t.sessions[s.worker] != s {
		return // it has another by now
	}
	delete(t.sessions, s.worker)
	t.step(scheduler.WorkerLost{Worker: s.worker, Reason: why.Error()})
	t.l.cfg.Log.Info("worker left", "worker", s.worker, "reason", why)
}

// send gives a worker a message, if it is connected.
func (t *term) send(w scheduler.WorkerID, m *internalv1.LeaderMessage) {
	if s := t.sessions[w]; s != nil {
		t.post(s, outgoing{message: m})
	}
}

// post queues a message. Welcome goes before everything else.
func (t *term) post(s *session, o outgoing) {
	if !s.welcomed && o.message.GetWelcome() == nil {
		s.early = append(s.early, o)
		return
	}
	select {
	case s.out <- o:
	default:
		s.cancel(errSlow)
	}
}
