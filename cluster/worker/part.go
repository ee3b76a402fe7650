package worker

import (
	"context"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/prover/spec"
)

// state is how far a part has come. A part that is given up leaves the books.
type state uint8

const (
	waiting state = iota
	running
	finished // its report waits to be taken
)

// part is a lease to prove a job on a device. Fields without a remark are not written
// after the part is made; the others are guarded by Worker.mu.
type part struct {
	job    [32]byte
	spec   *spec.Spec
	slot   *slot
	limit  time.Duration
	alone  bool
	cells  uint64
	ctx    context.Context // ends when the part is given up
	cancel context.CancelFunc

	fence    Fence // guarded
	state    state // guarded
	deadline time.Time
	began    time.Time // guarded; zero while it waits
	given    bool      // guarded; given up
	inputs   *inputs   // guarded; nil until they are here
	report   *internalv1.PartReport
}

// inputs are what a part is proved from, or why they are not here.
type inputs struct {
	witness, key []byte
	err          error
}

// wipe overwrites the witness.
func (in *inputs) wipe() {
	if in != nil {
		clear(in.witness)
		in.witness = nil
	}
}

// slot is a device with its queue.
type slot struct {
	dev   Device
	info  Info
	live  live
	queue []*part            // guarded by Worker.mu; oldest first
	busy  *part              // guarded by Worker.mu
	rates map[string]float64 // guarded by Worker.mu; cells a second, by family
}

// resident says whether a part of that kind waits or runs.
func (s *slot) resident(is func(*part) bool) bool {
	for _, p := range s.queue {
		if is(p) {
			return true
		}
	}
	return s.busy != nil && is(s.busy)
}
