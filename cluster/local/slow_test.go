package local

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rpp-node/cluster/worker"
)

// slowed is a device that takes ten times as long while a switch is on.
type slowed struct {
	worker.Device
	on *atomic.Bool
}

func (s slowed) Run(ctx context.Context, t *worker.Task, begin func(string)) (*worker.Result, error) {
	began := time.Now()
	r, err := s.Device.Run(ctx, t, begin)
	if err == nil && s.on.Load() {
		select {
		case <-time.After(9 * time.Since(began)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return r, err
}

// TestSlowWorkerGate has one of four workers become ten times slower in the middle of a
// run: what it had ahead is stolen from it, and the others hardly notice.
func TestSlowWorkerGate(t *testing.T) {
	if os.Getenv("GATE") == "" {
		t.Skip("run by 'make gate-slow'")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var on atomic.Bool
	o := testOptions(t, 3, 4)
	fast := o.Device
	o.Device = func(ctx context.Context, node string, i int) (worker.Device, error) {
		d, err := fast(ctx, node, i)
		if err != nil || node != "worker-4" {
			return d, err
		}
		return slowed{d, &on}, nil
	}
	c, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v, err := c.Validator(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	n := max(scaled(200), 40)
	throughput(ctx, t, v, witnesses(t, seedsFrom(3_000_000, 12))) // warm
	even := throughput(ctx, t, v, witnesses(t, seedsFrom(0, n)))
	term, before := steals(ctx, t, c)
	all := witnesses(t, seedsFrom(10_000, n))
	time.AfterFunc(even/4, func() { on.Store(true) })
	slow := throughput(ctx, t, v, all)
	last, taken := steals(ctx, t, c)
	if last == term { // a new leader has counted from zero
		taken -= before
	}
	ratio := float64(slow) / float64(even)
	fmt.Printf("slow jobs=%d even_ms=%d slowed_ms=%d ratio=%.2f steals=%d\n", n, even.Milliseconds(), slow.Milliseconds(), ratio, taken)
	if fullSize() && ratio > 1.5 {
		t.Errorf("with a worker ten times slower the jobs took %.2f times as long, want at most 1.5", ratio)
	}
	if taken == 0 {
		t.Error("nothing was stolen from the slow worker")
	}
}

// steals counts those of the leader's term in the cluster's status, where each must have
// its reason.
func steals(ctx context.Context, t *testing.T, c *Cluster) (term, count uint64) {
	t.Helper()
	n := c.Leader()
	if n == nil {
		t.Fatal("no leader")
	}
	s, err := n.ClusterStatus(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range s.Decisions {
		if strings.HasPrefix(d.Kind, "steal") && d.Reason == "" {
			t.Errorf("a steal without a reason: %v", d)
		}
	}
	return s.Term, s.Queue.Steals
}
