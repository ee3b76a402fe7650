package scheduler

import (
	"errors"
	"fmt"
	"time"
)

// ErrConfig is what Validate's errors wrap.
var ErrConfig = errors.New("scheduler: configuration")

// Config holds what an operator may turn. DefaultConfig is the place to start.
type Config struct {
	// Build is the cluster's program: a device of another build that disagrees is drained,
	// not blamed.
	Build string

	// Lease is how long a part may go without a heartbeat.
	Lease time.Duration
	// HoldOff is how long after the term's start nothing is granted, so that workers can
	// announce what they still have.
	HoldOff time.Duration
	// SilentAfter is when a connected worker that does not beat gets nothing more.
	SilentAfter time.Duration
	// DeliveryGrace is how long a grant may be on its way before a heartbeat that does not
	// list it counts as a loss.
	DeliveryGrace time.Duration

	// QueueDepth is how many leases a device holds, the running one included.
	QueueDepth int
	// AheadTime is how long before a device is predicted to be free it gets the next part:
	// soon enough never to idle, late enough that more urgent jobs are not kept behind.
	AheadTime time.Duration

	// AttemptsMax is how many attempts may fail by the job's own or a device's fault.
	AttemptsMax int
	// SuspicionsMax quarantines a spec, or fewer on fewer devices.
	SuspicionsMax int
	// IntakeSpecs specs quarantined within IntakeWindow close the tenant's intake for
	// IntakeClosedFor.
	IntakeSpecs     int
	IntakeWindow    time.Duration
	IntakeClosedFor time.Duration
	// NodeDevices quarantined devices quarantine their node.
	NodeDevices int
	// RestMin is how long a device rests after a failure that may be its own; each further
	// one doubles it up to RestMax, a proof ends it.
	RestMin, RestMax time.Duration

	// AgeStep is how much older a job must be to pass one of the next class.
	AgeStep time.Duration

	// JobsMax bounds all unfinished jobs; the last tenth is for consensus.
	JobsMax int
	// TenantJobsMax bounds a tenant's, unless TenantJobs names it.
	TenantJobsMax int
	TenantJobs    map[string]int
	// WaitMax bounds the predicted wait of a job that is accepted.
	WaitMax time.Duration
	// ReservationTTL ends reservations that nobody used.
	ReservationTTL time.Duration
	// JoinGrace is how long after the term's start jobs are accepted without any device.
	JoinGrace time.Duration

	// RateDefault is cells a second and thread of a device without any calibration.
	RateDefault float64
	// RateWeight is the share of the newest measurement in a device's rate.
	RateWeight float64

	// StealGain is how much of the remaining time a steal must save.
	StealGain float64
	// HedgeFactor is how many times its prediction a part runs before it is hedged.
	HedgeFactor float64
	// HedgeShare bounds hedged cells as a share of granted cells; one hedge at a time is
	// always allowed.
	HedgeShare float64

	// An attempt may take TimeLimitFactor times its prediction, within the bounds.
	TimeLimitFactor            float64
	TimeLimitMin, TimeLimitMax time.Duration

	// DecisionsMax is how many decisions View remembers.
	DecisionsMax int
}

// DefaultConfig is what a cluster starts with.
func DefaultConfig() Config {
	return Config{
		Lease:           10 * time.Second,
		HoldOff:         time.Second,
		SilentAfter:     5 * time.Second,
		DeliveryGrace:   3 * time.Second,
		QueueDepth:      4,
		AheadTime:       2 * time.Second,
		AttemptsMax:     5,
		SuspicionsMax:   3,
		IntakeSpecs:     3,
		IntakeWindow:    10 * time.Minute,
		IntakeClosedFor: 10 * time.Minute,
		NodeDevices:     2,
		RestMin:         500 * time.Millisecond,
		RestMax:         time.Minute,
		AgeStep:         30 * time.Second,
		JobsMax:         10_000,
		TenantJobsMax:   5_000,
		WaitMax:         30 * time.Second,
		ReservationTTL:  30 * time.Second,
		JoinGrace:       15 * time.Second,
		RateDefault:     10e6,
		RateWeight:      0.3,
		StealGain:       0.1,
		HedgeFactor:     2,
		HedgeShare:      0.05,
		TimeLimitFactor: 20,
		TimeLimitMin:    2 * time.Minute,
		TimeLimitMax:    time.Hour,
		DecisionsMax:    256,
	}
}

// Validate names the first field that is out of range.
func (c Config) Validate() error {
	durations := []struct {
		name     string
		value    time.Duration
		min, max time.Duration
	}{
		{"Lease", c.Lease, 100 * time.Millisecond, time.Hour},
		{"HoldOff", c.HoldOff, 0, time.Minute},
		{"SilentAfter", c.SilentAfter, 50 * time.Millisecond, c.Lease},
		{"DeliveryGrace", c.DeliveryGrace, 50 * time.Millisecond, c.Lease},
		{"AheadTime", c.AheadTime, 0, time.Hour},
		{"IntakeWindow", c.IntakeWindow, time.Second, durationMax},
		{"IntakeClosedFor", c.IntakeClosedFor, time.Second, durationMax},
		{"RestMin", c.RestMin, time.Millisecond, time.Hour},
		{"RestMax", c.RestMax, c.RestMin, time.Hour},
		{"AgeStep", c.AgeStep, time.Millisecond, time.Hour},
		{"WaitMax", c.WaitMax, time.Millisecond, durationMax},
		{"ReservationTTL", c.ReservationTTL, time.Second, time.Hour},
		{"JoinGrace", c.JoinGrace, 0, time.Hour},
		{"TimeLimitMin", c.TimeLimitMin, time.Second, durationMax},
		{"TimeLimitMax", c.TimeLimitMax, c.TimeLimitMin, durationMax},
	}
	for _, d := range durations {
		if d.value < d.min || d.value > d.max {
			return fmt.Errorf("%w: %s is %v, want %v to %v", ErrConfig, d.name, d.value, d.min, d.max)
		}
	}
	counts := []struct {
		name            string
		value, min, max int
	}{
		{"QueueDepth", c.QueueDepth, 1, queueDepthMax},
		{"AttemptsMax", c.AttemptsMax, 1, 100},
		{"SuspicionsMax", c.SuspicionsMax, 1, 100},
		{"IntakeSpecs", c.IntakeSpecs, 1, 100},
		{"NodeDevices", c.NodeDevices, 1, devicesPerWorkerMax},
		{"JobsMax", c.JobsMax, 1, jobsMax},
		{"TenantJobsMax", c.TenantJobsMax, 1, jobsMax},
		{"DecisionsMax", c.DecisionsMax, 1, decisionsMax},
	}
	for _, n := range counts {
		if n.value < n.min || n.value > n.max {
			return fmt.Errorf("%w: %s is %d, want %d to %d", ErrConfig, n.name, n.value, n.min, n.max)
		}
	}
	factors := []struct {
		name            string
		value, min, max float64
	}{
		{"RateDefault", c.RateDefault, 1, rateLimit},
		{"RateWeight", c.RateWeight, 0.01, 1},
		{"StealGain", c.StealGain, 0, 1},
		{"HedgeFactor", c.HedgeFactor, 1.1, 100},
		{"HedgeShare", c.HedgeShare, 0, 1},
		{"TimeLimitFactor", c.TimeLimitFactor, 2, 1000},
	}
	for _, f := range factors {
		if !(f.value >= f.min && f.value <= f.max) {
			return fmt.Errorf("%w: %s is %v, want %v to %v", ErrConfig, f.name, f.value, f.min, f.max)
		}
	}
	return nil
}
