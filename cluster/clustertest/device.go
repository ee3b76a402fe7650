package clustertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/worker"
	workerdevice "rpp-node/cluster/worker/device"
)

// device proves by the clock: it takes its time and then has the proof, or something that
// looks like one.
type device struct {
	w    *Worker
	name string
	rng  *rand.Rand // of the device's goroutine
}

func newDevice(w *Worker, i int) *device {
	return &device{w: w, name: fmt.Sprintf("%s/%d", w.name, i), rng: rand.New(rand.NewPCG(w.c.draw(), 1))}
}

func (d *device) Info() worker.Info {
	return worker.Info{Name: d.name, Kind: "cpu", Threads: 1, MemoryBytes: 1 << 30}
}

func (d *device) Run(ctx context.Context, t *worker.Task, begin func(string)) (*worker.Result, error) {
	begin("prove")
	took := time.Duration(50+d.rng.IntN(300)) * time.Millisecond
	if d.rng.IntN(20) == 0 {
		took *= 10
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(took):
	}
	if d.rng.IntN(50) == 0 {
		return nil, &workerdevice.Error{Outcome: workerdevice.Crashed, Code: fault.CodeInternal, Reason: "the device's process ended"}
	}
	proof := prove(fsm.JobID(t.Spec.ID()))
	if d.rng.Float64() < d.w.garbage {
		proof[d.rng.IntN(len(proof))] ^= 1 << d.rng.IntN(8)
		d.w.c.garbage.Add(1)
	}
	return &worker.Result{ProofFile: proof, Usage: workerdevice.Usage{CPU: took, Cells: cellsCount, PeakBytes: 1 << 20}}, nil
}

func (*device) Calibrate(context.Context, string) (float64, error) { return cellsCount * 5, nil }

func (*device) ResidentBytes() int64 { return 0 }

func (*device) Close() error { return nil }

// nowhere has no witnesses: all are small, and travel with their grants.
type nowhere struct{}

func (nowhere) Fetch(context.Context, *internalv1.Grant) ([]byte, error) {
	return nil, errors.New("no witness is fetched here")
}
