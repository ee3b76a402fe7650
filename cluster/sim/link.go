package sim

import (
	"slices"
	"time"

	"rpp-node/scheduler"
)

// link is a worker's end of a session: the twin of cluster/worker's session, link and
// beats. A heartbeat goes before all that waits, and a proof takes time to send.
type link struct {
	w        *worker
	stream   *stream
	welcome  bool
	over     bool
	known    []scheduler.Fence
	heardAt  time.Duration
	beat     any
	queue    []any
	sending  bool
	sequence uint64
	sent     map[uint64]announced
}

type announced struct {
	at     time.Time
	fences []scheduler.Fence
}

const (
	heartbeatEvery = time.Second
	welcomeTimeout = 3 * time.Second
	pauseMin       = 50 * time.Millisecond
	pauseMax       = time.Second
)

// dial opens a session with whoever leads, as far as the next voter knows.
func (w *worker) dial() {
	if w.link != nil || w.dialing != nil {
		return
	}
	world := w.w
	v := world.voters[w.next%len(world.voters)]
	w.next++
	s := &stream{worker: w, voter: v}
	l := &link{w: w, stream: s, heardAt: world.now, sent: map[uint64]announced{}}
	s.client, w.dialing = l, l
	l.watch(welcomeTimeout)
	if !v.up || !world.net.open(w.node, v.node) {
		return // nobody answers
	}
	s.up, s.down = world.net.pipe(w.node, v.node), world.net.pipe(v.node, w.node)
	world.streams = append(world.streams, s)
	h, known := w.hello()
	l.known = known
	s.up.send(func() {
		if v.term != nil {
			t := v.term
			t.loop(func() { t.join(s, h) })
			return
		}
		if v.leader != nil {
			w.next = v.leader.index
		}
		s.reset()
	})
}

func (w *worker) hello() (hello, []scheduler.Fence) {
	h := hello{build: w.build, draining: w.drain}
	for _, s := range w.slots {
		h.devices = append(h.devices, scheduler.Device{
			ID: s.name, Kind: "cpu", Threads: 1, MemoryBytes: s.memory, Rates: map[string]float64{rateKey: s.rate},
		})
	}
	known := sortedFences(w.parts)
	for _, f := range known {
		p := w.parts[f]
		h.resident = append(h.resident, scheduler.Resident{
			Job: scheduler.JobID(p.job), Fence: f, Device: p.slot.name, Started: p.state != waiting, Finished: p.state == finished,
		})
	}
	return h, known
}

// watch ends a session whose leader is silent.
func (l *link) watch(limit time.Duration) {
	w := l.w
	w.after(limit, func() {
		switch {
		case l.over:
		case w.w.now-l.heardAt >= limit:
			if l.stream.up != nil {
				l.stream.reset()
			}
			l.ended()
		default:
			limit := welcomeTimeout
			if l.welcome {
				limit = w.w.config.Lease
			}
			l.watch(limit)
		}
	})
}

// ended pauses and dials again.
func (l *link) ended() {
	if l.over {
		return
	}
	l.over = true
	w := l.w
	if w.link == l {
		w.link = nil
	}
	if w.dialing == l {
		w.dialing = nil
	}
	if l.welcome {
		w.failures = 0
	}
	pause := min(pauseMin<<min(w.failures, 10), pauseMax)
	w.failures++
	w.after(pause/2+w.w.upTo(pause/2), w.dial)
}

func (l *link) receive(m any) {
	if l.over {
		return
	}
	w := l.w
	l.heardAt = w.w.now
	switch m := m.(type) {
	case welcome:
		l.welcomed(m)
	case grant:
		w.w.oracle.received(w, m)
		w.granted(m)
	case revoke:
		w.revoked(m)
	case renewal:
		if a, ok := l.sent[m.heartbeat]; ok {
			for s := range l.sent {
				if s <= m.heartbeat {
					delete(l.sent, s)
				}
			}
			w.renewed(m, a)
		}
	case taken:
		w.took(m.fence)
	}
}

// welcomed follows welcomed: what the leader does not want kept is given up.
func (l *link) welcomed(m welcome) {
	w := l.w
	l.welcome, w.dialing, w.link = true, nil, l
	l.watch(w.w.config.Lease)
	keep := map[scheduler.Fence]scheduler.Fence{}
	for _, d := range m.directives {
		if d.Order == scheduler.KeepComputing {
			keep[d.Fence] = d.Renewed
		}
	}
	deadline := w.wall().Add(w.w.config.Lease)
	var kept []*part
	for _, f := range l.known {
		p := w.parts[f]
		if p == nil {
			continue
		}
		renewed, ok := keep[f]
		if !ok {
			w.giveUp(p)
			continue
		}
		delete(w.parts, f)
		p.fence, p.deadline = renewed, deadline
		kept = append(kept, p)
	}
	for _, p := range kept {
		w.refence(p, p.fence)
	}
	for _, p := range w.reports {
		w.say(p.report)
	}
	l.beats()
}

// beats follows heartbeats: one at once, then one every second, of the books as they are.
func (l *link) beats() {
	if l.over {
		return
	}
	w := l.w
	h := heartbeat{Heartbeat: scheduler.Heartbeat{Worker: w.id, Draining: w.drain, ReclaimAt: w.reclaim}}
	a := announced{at: w.wall()}
	for _, s := range w.slots {
		d := scheduler.DeviceState{Device: s.name}
		if p := s.busy; p != nil && !p.given {
			d.Running, d.RunningFor = p.fence, w.wall().Sub(p.began)
			a.fences = append(a.fences, p.fence)
		}
		for _, p := range s.queue {
			d.Waiting = append(d.Waiting, p.fence)
			a.fences = append(a.fences, p.fence)
		}
		h.Devices = append(h.Devices, d)
	}
	l.sequence++
	h.sequence = l.sequence
	l.sent[l.sequence] = a
	l.beat = h
	l.pump()
	w.after(heartbeatEvery, l.beats)
}

// say gives a message to the open session, if there is one.
func (w *worker) say(m any) {
	if l := w.link; l != nil && !l.over {
		l.queue = append(l.queue, m)
		l.pump()
	}
}

// pump sends one message after another.
func (l *link) pump() {
	for !l.sending && !l.over {
		var m any
		switch {
		case l.beat != nil:
			m, l.beat = l.beat, nil
		case len(l.queue) > 0:
			m, l.queue = l.queue[0], slices.Clone(l.queue[1:])
		default:
			return
		}
		if s := l.stream; s.server != nil {
			server := s.server
			s.up.send(func() { server.receive(m) })
		}
		if r, ok := m.(*report); ok && r.file != nil {
			l.sending = true
			l.w.after(l.w.w.upTo(l.w.w.proofTransfer), func() { l.sending = false; l.pump() })
		}
	}
}
