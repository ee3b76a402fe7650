package health

import (
	"slices"
	"time"
)

// outcome is one proof or one verification.
type outcome struct {
	at     time.Time
	took   time.Duration
	failed bool
}

// window keeps the latest outcomes: at most windowCount, none older than windowSpan when
// it is read. Its owner locks it.
type window struct {
	ring []outcome
	next int
}

func (w *window) add(o outcome) {
	if len(w.ring) < windowCount {
		w.ring = append(w.ring, o)
		return
	}
	w.ring[w.next] = o
	w.next = (w.next + 1) % windowCount
}

// summary is a window in figures.
type summary struct {
	count, failed int
	p95           time.Duration // of those that did not fail
}

func (w *window) summarise(now time.Time) summary {
	var s summary
	var took []time.Duration
	for _, o := range w.ring {
		if now.Sub(o.at) > windowSpan {
			continue
		}
		s.count++
		if o.failed {
			s.failed++
		} else {
			took = append(took, o.took)
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		s.p95 = took[(len(took)*95+99)/100-1]
	}
	return s
}

func (s summary) errorRate() float64 {
	if s.count == 0 {
		return 0
	}
	return float64(s.failed) / float64(s.count)
}
