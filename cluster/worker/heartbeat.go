package worker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// snapshot is what a heartbeat says of the books.
type snapshot struct {
	slots    []slotSnapshot
	draining bool
	reclaim  time.Time
}

type slotSnapshot struct {
	name    string
	live    *live
	running *Fence
	began   time.Time
	waiting []Fence
}

// live is what changes while a task runs.
type live struct {
	stage    atomic.Pointer[string]
	resident atomic.Int64
}

// publish leaves a snapshot of the books, which are locked.
func (w *Worker) publish() {
	s := &snapshot{draining: w.drain, reclaim: w.reclaim}
	for _, sl := range w.slots {
		d := slotSnapshot{name: sl.info.Name, live: &sl.live}
		if p := sl.busy; p != nil && !p.given {
			f := p.fence
			d.running, d.began = &f, p.began
		}
		for _, p := range sl.queue {
			d.waiting = append(d.waiting, p.fence)
		}
		s.slots = append(s.slots, d)
	}
	w.beat.Store(s)
}

// fences are the leases that the snapshot announces.
func (s *snapshot) fences() []Fence {
	var list []Fence
	for _, d := range s.slots {
		if d.running != nil {
			list = append(list, *d.running)
		}
		list = append(list, d.waiting...)
	}
	return list
}

func (s *snapshot) message(sequence uint64, now time.Time) *internalv1.WorkerMessage {
	h := &internalv1.Heartbeat{Sequence: sequence, Draining: s.draining}
	if !s.reclaim.IsZero() {
		h.ReclaimMs = s.reclaim.UnixMilli()
	}
	for _, d := range s.slots {
		m := &internalv1.DeviceState{Name: d.name, ResidentBytes: uint64(max(d.live.resident.Load(), 0))}
		if d.running != nil {
			m.Running = d.running.message()
			m.RunningMs = now.Sub(d.began).Milliseconds()
			if stage := d.live.stage.Load(); stage != nil {
				m.Stage = *stage
			}
		}
		for _, f := range d.waiting {
			m.Waiting = append(m.Waiting, f.message())
		}
		h.Devices = append(h.Devices, m)
	}
	return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Heartbeat{Heartbeat: h}}
}

// beats remembers what heartbeats announced, until they are answered.
type beats struct {
	mu   sync.Mutex
	last uint64               // guarded by mu
	sent map[uint64]announced // guarded by mu
}

type announced struct {
	at     time.Time
	fences []Fence
}

// note numbers a heartbeat.
func (b *beats) note(a announced) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	if b.sent == nil {
		b.sent = map[uint64]announced{}
	}
	delete(b.sent, b.last-maxBeats)
	b.sent[b.last] = a
	return b.last
}

// answered takes a heartbeat out, and all before it.
func (b *beats) answered(sequence uint64) (announced, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.sent[sequence]
	for s := range b.sent {
		if s <= sequence {
			delete(b.sent, s)
		}
	}
	return a, ok
}

// heartbeats beats until ctx ends. It takes nothing but the last snapshot, and hands the
// message to the session's sender without waiting.
func (w *Worker) heartbeats(ctx context.Context, every time.Duration, b *beats, l *link) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		now := w.cfg.Now()
		s := w.beat.Load()
		l.beat(s.message(b.note(announced{now, s.fences()}), now))
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
