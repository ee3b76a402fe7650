package sim

import (
	"fmt"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// request is a client's wish: a submit that is tried until it is answered, or given up.
type request struct {
	tenant, key string
	spec        *spec
	patient     bool // never gives up: it was made after the faults
	tries       int
	answered    bool
	accepted    bool
}

const (
	clientTries   = 5
	clientTimeout = 6 * time.Second
	storeTimeout  = 2 * time.Second
)

// answer is what a submit comes to.
type answer struct {
	job  fsm.JobID
	err  error
	hint *voter
}

// submit tries once, at the voter that is thought to lead.
func (w *world) submit(r *request) {
	if r.answered {
		return
	}
	r.tries++
	v := w.hint
	if v == nil {
		v = w.voters[w.rng.IntN(len(w.voters))]
	}
	over := false
	again := func(pause time.Duration) {
		over = true
		if r.tries >= clientTries && !r.patient {
			r.answered = true
			return
		}
		w.client.after(pause, func() { w.submit(r) })
	}
	w.net.send(w.client, v.node, func() {
		life := v.life
		v.submit(r.spec, r.tenant, r.key, func(a answer) {
			w.net.send(v.node, w.client, func() {
				if over || r.answered || v.life != life {
					return
				}
				over = true
				w.heard(r, a, again)
			})
		})
	})
	w.client.after(clientTimeout, func() {
		if !over && !r.answered {
			w.hint = nil
			again(w.upTo(time.Second))
		}
	})
}

// heard takes an answer in.
func (w *world) heard(r *request, a answer, again func(time.Duration)) {
	if a.err == nil {
		r.answered, r.accepted = true, true
		w.oracle.acknowledged(r, a.job)
		return
	}
	f := fault.Of(a.err)
	switch f.Kind {
	case fault.Unavailable:
		if f.Code == fault.CodeNoLeader {
			w.hint = a.hint
		}
		again(100*time.Millisecond + w.upTo(300*time.Millisecond))
	case fault.Exhausted, fault.NoSpace:
		again(min(max(f.RetryAfter, time.Second), 5*time.Second))
	default:
		if r.patient && f.Code == fault.CodeFrozen {
			again(time.Second)
			return
		}
		r.answered = true
		if r.patient {
			w.violate("a submit after the faults is refused: %v", a.err)
		}
	}
}

// submit is what a node does with one: the leader admits it, the witness goes to a quorum of
// voters, the command into the log, the answer to the client, in that order.
func (v *voter) submit(sp *spec, tenant, key string, reply func(answer)) {
	t := v.term
	if t == nil {
		reply(answer{err: fault.New(fault.CodeNoLeader, "this node does not lead"), hint: v.leader})
		return
	}
	if err := t.admit(sp, tenant); err != nil {
		v.w.hit(seenRefusal)
		reply(answer{err: err})
		return
	}
	done := func(a answer) {
		if a.err != nil && !t.ended {
			t.loop(func() {
				if r := t.reservation(sp.id); r != 0 {
					t.scheduler.Release(r)
				}
			})
		}
		reply(a)
	}
	if v.w.seams.AckEarly {
		reply(answer{job: sp.id})
		done = func(answer) {}
	}
	v.storeWitness(sp, func(ok bool) {
		if !ok {
			done(answer{err: fault.New(fault.CodeNoQuorum, "no quorum stores the witness")})
			return
		}
		v.order(&fsm.SubmitJob{Tenant: tenant, IdempotencyKey: key, Statement: sp.statement, Demand: sp.demand}, func(r fsm.Result, err error) {
			done(answer{job: sp.id, err: err})
		})
	})
}

// admit follows Leader.Admit.
func (t *term) admit(sp *spec, tenant string) (err error) {
	t.loop(func() {
		if t.known[sp.id] != 0 {
			return
		}
		a := t.scheduler.Admit(t.v.wall(), scheduler.Ask{
			Tenant: tenant, Spec: sp.id, RateKey: rateKey, Class: scheduler.Class(sp.demand.Class),
			Cells: sp.demand.Cells, MemoryBytes: sp.demand.MemoryBytes,
		})
		if a.OK {
			t.reserve(sp.id, a.Reservation)
			return
		}
		code := fault.CodeOverload
		if a.Code == scheduler.CodeQuarantined {
			code = fault.CodeQuarantined
		}
		err = fault.New(code, "%s", a.Reason).After(a.RetryAfter)
	})
	return err
}

// storeWitness has a quorum of voters store and sync the witness.
func (v *voter) storeWitness(sp *spec, done func(bool)) {
	w, stored, over := v.w, 0, false
	finish := func(ok bool) {
		if !over {
			over = true
			done(ok)
		}
	}
	seen := make([]bool, len(w.voters))
	life := v.life
	for i, o := range w.voters {
		w.net.send(v.node, o.node, func() {
			o.disk.put(sp.witness, w.seams.LaxStore, func(err error) {
				if err != nil {
					return
				}
				w.net.send(o.node, v.node, func() {
					if v.life != life || seen[i] {
						return
					}
					seen[i] = true
					if stored++; stored == w.quorum() {
						finish(true)
					}
				})
			})
		})
	}
	v.after(storeTimeout, func() { finish(false) })
}

// order proposes a command for somebody who waits for what comes of it.
func (v *voter) order(c fsm.Command, done func(fsm.Result, error)) {
	*c.Stamp() = fsm.Header{NowMS: v.wall().UnixMilli(), Actor: "client"}
	data, err := fsm.Encode(c)
	if err != nil {
		done(fsm.Result{}, err)
		return
	}
	over := false
	finish := func(r fsm.Result, err error) {
		if !over {
			over = true
			done(r, err)
		}
	}
	v.propose(data, func(a applied, err error) {
		if err != nil {
			finish(fsm.Result{}, fault.New(fault.CodeNoQuorum, "%w", err))
			return
		}
		finish(a.Result, a.Err)
	})
	v.after(proposeTimeout, func() { finish(fsm.Result{}, fault.New(fault.CodeNoQuorum, "no answer in time")) })
}

// cancel withdraws a request's subscription, at most a few times.
func (w *world) cancel(r *request, tries int) {
	v := w.leading()
	if v == nil {
		if tries > 0 {
			w.client.after(500*time.Millisecond, func() { w.cancel(r, tries-1) })
		}
		return
	}
	w.hit(seenCancel)
	w.net.send(w.client, v.node, func() {
		v.order(&fsm.CancelJob{Tenant: r.tenant, IdempotencyKey: r.key}, func(fsm.Result, error) {})
	})
}

// operate has an operator's command proposed, once.
func (w *world) operate(c fsm.Command) {
	if v := w.leading(); v != nil {
		v.order(c, func(fsm.Result, error) {})
	}
}

// key makes a client's idempotency key.
func key(n int) string { return fmt.Sprintf("key-%d", n) }
