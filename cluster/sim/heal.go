package sim

import (
	"fmt"
	"time"

	"rpp-node/cluster/fsm"
)

// repair ends all faults and makes a core whole: all voters but some weak ones, and one or
// more workers. What is dead stays dead until everything has come to its end.
func (w *world) repair() (dead []*voter) {
	w.tracef("repaired")
	w.net.loss, w.net.dup, w.net.jitter = 0, 0, 0
	for i, v := range w.voters {
		v.disk.full = false
		v.disk.sync = min(v.disk.sync, 5*time.Millisecond)
		switch {
		case i < w.swarm.weak && w.chance(0.5):
			if v.up {
				v.crash(true)
			}
			dead = append(dead, v)
		case !v.up:
			v.open()
		}
	}
	core := 1 + w.rng.IntN(len(w.workers))
	for i, o := range w.workers {
		if i >= core {
			if o.up {
				o.crash(true)
			}
			continue
		}
		if o.build != build || o.drain {
			o.build = build
			o.crash(false)
		}
		for _, s := range o.slots {
			s.faults = deviceFaults{}
			if p := s.busy; p != nil && s.slow > 1 && o.up {
				w.finishSoon(o, p)
			}
			s.slow = 1
		}
		if !o.up {
			o.open()
		}
	}
	w.operator(core)
	w.probe()
	for _, v := range w.voters {
		if v.up {
			v.after(time.Second, v.heal)
		}
	}
	return dead
}

// finishSoon lets a part that a slow device runs go on at full speed.
func (w *world) finishSoon(o *worker, p *part) {
	sp := w.spec(p.job)
	took := time.Duration(float64(sp.demand.Cells) / p.slot.rate * float64(time.Second))
	if p.ends > w.now+took && sp.kind == good {
		_, r := w.compute(o, p.slot, p)
		o.endAfter(p, took, r)
	}
}

// operator keeps the core in service: nothing of it drained or quarantined, nothing frozen.
func (w *world) operator(core int) {
	if v := w.leading(); v != nil {
		for _, o := range w.workers[:core] {
			if m, ok := v.state.Member(o.nodeID); ok && m.Draining {
				w.operate(&fsm.Drain{NodeID: o.nodeID})
			}
		}
		for _, q := range v.state.Quarantine() {
			if q.Kind == fsm.QuarantinedDevice || q.Kind == fsm.QuarantinedNode {
				w.operate(&fsm.LiftQuarantine{Kind: q.Kind, Subject: q.Subject})
			}
		}
		for _, f := range v.state.Families() {
			if f.Frozen {
				w.operate(&fsm.UnfreezeFamily{Family: f.Name})
			}
		}
	}
	w.plan(event{at: w.now + 2*time.Second, do: func() { w.operator(core) }})
}

// probe asks for good jobs of a tenant that has done nothing wrong: all must be released.
func (w *world) probe() {
	for i := range 3 {
		s := newSpec(fmt.Sprintf("probe-%d", i), good, byte(i), uint8(i), 2e6, 1<<30)
		w.addSpec(s)
		q := &request{tenant: "probe", key: key(i), spec: s, patient: true}
		w.requests = append(w.requests, q)
		w.client.after(time.Duration(i)*time.Second, func() { w.submit(q) })
	}
}

// faultFree is how long the core would have taken for all that is there, one after the other
// on its slowest device, had nothing ever gone wrong: an election, the hold-off, the leases
// of workers that are gone, what poison needs until it is found out, and the work.
func (w *world) faultFree() time.Duration {
	slowest := 1e18
	for _, o := range w.workers {
		if o.up {
			for _, s := range o.slots {
				slowest = min(slowest, s.rate)
			}
		}
	}
	d := 2*time.Second + w.config.HoldOff + w.config.Lease + w.config.RestMax + clientTimeout
	for _, s := range w.specs {
		took := time.Duration(float64(s.demand.Cells) / slowest * float64(time.Second))
		switch s.kind {
		case good:
		case hangs:
			took = time.Duration(w.config.SuspicionsMax) * w.config.TimeLimitMax
		default:
			took *= time.Duration(w.config.SuspicionsMax)
		}
		d += took
	}
	return d
}

// quiet says that every request has its answer and every accepted job has ended.
func (w *world) quiet() bool {
	for _, q := range w.requests {
		if !q.answered {
			return false
		}
	}
	v := w.leading()
	return v != nil && v.state.Counters().Live == 0
}

// level says that every voter has applied the same entries.
func (w *world) level() bool {
	for _, v := range w.voters {
		if !v.up || v.applied != w.voters[0].applied || v.applied != v.log.last() {
			return false
		}
	}
	return true
}
