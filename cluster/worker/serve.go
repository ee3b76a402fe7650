package worker

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zeebo/blake3"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/worker/device"
)

// serve runs a device's parts, one after another.
func (w *Worker) serve(s *slot) {
	for w.ctx.Err() == nil {
		var p *part
		var changed chan struct{}
		w.mu.Lock()
		next := pick(s)
		changed = w.changed
		w.mu.Unlock()
		if next == nil {
			select {
			case <-changed:
			case <-w.ctx.Done():
			}
			continue
		}
		w.update(func() { p = w.begin(s) })
		if p != nil {
			w.attempt(s, p)
		}
	}
}

// pick is the next part to run: the oldest whose inputs are here, or known to be missing.
// One that must be alone waits until it is. The books are locked.
func pick(s *slot) *part {
	for _, p := range s.queue {
		if p.inputs != nil && (!p.alone || len(s.queue) == 1) {
			return p
		}
	}
	return nil
}

// begin takes the next part off the queue. The books are locked.
func (w *Worker) begin(s *slot) *part {
	p := pick(s)
	if p == nil { // given up since
		return nil
	}
	s.queue = slices.DeleteFunc(s.queue, func(q *part) bool { return q == p })
	s.busy, p.state, p.began = p, running, w.cfg.Now()
	s.live.stage.Store(nil)
	return p
}

// attempt runs a part and writes its report.
func (w *Worker) attempt(s *slot, p *part) {
	in := p.inputs
	var result *Result
	err := in.err
	if err == nil {
		result, err = s.dev.Run(p.ctx, &Task{
			Spec: p.spec, Key: in.key, Witness: in.witness, TimeLimit: p.limit, Alone: p.alone,
		}, func(stage string) {
			s.live.stage.Store(&stage)
			s.live.resident.Store(s.dev.ResidentBytes())
		})
	}
	in.wipe()
	s.live.resident.Store(s.dev.ResidentBytes())
	took := w.cfg.Now().Sub(p.began)
	r := outcome(result, err)
	w.update(func() {
		s.busy = nil
		p.inputs = nil
		if p.given {
			return
		}
		r.Job, r.Fence, r.Device, r.WallMs = p.job[:], p.fence.message(), s.info.Name, millis(took)
		if result != nil {
			s.learn(p.spec.Family, result.Usage.Cells, took)
		}
		p.state, p.report = finished, r
		w.reports = append(w.reports, p)
		w.bound()
		if !p.given {
			w.send(reportMessage(r))
		}
	})
	w.log(p, r)
}

// outcome is the report of an attempt, but for what the part says.
func outcome(result *Result, err error) *internalv1.PartReport {
	if err == nil {
		digest := blake3.Sum256(result.ProofFile)
		r := &internalv1.PartReport{Outcome: internalv1.Outcome_OUTCOME_PROVED, ProofFile: result.ProofFile, ProofDigest: digest[:]}
		measure(r, &result.Usage)
		return r
	}
	var e *device.Error
	if errors.As(err, &e) {
		r := &internalv1.PartReport{Outcome: internalv1.Outcome(e.Outcome), Code: string(e.Code), Reason: plain(e.Reason)}
		measure(r, &e.Usage)
		return r
	}
	f := fault.Of(err)
	return &internalv1.PartReport{Outcome: internalv1.Outcome_OUTCOME_UNAVAILABLE, Code: string(f.Code), Reason: plain(err.Error())}
}

func measure(r *internalv1.PartReport, u *device.Usage) {
	r.CpuMs, r.PeakBytes, r.Cells = millis(u.CPU), u.PeakBytes, u.Cells
	for _, s := range u.Stages {
		if r.StagesMs == nil {
			r.StagesMs = map[string]float64{}
		}
		r.StagesMs[s.Name] += millis(s.Wall)
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// learn corrects a device's rate by what a part took. The books are locked.
func (s *slot) learn(family string, cells uint64, took time.Duration) {
	if cells == 0 || took <= 0 {
		return
	}
	rate := float64(cells) / took.Seconds()
	if old, ok := s.rates[family]; ok {
		rate = old + (rate-old)*learning
	}
	s.rates[family] = rate
}

// learning is the weight of the last part in a rate.
const learning = 0.25

// bound lets the oldest reports go that are more than a worker keeps. The books are locked.
func (w *Worker) bound() {
	size := 0
	for _, p := range w.reports {
		size += len(p.report.ProofFile)
	}
	for len(w.reports) > MaxReports || (size > MaxReportBytes && len(w.reports) > 1) {
		p := w.reports[0]
		size -= len(p.report.ProofFile)
		w.cfg.Log.Warn("report given up: too many wait for a leader", "fence", p.fence)
		w.giveUp(p)
	}
}

func (w *Worker) log(p *part, r *internalv1.PartReport) {
	args := []any{
		"target", "plonky3", "device", p.slot.info.Name, "job", p.spec.ID(), "family", p.spec.Family, "variant", p.spec.Variant,
		"fingerprint", fmt.Sprintf("%x", p.spec.Fingerprint), "ms", r.WallMs, "bytes", len(r.ProofFile),
	}
	if r.Outcome == internalv1.Outcome_OUTCOME_PROVED {
		w.cfg.Log.Info("proved", args...)
		return
	}
	w.cfg.Log.Warn("not proved", append(args, "outcome", r.Outcome, "code", r.Code, "reason", r.Reason)...)
}
