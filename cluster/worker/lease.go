package worker

import (
	"slices"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// revoked gives a part up. One that has begun goes on if only an unstarted one was meant;
// the report of a finished one stays until it is taken.
func (w *Worker) revoked(m *internalv1.Revoke) {
	f := fenceOf(m.Fence)
	w.update(func() {
		p := w.parts[f]
		started := p != nil && p.state != waiting
		if p != nil && p.state != finished && !(started && m.IfUnstarted) {
			w.cfg.Log.Info("part revoked", "fence", f, "started", started, "reason", m.Reason)
			w.giveUp(p)
		}
		w.send(dropped(f, started))
	})
}

func dropped(f Fence, started bool) *internalv1.WorkerMessage {
	return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Dropped{
		Dropped: &internalv1.Dropped{Fence: f.message(), Started: started},
	}}
}

// renewed prolongs the leases that the answer to a heartbeat lists, from when it was sent.
// Those that it announced and the answer does not list are over; parts granted since are
// not meant.
func (w *Worker) renewed(m *internalv1.Renewal, b *beats, lease time.Duration) {
	a, ok := b.answered(m.Heartbeat)
	if !ok {
		return // from an earlier session, or far too late
	}
	lease = leaseOr(m.LeaseMs, lease)
	listed := map[Fence]bool{}
	for _, f := range m.Fences {
		listed[fenceOf(f)] = true
	}
	w.update(func() {
		for _, f := range a.fences {
			p := w.parts[f]
			if p == nil || p.state == finished {
				continue
			}
			if listed[f] {
				if d := a.at.Add(lease); d.After(p.deadline) {
					p.deadline = d
				}
				continue
			}
			w.cfg.Log.Info("part given up: its lease was not renewed", "fence", f)
			w.giveUp(p)
		}
	})
}

// leaseOr is the length of a lease that a message gives, or else the session's.
func leaseOr(ms int64, session time.Duration) time.Duration {
	if d := time.Duration(ms) * time.Millisecond; d > 0 && d <= MaxLease {
		return d
	}
	return session
}

// taken lets a report go.
func (w *Worker) taken(f Fence) {
	w.update(func() {
		if p := w.parts[f]; p != nil && p.state == finished {
			w.giveUp(p)
		}
	})
}

// watchLeases gives parts up whose deadline has passed.
func (w *Worker) watchLeases() {
	for w.ctx.Err() == nil {
		w.mu.Lock()
		next, some := w.nextDeadline()
		changed := w.changed
		w.mu.Unlock()
		wait := MaxLease
		if some {
			wait = next.Sub(w.cfg.Now())
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
			w.update(w.expire)
		case <-changed:
		case <-w.ctx.Done():
		}
		t.Stop()
	}
}

// nextDeadline is when the next part must be given up. The books are locked.
func (w *Worker) nextDeadline() (next time.Time, some bool) {
	for _, p := range w.parts {
		if p.state == finished {
			continue
		}
		if d := w.until(p); !some || d.Before(next) {
			next, some = d, true
		}
	}
	return next, some
}

// until is when a part must be given up, for its lease or for a reclaim.
func (w *Worker) until(p *part) time.Time {
	if w.reclaim.IsZero() || p.deadline.Before(w.reclaim.Add(-reclaimMargin)) {
		return p.deadline
	}
	return w.reclaim.Add(-reclaimMargin)
}

// expire gives up every part whose time is over. The books are locked.
func (w *Worker) expire() {
	now := w.cfg.Now()
	var over []*part
	for _, p := range w.parts {
		if p.state != finished && !now.Before(w.until(p)) {
			over = append(over, p)
		}
	}
	slices.SortFunc(over, func(p, q *part) int { return p.fence.Compare(q.fence) })
	for _, p := range over {
		if now.Before(p.deadline) {
			w.handBack(p, "the machine is reclaimed")
			continue
		}
		w.cfg.Log.Warn("part given up: its lease has run out", "fence", p.fence)
		w.giveUp(p)
	}
}
