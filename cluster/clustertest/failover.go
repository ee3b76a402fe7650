package clustertest

import (
	"slices"
	"sync"
	"time"
)

// failovers measures how long the cluster is without a leader that accepts: from the loss
// of the leader, or the return of a majority if there was none, to the next command that
// is acknowledged and was sent after that.
type failovers struct {
	mu      sync.Mutex
	pending bool
	since   time.Time
	took    []time.Duration
}

// lost begins, or begins anew: whatever came before, the cluster has to recover from this.
func (f *failovers) lost() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending, f.since = true, time.Now()
}

// disturbed begins anew if the cluster has not recovered yet.
func (f *failovers) disturbed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending {
		f.since = time.Now()
	}
}

// acknowledged ends it.
func (f *failovers) acknowledged(sent time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending && !sent.Before(f.since) {
		f.pending = false
		f.took = append(f.took, time.Since(f.since))
	}
}

// going says whether one is going on.
func (f *failovers) going() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pending
}

func (f *failovers) all() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.took)
}

// Quantile is the smallest of the durations that a share of them does not exceed.
func Quantile(d []time.Duration, share float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	i := int(share*float64(len(d))+0.9999999) - 1
	return d[min(max(i, 0), len(d)-1)]
}
