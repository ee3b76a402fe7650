package worker

import (
	"bytes"
	"context"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/prover/proving"
	"rpp-node/prover/spec"
)

// granted takes a part in, or declines it.
func (w *Worker) granted(g *internalv1.Grant, lease time.Duration) {
	lease = leaseOr(g.LeaseMs, lease)
	s := w.slot(g.Device)
	if s == nil {
		w.decline(g, fault.CodeNoDevice, "this worker has no device of that name")
		return
	}
	sp, err := spec.Decode(g.Spec)
	if id := spec.IDOf(g.Spec); err != nil || !bytes.Equal(g.Job, id[:]) || !bytes.Equal(g.WitnessDigest, sp.Witness[:]) {
		w.decline(g, fault.CodeField, "the grant is not of a job that this release reads")
		return
	}
	cost, err := w.cfg.Cost(sp, s.info.Threads)
	if err != nil {
		w.decline(g, fault.CodeFamily, err.Error())
		return
	}
	if limit := s.info.MemoryBytes; limit > 0 && cost.PeakBytes > limit {
		err := proving.MemoryError{Need: cost.PeakBytes, Limit: limit}
		w.decline(g, fault.CodeNoDevice, err.Error())
		return
	}
	w.update(func() {
		if code, reason := w.admit(g, s, lease); code != "" {
			w.send(declined(g, code, reason))
			return
		}
		if w.parts[fenceOf(g.Fence)] != nil {
			return // known already, or an older lease of it renewed
		}
		p := &part{
			job: [32]byte(g.Job), spec: sp, slot: s, limit: time.Duration(max(g.TimeLimitMs, 0)) * time.Millisecond,
			alone: g.Alone, cells: cost.Cells, fence: fenceOf(g.Fence), deadline: w.cfg.Now().Add(lease),
		}
		p.ctx, p.cancel = context.WithCancel(w.ctx)
		w.parts[p.fence] = p
		s.queue = append(s.queue, p)
		w.tasks.Go(func() { w.fetch(p, g) })
	})
}

// admit says whether a part may be taken in, and why not. A lease of a job that the device
// has already takes the place of the older one. The books are locked.
func (w *Worker) admit(g *internalv1.Grant, s *slot, lease time.Duration) (fault.Code, string) {
	f := fenceOf(g.Fence)
	if p := w.parts[f]; p != nil {
		if p.report != nil { // the leader has not heard of it
			w.send(reportMessage(p.report))
		}
		return "", ""
	}
	for _, p := range w.parts {
		if p.slot != s || !bytes.Equal(p.job[:], g.Job) {
			continue
		}
		if p.fence.Compare(f) > 0 {
			return fault.CodeStaleFence, "the device has the job under a later fence"
		}
		p.deadline = w.cfg.Now().Add(lease)
		w.refence(p, f)
		if p.report != nil {
			w.send(reportMessage(p.report))
		}
		return "", ""
	}
	isAlone := func(p *part) bool { return p.alone }
	switch {
	case w.drain, w.ctx.Err() != nil:
		return fault.CodeNoDevice, "the worker drains"
	case s.resident(isAlone):
		return fault.CodeNoDevice, "the device has a part that must be alone"
	case len(s.queue) >= MaxWaiting:
		return fault.CodeOverload, "the device's queue is full"
	}
	return "", ""
}

func (w *Worker) decline(g *internalv1.Grant, code fault.Code, reason string) {
	w.update(func() { w.send(declined(g, code, reason)) })
}

// declined is the report of a part that was not taken in. It is sent once: a worker that
// reconnects does not list the part, which says the same.
func declined(g *internalv1.Grant, code fault.Code, reason string) *internalv1.WorkerMessage {
	return reportMessage(&internalv1.PartReport{
		Job: g.Job, Fence: g.Fence, Device: g.Device,
		Outcome: internalv1.Outcome_OUTCOME_DECLINED, Code: string(code), Reason: plain(reason),
	})
}

func reportMessage(r *internalv1.PartReport) *internalv1.WorkerMessage {
	return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Report{Report: r}}
}
