package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/prover/proving"
	"rpp-node/prover/spec"
)

// Config is what a worker is made of.
type Config struct {
	Version, Build string

	Leader    Leader
	Keys      Keys
	Witnesses Witnesses
	// Devices are closed when Run returns.
	Devices []Device

	// Families are measured on each device before the first session, but for those of
	// which Rates remembers a figure (cells a second, by device and family; see
	// Worker.Rates).
	Families []string
	Rates    map[string]map[string]float64

	// Cost predicts what a spec takes on that many threads; nil for proving.Predictor's.
	Cost func(s *spec.Spec, threads int) (proving.Cost, error)

	Log *slog.Logger
	Now func() time.Time
	// Chance gives numbers from 0 to 1, for pauses.
	Chance func() float64
}

// Worker proves parts for the leader.
type Worker struct {
	cfg   Config
	slots []*slot

	beat atomic.Pointer[snapshot] // what the books look like; written by update

	mu      sync.Mutex
	parts   map[Fence]*part // waiting, running or finished
	reports []*part         // finished, oldest first
	link    *link           // of the open session, once it is welcome
	drain   bool
	reclaim time.Time // zero if there is no notice
	changed chan struct{}

	ctx   context.Context // of Run
	tasks sync.WaitGroup  // goroutines of Run
}

// New makes a worker. Run sets it going.
func New(cfg Config) (*Worker, error) {
	if len(cfg.Devices) == 0 || len(cfg.Devices) > MaxDevices {
		return nil, fmt.Errorf("worker: %d devices, want 1 to %d", len(cfg.Devices), MaxDevices)
	}
	if cfg.Cost == nil {
		cfg.Cost = new(proving.Predictor).Cost
	}
	w := &Worker{cfg: cfg, parts: map[Fence]*part{}, changed: make(chan struct{})}
	for _, d := range cfg.Devices {
		s := &slot{dev: d, info: d.Info(), rates: map[string]float64{}}
		if w.slot(s.info.Name) != nil {
			return nil, fmt.Errorf("worker: two devices have the name %q", s.info.Name)
		}
		maps.Copy(s.rates, cfg.Rates[s.info.Name])
		w.slots = append(w.slots, s)
	}
	w.update(func() {})
	return w, nil
}

func (w *Worker) slot(name string) *slot {
	for _, s := range w.slots {
		if s.info.Name == name {
			return s
		}
	}
	return nil
}

// Run works until ctx ends, then gives up what it has and closes the devices. It is
// called once.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.ctx = ctx
	w.calibrate()
	for _, s := range w.slots {
		w.tasks.Go(func() { w.serve(s) })
	}
	w.tasks.Go(w.watchLeases)
	w.tasks.Go(w.sessions)
	<-ctx.Done()
	w.update(func() {
		for _, p := range slices.Collect(maps.Values(w.parts)) {
			w.giveUp(p)
		}
	})
	var errs []error
	for _, s := range w.slots {
		errs = append(errs, s.dev.Close())
	}
	w.tasks.Wait()
	return errors.Join(errs...)
}

// update changes the books. change must not wait for anything.
func (w *Worker) update(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	w.publish()
	close(w.changed)
	w.changed = make(chan struct{})
}

// send gives a message to the open session, if there is one. The books are locked.
func (w *Worker) send(m *internalv1.WorkerMessage) {
	if w.link != nil {
		w.link.post(m)
	}
}

// giveUp takes a part out of the books and stops what is done for it. The books are
// locked. The device's goroutine overwrites the witness of a part that runs.
func (w *Worker) giveUp(p *part) {
	if p.given {
		return
	}
	p.given = true
	p.cancel()
	delete(w.parts, p.fence)
	same := func(q *part) bool { return q == p }
	p.slot.queue = slices.DeleteFunc(p.slot.queue, same)
	w.reports = slices.DeleteFunc(w.reports, same)
	if p.state != running {
		p.inputs.wipe()
	}
	p.report = nil
}

// refence puts a part under another fence. The books are locked.
func (w *Worker) refence(p *part, f Fence) {
	delete(w.parts, p.fence)
	p.fence = f
	w.parts[f] = p
	if p.report != nil {
		p.report.Fence = f.message()
	}
}
