package scheduler

import (
	"fmt"
	"slices"
	"time"
)

// world is a small model of everything around a scheduler: workers with devices, sessions
// that deliver late or break, voters who verify, Raft that answers. One goroutine, one
// queue of what will happen, and a source of choices: equal choices, equal runs.
type world struct {
	s       *Scheduler
	config  Config
	term    uint64
	terms   []time.Time // when each began
	now     time.Time
	agenda  []planned
	order   int
	latency time.Duration
	tick    time.Time

	workers []*modelWorker
	jobs    map[JobID]*modelJob
	names   []JobID // in the order of submission

	// What was handed in and came out, for replays.
	log []logged

	lastFence Fence
	grants    map[Fence]bool
}

type planned struct {
	at    time.Time
	order int
	do    func()
}

type logged struct {
	term   uint64
	at     time.Time
	event  Event
	answer string
}

type modelWorker struct {
	id        WorkerID
	session   int // 0 while there is none
	sessions  int
	devices   []*modelDevice
	draining  bool
	reclaimAt time.Time
	silent    bool
}

type modelDevice struct {
	id     DeviceID
	rate   float64 // true cells a second
	offers float64 // what it says
	liar   bool    // makes wrong proofs
	flaky  func(JobID) Outcome
	parts  []*modelPart
}

type modelPart struct {
	fence    Fence
	job      JobID
	limit    time.Duration
	started  bool
	since    time.Time
	run      int // stamps the pending end
	finished bool
}

type modelJob struct {
	spec          Job
	done          bool
	released      bool
	accepted, end time.Time
	proofs        int
	code          string
}

func newWorld(c Config) *world {
	w := &world{config: c, now: start, jobs: map[JobID]*modelJob{}, latency: 2 * time.Millisecond}
	w.lead()
	return w
}

// lead starts a term: live jobs from Raft, then the workers' sessions anew.
func (w *world) lead() {
	w.term++
	w.terms = append(w.terms, w.now)
	w.s = New(w.config, w.term, w.now)
	w.lastFence, w.grants, w.tick = Fence{}, map[Fence]bool{}, time.Time{}
	for _, id := range w.names {
		if j := w.jobs[id]; !j.done {
			w.step(JobAccepted{Job: j.spec})
		}
	}
	for _, x := range w.workers {
		if x.session != 0 {
			w.connect(x)
		}
	}
}

func (w *world) after(d time.Duration, do func()) {
	w.order++
	p := planned{w.now.Add(d), w.order, do}
	at, _ := slices.BinarySearchFunc(w.agenda, p, func(a, b planned) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.order - b.order
	})
	w.agenda = slices.Insert(w.agenda, at, p)
}

// run lets things happen until the time is over or done answers true.
func (w *world) run(for_ time.Duration, done func() bool) {
	end := w.now.Add(for_)
	for len(w.agenda) > 0 && !w.agenda[0].at.After(end) {
		if done != nil && done() {
			return
		}
		p := w.agenda[0]
		w.agenda = w.agenda[1:]
		w.now = p.at
		p.do()
	}
	w.now = end
}

func (w *world) step(e Event) {
	actions := w.s.Step(w.now, e)
	checkAll(w.s)
	w.log = append(w.log, logged{w.term, w.now, e, fmt.Sprintf("%+v", actions)})
	for _, a := range actions {
		w.act(a)
	}
}

func (w *world) fences(f Fence) {
	if !w.lastFence.Less(f) || f.Term != w.term {
		panic(fmt.Sprintf("fence %s after %s", f, w.lastFence))
	}
	w.lastFence = f
	w.grants[f] = true
}

