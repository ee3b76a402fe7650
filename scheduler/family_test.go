package scheduler

import (
	"testing"
	"time"
)

// What was measured of a family serves for its variants until they have been measured
// themselves.
func TestFamilysRateServesItsVariants(t *testing.T) {
	now := time.Unix(1000, 0)
	s := New(DefaultConfig(), 1, now)
	s.Step(now, WorkerJoined{Worker: "w", Build: "b", Devices: []Device{{
		ID: "w/0", Kind: "cpu", Threads: 1, MemoryBytes: 1 << 40, Rates: map[string]float64{"pruning": 2e6, "state": 1e6},
	}}})
	for key, want := range map[string]float64{
		"pruning":                                2e6,
		"pruning/block-512/production/poseidon2": 2e6,
		"state/block/production/keccak":          1e6,
	} {
		if got := s.capacity(s.rates.index(key)); got < want*0.999 || got > want*1.001 {
			t.Errorf("%s: %.0f cells a second, want %.0f", key, got, want)
		}
	}
	// A family that nobody has measured gets the mean of the times.
	if got, want := s.capacity(s.rates.index("uptime/hour/production/poseidon2")), 2/(1/2e6+1/1e6); got < want*0.999 || got > want*1.001 {
		t.Errorf("uptime: %.0f cells a second, want %.0f", got, want)
	}
}
