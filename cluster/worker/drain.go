package worker

import (
	"context"
	"time"
)

// Drain has the worker take no more parts. Parts that wait are handed back; Drain returns
// when those that run have been reported and the reports taken, or with ctx's error.
func (w *Worker) Drain(ctx context.Context) error {
	w.update(w.refuse)
	for {
		w.mu.Lock()
		left, changed := len(w.parts), w.changed
		w.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// refuse closes intake and hands back what waits. The books are locked.
func (w *Worker) refuse() {
	w.drain = true
	for _, s := range w.slots {
		for len(s.queue) > 0 {
			w.handBack(s.queue[0], "the worker drains")
		}
	}
}

// handBack gives a part up and tells the leader. The books are locked.
func (w *Worker) handBack(p *part, why string) {
	w.cfg.Log.Info("part handed back", "fence", p.fence, "started", p.state != waiting, "reason", why)
	w.giveUp(p)
	w.send(dropped(p.fence, p.state != waiting))
}

// Reclaim says that the machine will be gone at that time (a spot instance's notice). The
// worker drains; parts that will not be proved in time are handed back at once, others
// when their time comes.
func (w *Worker) Reclaim(at time.Time) {
	w.update(func() {
		w.reclaim = at
		w.refuse()
		for _, s := range w.slots {
			p := s.busy
			if p == nil || p.given {
				continue
			}
			rate := s.rates[p.spec.Family]
			if rate <= 0 {
				continue
			}
			if end := p.began.Add(time.Duration(float64(p.cells) / rate * float64(time.Second))); end.After(at.Add(-reclaimMargin)) {
				w.handBack(p, "the machine is reclaimed before it is proved")
			}
		}
	})
}
