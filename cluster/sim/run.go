package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// Outcome is what came of a run.
type Outcome struct {
	Faults int // injected
	// What must be zero: accepted submits that a voter does not know; second releases;
	// releases that no quorum had verified; accepted jobs that did not end; voters whose
	// entries or states differ.
	Lost, Duplicated, Unverified, Stuck, Diverged int
	// Violations say in words what was wrong, the above and everything else.
	Violations []string
	Hits       [hitsCount]int
	Hash       uint64 // of all that happened
	Events     int
	Simulated  time.Duration
}

// Run runs a cluster from a seed. trace is written to, if it is not nil.
func Run(seed uint64, seams Seams, trace io.Writer) (out Outcome) {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 0x73696d)), seams: &seams, trace: trace, leaders: map[uint64]*voter{}, hash: 0xcbf29ce484222325,
	}
	w.oracle = newOracle(w)
	defer func() {
		if r := recover(); r != nil {
			w.violate("panic: %v", r)
			w.tracef("%s", debug.Stack())
			out = w.outcome(0, 0)
		}
	}()
	w.populate()
	w.inject()
	w.run(w.swarm.healAt, time.Second, nil)
	dead := w.repair()
	deadline := w.now + 3*w.faultFree()
	w.run(deadline, 500*time.Millisecond, w.quiet)
	stuck := w.stuck()
	for _, v := range dead {
		v.open()
	}
	w.run(w.now+20*time.Second, 500*time.Millisecond, w.level)
	return w.outcome(w.checkAll(), stuck)
}

func (w *world) outcome(lost, stuck int) Outcome {
	o := Outcome{
		Lost: lost, Duplicated: w.oracle.duplicated, Unverified: w.oracle.unverified, Stuck: stuck, Diverged: w.oracle.diverged,
		Violations: w.violations, Hits: w.hits, Hash: w.hash, Events: w.count, Simulated: w.now,
	}
	for _, n := range w.hits[:faultsCount] {
		o.Faults += n
	}
	return o
}

func (o *Outcome) String() string {
	return fmt.Sprintf("faults=%d lost=%d duplicated=%d unverified=%d stuck=%d diverged=%d violations=%d",
		o.Faults, o.Lost, o.Duplicated, o.Unverified, o.Stuck, o.Diverged, len(o.Violations))
}
