package sim

import (
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// stream is a worker's connection to the leader: two pipes that break together.
type stream struct {
	worker *worker
	voter  *voter
	up     *pipe // to the leader
	down   *pipe
	broken bool
	client *link    // the worker's end
	server *session // the leader's end, once it has taken the worker in
}

func (s *stream) nodes() (a, b *node) { return s.worker.node, s.voter.node }

// reset breaks the stream. Each end hears of it if a packet reaches it.
func (s *stream) reset() {
	if s.broken {
		return
	}
	s.broken = true
	w := s.worker.w
	s.up.close()
	s.down.close()
	w.streams = remove(w.streams, s)
	tell := func(n, from *node, do func()) {
		if n.up && (from == nil || w.net.open(from, n)) {
			n.after(w.net.delay(), do)
		}
	}
	tell(s.worker.node, s.voter.node, func() { s.client.ended() })
	if s.server != nil && s.server.t.v.up {
		session := s.server
		tell(s.voter.node, nil, func() { session.left() })
	}
}

// The messages of a session, as cluster/api/proto/rpp/internalv1 has them.
type (
	hello struct {
		devices  []scheduler.Device
		resident []scheduler.Resident
		build    string
		draining bool
	}
	welcome struct {
		term       uint64
		directives []scheduler.Directive
	}
	grant struct {
		scheduler.Grant
		witness []byte
	}
	revoke struct {
		fence       scheduler.Fence
		ifUnstarted bool
	}
	renewal struct {
		heartbeat uint64
		fences    []scheduler.Fence
	}
	taken struct{ fence scheduler.Fence }

	heartbeat struct {
		sequence uint64
		scheduler.Heartbeat
	}
	dropped struct {
		fence   scheduler.Fence
		started bool
	}
	report struct {
		job     fsm.JobID
		fence   scheduler.Fence
		device  scheduler.DeviceID
		outcome scheduler.Outcome
		file    []byte
		digest  fsm.Digest
		reason  string
		wall    time.Duration
	}
)

// session is the twin of cluster/leader/session.go.
type session struct {
	t          *term
	worker     scheduler.WorkerID
	node       fsm.NodeID
	stream     *stream
	directives []scheduler.Directive
	welcomed   bool
	early      []outgoing
	out        []outgoing
	writing    bool // a grant waits for its witness
	heartbeat  uint64
	heardAt    time.Duration
}

type outgoing struct {
	message any
	grant   *scheduler.Grant
}

// join follows Session and join.
func (t *term) join(st *stream, h hello) {
	s := &session{t: t, worker: st.worker.id, node: st.worker.nodeID, stream: st, heardAt: t.w.now}
	if old := t.sessions[s.worker]; old != nil {
		old.stream.reset()
	}
	st.server = s
	t.sessions[s.worker] = s
	for _, r := range h.resident {
		if p := t.parts[r.Fence]; p != nil && p.worker != s.worker {
			continue
		}
		t.parts[r.Fence] = &lease{job: fsm.JobID(r.Job), worker: s.worker, device: r.Device}
	}
	t.step(scheduler.WorkerJoined{Worker: s.worker, Build: h.build, Devices: h.devices, Resident: h.resident, Draining: h.draining})
	t.w.oracle.welcomed(t, s, h)
	s.send(welcome{t.number, s.directives})
	s.welcomed, s.directives = true, nil
	early := s.early
	s.early = nil
	for _, o := range early {
		s.post(o)
	}
	t.watchSession(s)
}

// keepAlive is after how long of silence the transport gives a connection up.
const keepAlive = 15 * time.Second

func (t *term) watchSession(s *session) {
	t.v.after(keepAlive, func() {
		switch {
		case t.ended || t.sessions[s.worker] != s:
		case t.w.now-s.heardAt >= keepAlive:
			s.stream.reset()
			s.left()
		default:
			t.watchSession(s)
		}
	})
}

func (s *session) left() {
	t := s.t
	if t.ended || t.sessions[s.worker] != s {
		return
	}
	t.loop(func() {
		delete(t.sessions, s.worker)
		t.step(scheduler.WorkerLost{Worker: s.worker, Reason: "the stream broke"})
	})
}

// receive follows receive.
func (s *session) receive(m any) {
	t := s.t
	if t.ended {
		return
	}
	s.heardAt = t.w.now
	t.loop(func() {
		switch m := m.(type) {
		case heartbeat:
			if t.sessions[s.worker] == s {
				s.heartbeat = m.sequence
				t.step(m.Heartbeat)
			}
		case *report:
			t.reported(s, m)
		case dropped:
			p := t.parts[m.fence]
			if t.sessions[s.worker] != s || p != nil && p.worker != s.worker {
				return
			}
			if !m.started {
				delete(t.parts, m.fence)
			}
			t.step(scheduler.Dropped{Worker: s.worker, Fence: m.fence, Started: m.started})
		}
	})
}

// post follows post and write: in order, welcome first, a grant waits for its witness.
func (s *session) post(o outgoing) {
	if !s.welcomed {
		s.early = append(s.early, o)
		return
	}
	if len(s.out) >= outgoingCount {
		s.stream.reset()
		return
	}
	s.out = append(s.out, o)
	s.write()
}

func (s *session) write() {
	for len(s.out) > 0 && !s.writing && !s.stream.broken {
		o := s.out[0]
		s.out = s.out[1:]
		if o.grant == nil {
			s.send(o.message)
			continue
		}
		s.fill(o.grant)
	}
}

func (s *session) send(m any) {
	client := s.stream.client
	s.stream.down.send(func() { client.receive(m) })
}

// fill follows grantMessage and withdraw.
func (s *session) fill(a *scheduler.Grant) {
	t := s.t
	j := t.job(fsm.JobID(a.Job))
	if j == nil {
		t.withdraw(s, a)
		return
	}
	s.writing = true
	t.v.witness(j.WitnessDigest, func(b []byte, err error) {
		s.writing = false
		if t.ended {
			return
		}
		if err != nil {
			t.withdraw(s, a)
		} else {
			s.send(grant{*a, b})
		}
		s.write()
	})
}

func (t *term) withdraw(s *session, a *scheduler.Grant) {
	t.w.hit(seenWithdrawn)
	t.v.after(0, func() {
		t.loop(func() {
			delete(t.parts, a.Fence)
			t.step(scheduler.Report{
				Worker: s.worker, Device: a.Device, Job: a.Job, Fence: a.Fence, Outcome: scheduler.Unavailable, Reason: "no witness",
			})
		})
	})
}

// witness reads from this voter's disk, or from another's.
func (v *voter) witness(d fsm.Digest, done func([]byte, error)) {
	if b, err := v.disk.read(d); err == nil {
		done(b, nil)
		return
	}
	answered := false
	answer := func(b []byte, err error) {
		if !answered {
			answered = true
			done(b, err)
		}
	}
	life := v.life
	for _, o := range v.w.voters {
		if o == v {
			continue
		}
		v.w.net.send(v.node, o.node, func() {
			if b, err := o.disk.read(d); err == nil {
				v.w.net.send(o.node, v.node, func() {
					if v.life == life {
						answer(b, nil)
					}
				})
			}
		})
	}
	v.after(time.Second, func() { answer(nil, errNoBytes) })
}
