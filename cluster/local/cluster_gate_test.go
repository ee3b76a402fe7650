package local

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestClusterGate runs what takes long: a flipped bit in every kind of file of a voter, and
// sixty-four clients more than a full cluster has room for.
func TestClusterGate(t *testing.T) {
	if os.Getenv("GATE") == "" {
		t.Skip("run by 'make gate-cluster'")
	}
	var r flips
	t.Run("flips", func(t *testing.T) {
		ctx, w := start(t, 3, 1)
		r = flipAll(ctx, t, w, max(1, scaled(5)))
	})
	var calm, crowded time.Duration
	var refused int
	var heap uint64
	t.Run("overload", func(t *testing.T) {
		ctx, w := start(t, 3, 2, narrow)
		calm, crowded, refused, heap = overloaded(ctx, t, w)
		if crowded >= 2*calm {
			t.Errorf("the 99th percentile of accepted jobs is %v, without the crowd %v", crowded, calm)
		}
		if refused == 0 {
			t.Error("nobody was refused")
		}
		if heap > heapMax {
			t.Errorf("%d MiB of heap in use, at most %d", heap>>20, heapMax>>20)
		}
	})
	fmt.Printf("cluster bitflips=%d refused=%d stopped=%d healed=%d wrong=0 calm_p99_ms=%d crowded_p99_ms=%d told_to_wait=%d heap_mib=%d\n",
		r.count, r.refused, r.stopped, r.healed, calm.Milliseconds(), crowded.Milliseconds(), refused, heap>>20)
}

// heapMax bounds the memory of five nodes in one process, clients included.
const heapMax = 1 << 30
