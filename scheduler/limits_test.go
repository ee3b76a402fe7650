package scheduler

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func quiet() *Scheduler {
	c := DefaultConfig()
	c.HoldOff = 0
	return New(c, 1, start)
}

func joinOf(worker WorkerID, devices int) WorkerJoined {
	e := WorkerJoined{Worker: worker}
	for i := range devices {
		e.Devices = append(e.Devices, Device{ID: DeviceID(fmt.Sprintf("%s/%d", worker, i)), MemoryBytes: 100, Rates: map[string]float64{"k": 1000}})
	}
	return e
}

// TestLimits goes one beyond each limit of limits.go.
func TestLimits(t *testing.T) {
	t.Run("devices", func(t *testing.T) {
		s := quiet()
		s.Step(start, joinOf("w", devicesPerWorkerMax+1))
		if n := len(s.View().Devices); n != devicesPerWorkerMax {
			t.Errorf("%d devices", n)
		}
	})
	t.Run("workers", func(t *testing.T) {
		s := quiet()
		for i := range workersMax + 1 {
			s.Step(start, joinOf(WorkerID(fmt.Sprint("w", i)), 1))
		}
		if n := len(s.View().Devices); n != workersMax {
			t.Errorf("%d devices of as many workers", n)
		}
	})
	t.Run("residents", func(t *testing.T) {
		s := quiet()
		e := joinOf("w", 1)
		for i := range residentsMax + 1 {
			e.Resident = append(e.Resident, Resident{Fence: Fence{0, uint64(i)}, Device: "w/0"})
		}
		if n := len(s.Step(start, e)); n != residentsMax+1 { // and Idle
			t.Errorf("%d actions", n)
		}
	})
	t.Run("rate keys", func(t *testing.T) {
		s := quiet()
		for i := range rateKeysMax + 1 {
			s.Admit(start, Ask{Tenant: "t", RateKey: fmt.Sprint(i)})
		}
		if n := len(s.rates.byName); n != rateKeysMax {
			t.Errorf("%d rate keys", n)
		}
	})
	t.Run("reasons", func(t *testing.T) {
		s := quiet()
		s.Step(start, joinOf("w", 2))
		j := jobNumber(0)
		s.Step(start, JobAccepted{Job: j})
		s.Step(start, Report{Worker: "w", Device: "w/0", Job: j.ID, Fence: Fence{1, 1}, Outcome: Unavailable, Reason: strings.Repeat("x", 1<<16)})
		if n := len(s.View().Decisions[1].Reason); n > reasonBytes+100 {
			t.Errorf("a reason of %d bytes", n)
		}
	})
	t.Run("avoided devices", func(t *testing.T) {
		s := quiet()
		s.Step(start, joinOf("w", avoidedMax+2))
		j := jobNumber(0)
		s.Step(start, JobAccepted{Job: j})
		for i := range avoidedMax + 1 {
			l := s.jobs[j.ID].leases[0]
			s.Step(start, Report{Worker: "w", Device: l.device.id, Job: j.ID, Fence: l.fence, Outcome: Unavailable})
			if n := len(s.jobs[j.ID].avoided); n != min(i+1, avoidedMax) {
				t.Errorf("after %d failures %d devices are avoided", i+1, n)
			}
		}
	})
	t.Run("disputes, results", func(t *testing.T) {
		s := quiet()
		for i := range disputesMax + 1 {
			j := &job{Job: jobNumber(i)}
			for n := range resultsMax + 1 {
				s.compare(j, result{digest: [32]byte{byte(n)}})
			}
			if len(j.results) != resultsMax {
				t.Fatalf("%d results", len(j.results))
			}
		}
		if len(s.disputes) != disputesMax {
			t.Errorf("%d disputes", len(s.disputes))
		}
		for _, d := range s.disputes {
			if len(d.results) > resultsMax {
				t.Errorf("%d results in a dispute", len(d.results))
			}
		}
	})
	t.Run("quarantines", func(t *testing.T) {
		s := quiet()
		for i := range quarantinesMax + 1 {
			s.Step(start, DeviceQuarantined{DeviceID(fmt.Sprint(i))})
			s.Step(start, WorkerQuarantined{WorkerID(fmt.Sprint(i))})
			s.Step(start, SpecQuarantined{Tenant: fmt.Sprint(i)})
			s.Step(start, IntakeClosed{Tenant: fmt.Sprint(i), Until: start.Add(time.Hour)})
		}
		q := &s.quarantine
		if len(q.devices) != quarantinesMax || len(q.workers) != quarantinesMax || len(q.specs) != quarantinesMax || len(q.closed) != quarantinesMax {
			t.Errorf("%d, %d, %d, %d", len(q.devices), len(q.workers), len(q.specs), len(q.closed))
		}
	})
	t.Run("decisions", func(t *testing.T) {
		s := quiet()
		for range s.config.DecisionsMax + 1 {
			s.Step(start, Report{Fence: Fence{1, 1}})
		}
		if n := len(s.View().Decisions); n != s.config.DecisionsMax {
			t.Errorf("%d decisions", n)
		}
	})
	t.Run("waits", func(t *testing.T) {
		var w waits
		for i := range waitsMax + 1 {
			w.add(time.Duration(i) * time.Second)
		}
		if len(w.ring) != waitsMax || w.quantiles(0)[0] != time.Second {
			t.Errorf("%d waits from %v", len(w.ring), w.quantiles(0)[0])
		}
	})
	t.Run("cells, rates, time", func(t *testing.T) {
		s := quiet()
		e := joinOf("w", 1)
		e.Devices[0].Rates = map[string]float64{"k": math.NaN(), "l": math.Inf(1), "m": -1, "n": 1}
		s.Step(start, e)
		j := jobNumber(0)
		j.RateKey, j.Cells = "n", math.MaxUint64
		s.Step(start, JobAccepted{Job: j})
		if at := s.View().Devices[0].FreeAt; at.After(start.Add(durationMax)) || at.Before(start.Add(time.Hour)) {
			t.Errorf("free at %v", at)
		}
		if got := s.jobs[j.ID].Cells; got != cellsLimit {
			t.Errorf("%d cells", got)
		}
	})
	t.Run("invalid witnesses", func(t *testing.T) {
		// One device says so again and again while another, which fits, is never free.
		s := quiet()
		s.Step(start, joinOf("w", 2))
		j := &job{Job: jobNumber(0), wanted: 1, state: JobLeased, flowAt: -1, classAt: -1}
		s.jobs[j.ID] = j
		s.tenant(j.Tenant).jobs++
		s.account(j.Class, 0, j.Cells, true)
		for i := range invalidMax {
			if j.state == JobEnded {
				t.Fatalf("ended after %d", i)
			}
			s.invalid(j, s.devices[0], Report{Reason: "again"})
		}
		if j.state != JobEnded {
			t.Errorf("%d times, and still %s", invalidMax, j.state)
		}
	})
}

func TestValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"Lease":           func(c *Config) { c.Lease = 0 },
		"HoldOff":         func(c *Config) { c.HoldOff = -1 },
		"SilentAfter":     func(c *Config) { c.SilentAfter = c.Lease + 1 },
		"DeliveryGrace":   func(c *Config) { c.DeliveryGrace = 0 },
		"AheadTime":       func(c *Config) { c.AheadTime = -1 },
		"IntakeWindow":    func(c *Config) { c.IntakeWindow = 0 },
		"IntakeClosedFor": func(c *Config) { c.IntakeClosedFor = 0 },
		"RestMin":         func(c *Config) { c.RestMin = 0 },
		"RestMax":         func(c *Config) { c.RestMax = c.RestMin - 1 },
		"AgeStep":         func(c *Config) { c.AgeStep = 0 },
		"WaitMax":         func(c *Config) { c.WaitMax = 0 },
		"ReservationTTL":  func(c *Config) { c.ReservationTTL = 0 },
		"JoinGrace":       func(c *Config) { c.JoinGrace = -1 },
		"TimeLimitMin":    func(c *Config) { c.TimeLimitMin = 0 },
		"TimeLimitMax":    func(c *Config) { c.TimeLimitMax = c.TimeLimitMin - 1 },
		"QueueDepth":      func(c *Config) { c.QueueDepth = queueDepthMax + 1 },
		"AttemptsMax":     func(c *Config) { c.AttemptsMax = 0 },
		"SuspicionsMax":   func(c *Config) { c.SuspicionsMax = 0 },
		"IntakeSpecs":     func(c *Config) { c.IntakeSpecs = 0 },
		"NodeDevices":     func(c *Config) { c.NodeDevices = 0 },
		"JobsMax":         func(c *Config) { c.JobsMax = jobsMax + 1 },
		"TenantJobsMax":   func(c *Config) { c.TenantJobsMax = 0 },
		"DecisionsMax":    func(c *Config) { c.DecisionsMax = decisionsMax + 1 },
		"RateDefault":     func(c *Config) { c.RateDefault = math.NaN() },
		"RateWeight":      func(c *Config) { c.RateWeight = 0 },
		"StealGain":       func(c *Config) { c.StealGain = -1 },
		"HedgeFactor":     func(c *Config) { c.HedgeFactor = 1 },
		"HedgeShare":      func(c *Config) { c.HedgeShare = 2 },
		"TimeLimitFactor": func(c *Config) { c.TimeLimitFactor = 1 },
	} {
		c := DefaultConfig()
		spoil(&c)
		if err := c.Validate(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), ": "+name+" ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