func (w *world) act(a Action) {
	term := w.term
	switch a := a.(type) {
	case Grant:
		w.fences(a.Fence)
		w.send(a.Worker, func(x *modelWorker) { w.take(x, a) })
	case Directive:
		if a.Order == KeepComputing {
			w.fences(a.Renewed)
		}
		w.send(a.Worker, func(x *modelWorker) { w.direct(x, a) })
	case Revoke:
		w.send(a.Worker, func(x *modelWorker) { w.revoke(x, a) })
	case Renew:
	case Assembled:
		w.after(5*time.Millisecond, func() { w.verify(term, a) })
	case Fail:
		w.after(w.latency, func() { w.finish(a.Job, false, a.Code) })
	case QuarantineSpec:
		w.after(w.latency, func() {
			w.step(SpecQuarantined{Tenant: a.Tenant, Spec: a.Spec})
			w.finish(a.Job, false, CodeQuarantined)
		})
	case CloseIntake:
		w.step(IntakeClosed{a.Tenant, a.Until})
	case QuarantineDevice:
		w.after(w.latency, func() { w.step(DeviceQuarantined{a.Device}) })
	case QuarantineNode:
		w.after(w.latency, func() { w.step(WorkerQuarantined{a.Worker}) })
	case RunReference:
		w.after(time.Second, func() {
			if w.term == term {
				w.step(ReferenceResult{Job: a.Job, ProofDigest: honest(a.Job)})
			}
		})
	case WakeAt:
		w.tick = a.At
		w.after(a.At.Sub(w.now), func() {
			if w.term == term && w.tick.Equal(a.At) {
				w.step(Tick{})
			}
		})
	case DrainDevice, Discard:
	default:
		panic(fmt.Sprintf("unknown action %T", a))
	}
}

// send delivers over the worker's session, if that still stands by then.
func (w *world) send(id WorkerID, do func(*modelWorker)) {
	x := w.worker(id)
	session, term := x.session, w.term
	if session == 0 {
		return
	}
	w.after(w.latency, func() {
		if x.session == session && w.term == term {
			do(x)
		}
	})
}

// tell delivers to the leader over the session.
func (w *world) tell(x *modelWorker, e Event) {
	session, term := x.session, w.term
	if session == 0 {
		return
	}
	w.after(w.latency, func() {
		if x.session == session && w.term == term {
			w.step(e)
		}
	})
}

func (w *world) worker(id WorkerID) *modelWorker {
	for _, x := range w.workers {
		if x.id == id {
			return x
		}
	}
	panic("an action for worker " + string(id))
}

func (x *modelWorker) device(id DeviceID) *modelDevice {
	for _, d := range x.devices {
		if d.id == id {
			return d
		}
	}
	panic("an action for device " + string(id))
}

func honest(id JobID) [32]byte { id[31] = 1; return id }

func wrong(id JobID, d DeviceID) [32]byte {
	id[31] = 2
	copy(id[16:], d)
	return id
}

func (w *world) verify(term uint64, a Assembled) {
	j := w.jobs[a.Job]
	if w.term != term || j.done {
		return
	}
	if a.ProofDigest != honest(a.Job) {
		w.step(ProofRejected{Job: a.Job, ProofDigest: a.ProofDigest, Code: "fri", Reason: "does not verify"})
		return
	}
	w.finish(a.Job, true, "")
}

func (w *world) finish(id JobID, released bool, code string) {
	j := w.jobs[id]
	if j.done {
		return
	}
	j.done, j.released, j.code, j.end = true, released, code, w.now
	w.step(JobFinished{ID: id, Released: released})
}

func (w *world) submit(spec Job) {
	spec.Accepted = w.now
	w.jobs[spec.ID] = &modelJob{spec: spec, accepted: w.now}
	w.names = append(w.names, spec.ID)
	w.step(JobAccepted{Job: spec})
}

// add makes a worker, connected and beating.
func (w *world) add(id WorkerID, devices ...*modelDevice) *modelWorker {
	x := &modelWorker{id: id, devices: devices}
	for i, d := range devices {
		d.id = DeviceID(fmt.Sprintf("%s/%d", id, i))
		if d.offers == 0 {
			d.offers = d.rate
		}
	}
	w.workers = append(w.workers, x)
	w.connect(x)
	w.beat(x)
	return x
}

func (w *world) connect(x *modelWorker) {
	x.sessions++
	x.session = x.sessions
	e := WorkerJoined{Worker: x.id, Build: "b1", Draining: x.draining}
	for _, d := range x.devices {
		e.Devices = append(e.Devices, Device{ID: d.id, Threads: 1, MemoryBytes: 100, Rates: map[string]float64{"k": d.offers}})
		for _, p := range d.parts {
			e.Resident = append(e.Resident, Resident{Job: p.job, Fence: p.fence, Device: d.id, Started: p.started, Finished: p.finished})
		}
	}
	w.tell(x, e)
}

