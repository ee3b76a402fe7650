//go:build linux

package processtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// probeTimeout is how long who asks whether jobs are accepted waits for an answer before
// asking again, by way of another node.
const probeTimeout = time.Second

// tally counts what was done to clusters, and how they stood it.
type tally struct {
	mu                                   sync.Mutex // guards the rest
	scenarios, kills, partitions, pauses int
	diskFull, bitFlips                   int
	lost, wrong                          int
	recoveries                           []time.Duration
}

func (t *tally) count(n *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*n++
}

// recovery99 is what one recovery in a hundred takes longer than.
func (t *tally) recovery99() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.recoveries) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t.recoveries))
	return sorted[(len(sorted)*99-1)/100]
}

// recovered waits until the cluster accepts a job after what has just happened, and writes
// down how long that took.
func (r *rig) recovered(what string, args ...any) time.Duration {
	return r.recoveredSince(time.Now(), what, args...)
}

// recoveredSince does so after what happened a while ago. The job is one that is known
// already: accepting it takes all that accepting takes, but no proof is made.
func (r *rig) recoveredSince(since time.Time, what string, args ...any) time.Duration {
	c := r.callAt(tenants[0], r.addresses(r.random.IntN(voterCount))...)
	body := witness(r.load.size, 1)
	const limit = 30 * time.Second
	for time.Since(since) < limit {
		ctx, cancel := context.WithTimeout(r.t.Context(), probeTimeout)
		_, err := c.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: family, Witness: body, IdempotencyKey: "probe"}))
		cancel()
		if err == nil {
			took := time.Since(since)
			r.tally.mu.Lock()
			r.tally.recoveries = append(r.tally.recoveries, took)
			r.tally.mu.Unlock()
			r.t.Logf("%s: accepted again after %v", fmt.Sprintf(what, args...), took.Round(time.Millisecond))
			return took
		}
		if r.t.Context().Err() != nil {
			r.t.Fatal(api.FromError(err))
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.fatal("%s: nothing is accepted for %s", fmt.Sprintf(what, args...), limit)
	return 0
}
