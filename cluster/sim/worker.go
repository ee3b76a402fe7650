package sim

import (
	"slices"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// build is the program that every node runs, unless a worker is drawn to run another.
const build = "b1"

// Limits of cluster/worker (limits.go).
const (
	workerWaiting = 4
	workerReports = 16
	reclaimMargin = 2 * time.Second
)

// worker is the twin of cluster/worker: its books, in model time.
type worker struct {
	*node
	id      scheduler.WorkerID
	nodeID  fsm.NodeID
	build   string
	slots   []*slot
	parts   map[scheduler.Fence]*part
	reports []*part
	drain   bool
	reclaim time.Time
	link    *link // the open session, once it is welcome
	dialing *link
	// failures counts sessions in a row that were not welcome; next is the voter to try.
	failures, next int
}

// slot is a device with its queue.
type slot struct {
	name   scheduler.DeviceID
	memory uint64
	rate   float64 // cells a second, when nothing is wrong
	slow   float64 // how many times slower it is now
	faults deviceFaults
	queue  []*part
	busy   *part
}

type partState uint8

const (
	waiting partState = iota
	running
	finished
)

type part struct {
	job      fsm.JobID
	slot     *slot
	limit    time.Duration
	alone    bool
	fence    scheduler.Fence
	state    partState
	deadline time.Time
	began    time.Time
	given    bool
	fetched  bool
	failed   bool // its inputs could not be had
	ends     time.Duration
	round    int // of planned ends: a new plan voids the one before
	report   *report
}

func (w *worker) open() {
	w.start()
	w.parts, w.reports, w.link, w.dialing = map[scheduler.Fence]*part{}, nil, nil, nil
	w.drain, w.reclaim, w.failures = false, time.Time{}, 0
	for _, s := range w.slots {
		s.queue, s.busy = nil, nil
	}
	w.after(0, w.dial)
}

func (w *worker) crash(power bool) {
	w.stop()
	w.w.severed(w.node, power)
	w.link, w.dialing = nil, nil
}

// granted follows granted and admit.
func (w *worker) granted(g grant) {
	i := slices.IndexFunc(w.slots, func(s *slot) bool { return s.name == g.Device })
	s := w.slots[i]
	decline := func() {
		w.say(&report{job: fsm.JobID(g.Job), fence: g.Fence, device: g.Device, outcome: scheduler.Declined, reason: "declined"})
	}
	if p := w.parts[g.Fence]; p != nil {
		if p.report != nil {
			w.say(p.report)
		}
		return
	}
	for _, f := range sortedFences(w.parts) {
		p := w.parts[f]
		if p.slot != s || p.job != fsm.JobID(g.Job) {
			continue
		}
		if g.Fence.Less(p.fence) {
			decline()
			return
		}
		p.deadline = w.wall().Add(g.Lease)
		w.refence(p, g.Fence)
		if p.report != nil {
			w.w.oracle.reportedAgain(w, p, g.Fence)
			w.say(p.report)
		}
		return
	}
	alone := s.busy != nil && s.busy.alone || has(s.queue, func(p *part) bool { return p.alone })
	if w.drain || alone || len(s.queue) >= workerWaiting {
		decline()
		return
	}
	p := &part{
		job: fsm.JobID(g.Job), slot: s, limit: g.TimeLimit, alone: g.Alone, fence: g.Fence, deadline: w.wall().Add(g.Lease),
	}
	w.parts[p.fence] = p
	s.queue = append(s.queue, p)
	w.watch(p)
	w.after(w.w.upTo(20*time.Millisecond), func() {
		p.fetched, p.failed = true, blake3.Sum256(g.witness) != w.w.spec(p.job).witnessDigest || w.w.chance(s.faults.unavailable)
		w.serve(s)
	})
}

// watch follows watchLeases for one part.
func (w *worker) watch(p *part) {
	w.after(max(w.until(p).Sub(w.wall()), 0), func() {
		switch {
		case p.given || p.state == finished:
		case w.wall().Before(w.until(p)):
			w.watch(p)
		case w.wall().Before(p.deadline):
			w.handBack(p)
		default:
			w.w.hit(seenExpired)
			w.giveUp(p)
		}
	})
}

func (w *worker) until(p *part) time.Time {
	if end := w.reclaim.Add(-reclaimMargin); !w.reclaim.IsZero() && !p.deadline.Before(end) {
		return end
	}
	return p.deadline
}

// serve follows serve, pick, begin and attempt.
func (w *worker) serve(s *slot) {
	if s.busy != nil {
		return
	}
	i := slices.IndexFunc(s.queue, func(p *part) bool { return p.fetched && (!p.alone || len(s.queue) == 1) })
	if i < 0 {
		return
	}
	p := s.queue[i]
	s.queue = slices.Delete(s.queue, i, i+1)
	s.busy, p.state, p.began = p, running, w.wall()
	took, r := w.w.compute(w, s, p)
	w.endAfter(p, took, r)
}

// endAfter plans the end of a part that runs.
func (w *worker) endAfter(p *part, took time.Duration, r *report) {
	p.ends = w.w.now + took
	p.round++
	round := p.round
	w.after(took, func() {
		if p.round == round && p.slot.busy == p {
			w.end(p, r)
		}
	})
}

func (w *worker) end(p *part, r *report) {
	s := p.slot
	s.busy = nil
	if !p.given {
		r.job, r.fence, r.device, r.wall = p.job, p.fence, s.name, w.wall().Sub(p.began)
		p.state, p.report = finished, r
		w.reports = append(w.reports, p)
		if len(w.reports) > workerReports {
			w.giveUp(w.reports[0])
		}
		if !p.given {
			w.say(r)
		}
	}
	w.serve(s)
}

// giveUp takes a part out of the books. A device that runs it is stopped, which takes a
// moment.
func (w *worker) giveUp(p *part) {
	if p.given {
		return
	}
	p.given = true
	delete(w.parts, p.fence)
	p.slot.queue = remove(p.slot.queue, p)
	w.reports = remove(w.reports, p)
	if p.slot.busy == p {
		w.endAfter(p, w.w.upTo(100*time.Millisecond), nil)
	} else {
		w.after(0, func() { w.serve(p.slot) })
	}
}

func (w *worker) refence(p *part, f scheduler.Fence) {
	delete(w.parts, p.fence)
	p.fence = f
	w.parts[f] = p
	if p.report != nil {
		r := *p.report
		r.fence = f
		p.report = &r
	}
}

func (w *worker) handBack(p *part) {
	started := p.state != waiting
	w.giveUp(p)
	w.say(dropped{p.fence, started})
}

// revoked, renewed and taken follow their namesakes.
func (w *worker) revoked(m revoke) {
	p := w.parts[m.fence]
	started := p != nil && p.state != waiting
	if p != nil && p.state != finished && !(started && m.ifUnstarted) {
		w.giveUp(p)
	}
	w.say(dropped{m.fence, started})
}

func (w *worker) renewed(m renewal, sent announced) {
	for _, f := range sent.fences {
		p := w.parts[f]
		if p == nil || p.state == finished {
			continue
		}
		if !slices.Contains(m.fences, f) {
			w.giveUp(p)
		} else if d := sent.at.Add(w.w.config.Lease); d.After(p.deadline) {
			p.deadline = d
		}
	}
}

func (w *worker) took(f scheduler.Fence) {
	if p := w.parts[f]; p != nil && p.state == finished {
		w.giveUp(p)
	}
}

// refuse follows Drain and Reclaim: nothing new, and what waits is handed back.
func (w *worker) refuse() {
	w.drain = true
	for _, s := range w.slots {
		for len(s.queue) > 0 {
			w.handBack(s.queue[0])
		}
	}
}