// lose breaks the session; with dead the process goes too.
func (w *world) lose(x *modelWorker, dead bool) {
	if x.session == 0 {
		return
	}
	x.session = 0
	if dead {
		for _, d := range x.devices {
			d.parts = nil
		}
	}
	w.step(WorkerLost{Worker: x.id, Reason: "reset", Dead: dead})
}

// beat tells every second what the worker has.
func (w *world) beat(x *modelWorker) {
	w.after(time.Second, func() { w.beat(x) })
	if x.session == 0 || x.silent {
		return
	}
	e := Heartbeat{Worker: x.id, Draining: x.draining, ReclaimAt: x.reclaimAt}
	for _, d := range x.devices {
		state := DeviceState{Device: d.id}
		for _, p := range d.parts {
			if p.started && !p.finished {
				state.Running, state.RunningFor = p.fence, w.now.Sub(p.since)
			} else {
				state.Waiting = append(state.Waiting, p.fence)
			}
		}
		e.Devices = append(e.Devices, state)
	}
	w.tell(x, e)
}

func (w *world) take(x *modelWorker, g Grant) {
	d := x.device(g.Device)
	d.parts = append(d.parts, &modelPart{fence: g.Fence, job: g.Job, limit: g.TimeLimit})
	w.next(x, d)
}

// next starts the first part of a device that has none running.
func (w *world) next(x *modelWorker, d *modelDevice) {
	at := slices.IndexFunc(d.parts, func(p *modelPart) bool { return !p.finished })
	if at < 0 || d.parts[at].started {
		return
	}
	p := d.parts[at]
	p.started, p.since = true, w.now
	p.run++
	run := p.run
	cells := w.jobs[p.job].spec.Cells
	took := time.Duration(float64(cells) / d.rate * 1e9)
	outcome := Proved
	if d.flaky != nil {
		outcome = d.flaky(p.job)
	}
	if took > p.limit {
		took, outcome = p.limit, TimeLimit
	}
	if outcome != Proved {
		took /= 2
	}
	w.after(took, func() {
		if p.run == run && slices.Contains(d.parts, p) {
			w.ended(x, d, p, outcome, took)
		}
	})
}

func (w *world) ended(x *modelWorker, d *modelDevice, p *modelPart, o Outcome, took time.Duration) {
	p.finished = true
	digest := honest(p.job)
	if d.liar {
		digest = wrong(p.job, d.id)
	}
	if o == Proved {
		w.jobs[p.job].proofs++
	}
	// The report is repeated under the renewed fence if the session breaks before it is
	// taken: the part stays until then.
	var report func()
	report = func() {
		if !slices.Contains(d.parts, p) {
			return
		}
		if x.session == 0 {
			w.after(500*time.Millisecond, report)
			return
		}
		session, term := x.session, w.term
		w.after(w.latency, func() {
			if x.session != session || w.term != term {
				w.after(500*time.Millisecond, report)
				return
			}
			d.parts = slices.DeleteFunc(d.parts, func(y *modelPart) bool { return y == p })
			w.step(Report{
				Worker: x.id, Device: d.id, Job: p.job, Fence: p.fence, Outcome: o, ProofDigest: digest,
				Wall: took, Cells: w.jobs[p.job].spec.Cells, Reason: "the model says so",
			})
		})
	}
	report()
	w.next(x, d)
}

func (w *world) revoke(x *modelWorker, r Revoke) {
	d := x.device(r.Device)
	at := slices.IndexFunc(d.parts, func(p *modelPart) bool { return p.fence == r.Fence })
	if at < 0 {
		return
	}
	p := d.parts[at]
	if !r.IfUnstarted || !p.started {
		d.parts = slices.Delete(d.parts, at, at+1)
		w.next(x, d)
	}
	w.tell(x, Dropped{Worker: x.id, Fence: r.Fence, Started: p.started})
}

func (w *world) direct(x *modelWorker, a Directive) {
	for _, d := range x.devices {
		for i, p := range d.parts {
			if a.Order == Idle || p.fence != a.Fence {
				continue
			}
			if a.Order == KeepComputing {
				p.fence = a.Renewed
			} else {
				d.parts = slices.Delete(slices.Clone(d.parts), i, i+1)
				w.next(x, d)
			}
			break
		}
	}
}

func (w *world) allDone() bool {
	for _, id := range w.names {
		if !w.jobs[id].done {
			return false
		}
	}
	return true
}
