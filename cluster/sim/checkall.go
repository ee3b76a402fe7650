package sim

import (
	"rpp-node/cluster/fsm"
)

// stuck counts accepted jobs that have not ended in time, and probes that have not been
// released.
func (w *world) stuck() (n int) {
	v := w.leading()
	if v == nil {
		w.violate("nobody leads")
		return len(w.requests)
	}
	for _, j := range v.state.LiveJobs() {
		n++
		view, known := v.term.scheduler.Job([32]byte(j.ID))
		w.violate("stuck: job %x of kind %d; the scheduler knows it: %v, %+v", j.ID[:4], w.spec(j.ID).kind, known, view)
	}
	if n > 0 && w.trace != nil {
		w.tracef("%+v", v.term.scheduler.View())
	}
	for _, q := range w.requests {
		if !q.answered {
			n++
			w.violate("stuck: a submit of %s under %s has no answer", q.tenant, q.key)
			continue
		}
		if !q.patient {
			continue
		}
		if j, ok := v.state.ByKey(q.tenant, q.key); ok && !j.Live() && j.State != fsm.Released {
			n++
			w.violate("job %x was asked for after the faults, and is %s: %s", j.ID[:4], j.State, j.Reason)
		}
	}
	return n
}

// checkAll holds all voters against each other and against what clients were told.
func (w *world) checkAll() (lost int) {
	if !w.level() {
		for _, v := range w.voters {
			w.violate("%s does not catch up: applied %d, log to %d", v.name, v.applied, v.log.last())
		}
	}
	if v := w.leading(); v != nil {
		w.oracle.settled(v.term)
	}
	var checked []fsm.Digest
	for _, v := range w.voters {
		w.oracle.compare(v, v.applied)
		if d := v.state.Digest(); !has(checked, func(e fsm.Digest) bool { return e == d }) {
			checked = append(checked, d)
			if err := fsm.CheckInvariants(v.state); err != nil {
				w.violate("%s: %v", v.name, err)
			}
		}
	}
	for _, a := range w.oracle.acks {
		for _, v := range w.voters {
			if j, ok := v.state.ByKey(a.tenant, a.key); !ok || j.ID != a.job {
				lost++
				w.violate("lost: %s does not know job %x, accepted for %s under %s", v.name, a.job[:4], a.tenant, a.key)
				break
			}
		}
	}
	w.checkProofs()
	return lost
}

// checkProofs says that every released proof can still be read.
func (w *world) checkProofs() {
	w.voters[0].state.References(func(k fsm.ArtifactKind, d fsm.Digest) {
		for _, v := range w.voters {
			if _, err := v.disk.read(d); err == nil {
				return
			}
		}
		if k == fsm.ProofArtifact {
			w.violate("released proof %x is on no disk", d[:4])
		}
	})
}
