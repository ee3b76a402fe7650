package health

import (
	"strings"
	"time"
)

// Backend is backend_health.plonky3 of /status/node.
type Backend struct {
	Verifier    Verifier `json:"verifier"`
	Prover      Prover   `json:"prover"`
	VerifierSLA SLA      `json:"verifier_sla"`
	ProverSLA   SLA      `json:"prover_sla"`

	Cache           Cache      `json:"cache"`
	LastKeyRotation int64      `json:"last_key_rotation_ms"`
	ActiveCircuits  []string   `json:"active_circuits"`
	KeyEpoch        uint64     `json:"key_epoch"`
	GPU             GPU        `json:"gpu"`
	Recovery        []Recovery `json:"recovery_events"`
}

// Verifier is what the verifier did since the node started.
type Verifier struct {
	Accepted uint64 `json:"accepted"`
	Rejected uint64 `json:"rejected"`
	// Bypassed stays 0: there is no path around the verifier.
	Bypassed      uint64  `json:"bypassed"`
	TotalDuration float64 `json:"total_duration_ms"`
}

// Prover is what the prover did since the node started.
type Prover struct {
	CachedCircuits  int        `json:"cached_circuits"`
	ProofsGenerated uint64     `json:"proofs_generated"`
	FailedProofs    uint64     `json:"failed_proofs"`
	LastSuccess     int64      `json:"last_success_ms"`
	LastError       *LastError `json:"last_error"`
}

// LastError is the latest failure of the prover.
type LastError struct {
	Message  string `json:"message"`
	AtMillis int64  `json:"at_ms"`
}

// SLA compares the last ten minutes with their budgets. Latency is the 95th percentile; a
// latency budget of 0 is not judged.
type SLA struct {
	Latency       float64 `json:"latency_ms"`
	LatencyBudget float64 `json:"latency_budget_ms"`
	ErrorRate     float64 `json:"error_rate"`
	ErrorBudget   float64 `json:"error_budget"`
	Healthy       bool    `json:"healthy"`
}

// Cache is the proving keys held in memory.
type Cache struct {
	Entries int   `json:"entries"`
	Bytes   int64 `json:"bytes"`
}

// GPU says whether GPUs are used, and why not.
type GPU struct {
	Enabled bool        `json:"enabled"`
	Reason  string      `json:"reason"`
	Devices []GPUDevice `json:"devices"`
}

// GPUDevice is one GPU.
type GPUDevice struct {
	Name        string  `json:"name"`
	Utilisation float64 `json:"utilisation"`
}

// Recovery is something that put itself right.
type Recovery struct {
	AtMillis int64  `json:"at_ms"`
	What     string `json:"what"`
	Detail   string `json:"detail"`
}

// GPUDisabled says what a value of PLONKY3_GPU_DISABLE means: only an affirmative word
// disables; 0, false and nothing do not.
func GPUDisabled(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "1", "true", "yes", "on", "enable", "enabled":
		return true
	}
	return false
}

// NewGPU decides whether GPUs are used: wanted is use_gpu_acceleration, disable the value
// of PLONKY3_GPU_DISABLE, devices what was found.
func NewGPU(wanted bool, disable string, devices []GPUDevice) GPU {
	off := func(reason string) GPU { return GPU{Reason: reason, Devices: []GPUDevice{}} }
	switch {
	case !wanted:
		return off("use_gpu_acceleration is false")
	case GPUDisabled(disable):
		return off("PLONKY3_GPU_DISABLE is set")
	case len(devices) == 0:
		return off("no GPU was found")
	}
	return GPU{Enabled: true, Reason: "", Devices: devices}
}

// BackendFacts is what a Tracker does not see.
type BackendFacts struct {
	CachedCircuits  int
	Cache           Cache
	LastKeyRotation time.Time // zero if never
	ActiveCircuits  []string
	KeyEpoch        uint64
	GPU             GPU
}

// report puts together what was counted and what is known otherwise.
func (t *Tracker) report(facts BackendFacts) Backend {
	now := t.now()
	t.mu.Lock()
	p, v := t.prover.summarise(now), t.verifier.summarise(now)
	c := t.counts
	recovery := append([]Recovery{}, t.recovery...)
	t.mu.Unlock()

	b := Backend{
		Verifier: Verifier{Accepted: c.accepted, Rejected: c.rejected, TotalDuration: millis(c.verifying)},
		Prover: Prover{
			CachedCircuits: facts.CachedCircuits, ProofsGenerated: c.proofs, FailedProofs: c.failed,
			LastSuccess: unixMillis(c.lastSuccess),
		},
		VerifierSLA: sla("verifier", v, t.budgets.VerifierErrorRate, t.budgets.VerifierLatency),
		ProverSLA:   sla("prover", p, t.budgets.ProverErrorRate, t.budgets.ProverLatency),
		Cache:       facts.Cache, LastKeyRotation: unixMillis(facts.LastKeyRotation),
		ActiveCircuits: facts.ActiveCircuits, KeyEpoch: facts.KeyEpoch,
		GPU: facts.GPU, Recovery: recovery,
	}
	if !c.lastError.IsZero() {
		b.Prover.LastError = &LastError{Message: c.lastMessage, AtMillis: c.lastError.UnixMilli()}
	}
	if b.ActiveCircuits == nil {
		b.ActiveCircuits = []string{}
	}
	if b.GPU.Devices == nil {
		b.GPU.Devices = []GPUDevice{}
	}
	return b
}

func sla(who string, s summary, rate float64, latency time.Duration) SLA {
	return SLA{
		Latency: millis(s.p95), LatencyBudget: millis(latency),
		ErrorRate: s.errorRate(), ErrorBudget: rate,
		Healthy: len(judge(who, s, rate, latency)) == 0,
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func unixMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
