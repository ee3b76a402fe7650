package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// errSilent ends a session whose leader has said nothing for the length of a lease.
var errSilent = errors.New("worker: the leader is silent")

// sessions opens one session after another.
func (w *Worker) sessions() {
	failures := 0
	for w.ctx.Err() == nil {
		welcome, err := w.session(w.ctx)
		if w.ctx.Err() != nil {
			return
		}
		if welcome {
			failures = 0
		}
		pause := pauseFor(failures, w.cfg.Chance())
		failures++
		w.cfg.Log.Warn("session with the leader ended", "error", err, "again_in", pause)
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-w.ctx.Done():
			t.Stop()
		}
	}
}

// pauseFor is the pause after so many sessions that were not welcome; half of it is chance.
func pauseFor(failures int, chance float64) time.Duration {
	d := min(pauseMin<<min(failures, 10), pauseMax)
	return d/2 + time.Duration(chance*float64(d/2))
}

// session runs one session; welcome says whether the leader took the worker in.
func (w *Worker) session(ctx context.Context) (welcome bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stream, err := w.cfg.Leader.Session(ctx)
	if err != nil {
		return false, err
	}
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer stream.Close()
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	defer stop()
	silence := time.AfterFunc(welcomeTimeout, func() { cancel(errSilent) })
	defer silence.Stop()

	hello, known := w.hello()
	if err := stream.Send(hello); err != nil {
		return false, cause(ctx, err)
	}
	m, err := stream.Receive()
	if err != nil {
		return false, cause(ctx, err)
	}
	first := m.GetWelcome()
	if first == nil {
		return false, fmt.Errorf("worker: the leader's first message is %T, want welcome", m.GetOf())
	}
	every, lease := time.Duration(first.HeartbeatMs)*time.Millisecond, time.Duration(first.LeaseMs)*time.Millisecond
	if every < MinHeartbeat || every > MaxHeartbeat || lease < every || lease > MaxLease {
		return false, fmt.Errorf("worker: the leader asks for a heartbeat every %s and leases of %s", every, lease)
	}
	w.cfg.Log.Info("session with the leader", "leader", first.Leader, "term", first.Term)
	l, b := newLink(), &beats{}
	w.welcomed(first, known, lease, l)
	defer w.unlink(l)
	helpers.Go(func() {
		if err := l.run(ctx, stream); err != nil {
			cancel(err)
		}
	})
	helpers.Go(func() { w.heartbeats(ctx, every, b, l) })
	defer cancel(nil) // before helpers.Wait
	for {
		silence.Reset(lease)
		m, err := stream.Receive()
		if err != nil {
			return true, cause(ctx, err)
		}
		if err := w.receive(m, b, lease); err != nil {
			return true, err
		}
	}
}

// cause is why ctx ended if it has, else err.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// hello opens a session, and lists the fences that it announces.
func (w *Worker) hello() (*internalv1.WorkerMessage, []Fence) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := &internalv1.Hello{Version: w.cfg.Version, Build: w.cfg.Build, Draining: w.drain}
	for _, s := range w.slots {
		h.Devices = append(h.Devices, &internalv1.DeviceOffer{
			Name: s.info.Name, Kind: s.info.Kind, Threads: uint32(s.info.Threads),
			MemoryBytes: uint64(max(s.info.MemoryBytes, 0)), Rates: maps.Clone(s.rates),
		})
	}
	known := slices.SortedFunc(maps.Keys(w.parts), Fence.Compare)
	for _, f := range known {
		p := w.parts[f]
		h.Resident = append(h.Resident, &internalv1.Resident{
			Job: p.job[:], Fence: f.message(), Device: p.slot.info.Name, Started: p.state != waiting, Finished: p.state == finished,
		})
	}
	return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Hello{Hello: h}}, known
}

// welcomed does what the leader says about the parts that hello announced: those that it
// does not want kept are given up. Then the session is open.
func (w *Worker) welcomed(m *internalv1.Welcome, known []Fence, lease time.Duration, l *link) {
	keep := map[Fence]Fence{}
	for _, d := range m.Directives {
		if d.Order != internalv1.Order_ORDER_KEEP_COMPUTING {
			continue
		}
		f := fenceOf(d.Fence)
		keep[f] = f
		if d.Renewed != nil {
			keep[f] = fenceOf(d.Renewed)
		}
	}
	w.update(func() {
		deadline := w.cfg.Now().Add(lease)
		var kept []*part
		for _, f := range known {
			p := w.parts[f]
			if p == nil {
				continue // given up since
			}
			renewed, ok := keep[f]
			if !ok {
				w.cfg.Log.Info("part given up: the leader does not want it", "fence", f)
				w.giveUp(p)
				continue
			}
			// All leave their old fences before any takes its new one.
			delete(w.parts, f)
			p.fence, p.deadline = renewed, deadline
			kept = append(kept, p)
		}
		for _, p := range kept {
			w.refence(p, p.fence)
		}
		w.link = l
		for _, p := range w.reports {
			w.send(reportMessage(p.report))
		}
	})
}

// unlink ends the sending half; what is said from now on waits for the next session.
func (w *Worker) unlink(l *link) {
	w.update(func() {
		if w.link == l {
			w.link = nil
		}
	})
}

// receive does what a message asks.
func (w *Worker) receive(m *internalv1.LeaderMessage, b *beats, lease time.Duration) error {
	switch of := m.GetOf().(type) {
	case *internalv1.LeaderMessage_Grant:
		w.granted(of.Grant, lease)
	case *internalv1.LeaderMessage_Revoke:
		w.revoked(of.Revoke)
	case *internalv1.LeaderMessage_Renewal:
		w.renewed(of.Renewal, b, lease)
	case *internalv1.LeaderMessage_Taken:
		w.taken(fenceOf(of.Taken.GetFence()))
	default:
		return fmt.Errorf("worker: the leader sends %T", of)
	}
	return nil
}
