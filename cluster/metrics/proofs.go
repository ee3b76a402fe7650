package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// latencyMillis has edges at the budgets of requirements and alerts: 3200, 5500, 6000.
var latencyMillis = []float64{
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 3200, 4000, 5500, 6000, 8000,
	10_000, 20_000, 30_000, 60_000, 120_000,
}

// proofBytes has edges at the goal of 512 KiB and at the bound of 4 MiB.
var proofBytes = []float64{16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20}

// proofs is what the prover and the verifier did.
type proofs struct {
	latency, verification            *prometheus.HistogramVec
	failures, verificationFailures   *prometheus.CounterVec
	bytes                            *prometheus.HistogramVec
	tamperRejected                   *prometheus.CounterVec
	tamperUnexpected                 prometheus.Counter
	cacheHits, cacheMisses, cacheOut *prometheus.CounterVec
	lastSuccess, lastError           prometheus.Gauge
	crashes                          *prometheus.CounterVec
	gpu                              *prometheus.GaugeVec
	cpu                              *prometheus.CounterVec
}

// cacheName is the only cache whose hits are counted: expanded proving keys in memory.
const cacheName = "circuit-keys"

func (m *Metrics) newProofs() proofs {
	p := proofs{
		latency: m.histograms("rpp_runtime_proof_generation_latency_ms",
			"How long making a proof took, in milliseconds.", latencyMillis, "backend", "proof"),
		verification: m.histograms("rpp_runtime_proof_verification_latency_ms",
			"How long verifying a proof took, in milliseconds, whatever the verdict.", latencyMillis, "backend", "proof"),
		failures: m.counters("rpp_runtime_proof_generation_failures_total",
			"Proofs that were not made.", "backend", "proof", "reason"),
		verificationFailures: m.counters("rpp_runtime_proof_verification_failures_total",
			"Proofs that the verifier rejected, by its code.", "backend", "proof", "reason"),
		bytes: m.histograms("rpp_runtime_proof_generation_proof_bytes",
			"Size of proofs.", proofBytes, "backend", "proof"),
		tamperRejected: m.counters("rpp_runtime_proof_generation_tamper_rejected_total",
			"Tampered inputs that were rejected.", "tamper"),
		tamperUnexpected: m.counter("rpp_runtime_proof_generation_tamper_unexpected_total",
			"Tampered inputs that were accepted: any is an incident."),
		cacheHits: m.counters("rpp_runtime_proof_cache_hits_total",
			"Keys found in memory.", "cache", "proof"),
		cacheMisses: m.counters("rpp_runtime_proof_cache_misses_total",
			"Keys that had to be loaded or derived.", "cache", "proof"),
		cacheOut: m.counters("rpp_runtime_proof_cache_evictions_total",
			"Keys dropped from memory to make room.", "cache", "proof"),
		lastSuccess: m.gauge("rpp_runtime_proof_generation_last_success_ms",
			"When a proof was last made, milliseconds since 1970; 0 if never."),
		lastError: m.gauge("rpp_runtime_proof_generation_last_error_ms",
			"When a proof last failed, milliseconds since 1970; 0 if never."),
		crashes: m.counters("rpp_cluster_device_crashes_total",
			"Device processes that ended without an answer.", "reason"),
		gpu: m.gauges("rpp_cluster_gpu_utilisation_ratio",
			"Share of time that a GPU computed; absent when none is used.", "gpu"),
		cpu: m.counters("rpp_cluster_cpu_seconds_total",
			"CPU time spent in a role.", "role"),
	}
	for _, f := range families {
		for _, c := range []*prometheus.CounterVec{p.cacheHits, p.cacheMisses, p.cacheOut} {
			c.WithLabelValues(cacheName, f)
		}
		for _, reason := range failures {
			p.failures.WithLabelValues(backend, f, reason)
		}
		p.latency.WithLabelValues(backend, f)
		p.verification.WithLabelValues(backend, f)
		p.verificationFailures.WithLabelValues(backend, f, other)
		p.bytes.WithLabelValues(backend, f)
	}
	zero(p.tamperRejected, tampers)
	zero(p.crashes, crashes)
	zero(p.cpu, cpuRoles)
	return p
}

// zero exports every value of a counter's only label before it happens.
func zero(c *prometheus.CounterVec, values set) {
	for _, v := range values {
		c.WithLabelValues(v)
	}
}

// Proved counts a proof: its family, how long it took, its size.
func (m *Metrics) Proved(at time.Time, family string, took time.Duration, bytes int) {
	f := families.of(family)
	m.proofs.latency.WithLabelValues(backend, f).Observe(millis(took))
	m.proofs.bytes.WithLabelValues(backend, f).Observe(float64(bytes))
	m.proofs.lastSuccess.Set(float64(at.UnixMilli()))
}

// ProofFailed counts a proof that was not made.
func (m *Metrics) ProofFailed(at time.Time, family, reason string) {
	m.proofs.failures.WithLabelValues(backend, families.of(family), failures.of(reason)).Inc()
	m.proofs.lastError.Set(float64(at.UnixMilli()))
}

// Verified counts a verification; code is the verifier's, empty if it accepted.
func (m *Metrics) Verified(_ time.Time, family string, took time.Duration, code string) {
	f := families.of(family)
	m.proofs.verification.WithLabelValues(backend, f).Observe(millis(took))
	if code != "" {
		m.proofs.verificationFailures.WithLabelValues(backend, f, m.rejections.of(code)).Inc()
	}
}

// TamperRejected counts a tampered input that was caught.
func (m *Metrics) TamperRejected(kind string) {
	m.proofs.tamperRejected.WithLabelValues(tampers.of(kind)).Inc()
}

// TamperAccepted counts one that was not.
func (m *Metrics) TamperAccepted() { m.proofs.tamperUnexpected.Inc() }

// CacheHit counts a key found in memory.
func (m *Metrics) CacheHit(family string) {
	m.proofs.cacheHits.WithLabelValues(cacheName, families.of(family)).Inc()
}

// CacheMiss counts a key that was not in memory.
func (m *Metrics) CacheMiss(family string) {
	m.proofs.cacheMisses.WithLabelValues(cacheName, families.of(family)).Inc()
}

// CacheEvicted counts a key dropped from memory.
func (m *Metrics) CacheEvicted(family string) {
	m.proofs.cacheOut.WithLabelValues(cacheName, families.of(family)).Inc()
}

// DeviceCrashed counts a device process that ended without an answer.
func (m *Metrics) DeviceCrashed(reason string) {
	m.proofs.crashes.WithLabelValues(crashes.of(reason)).Inc()
}

// SetGPU says how busy a GPU is, by its index. Nobody calls it when GPUs are off.
func (m *Metrics) SetGPU(index string, ratio float64) {
	m.proofs.gpu.WithLabelValues(gpus.of(index)).Set(ratio)
}

// CPUTime says how much CPU time a role has taken since the node started: voter, worker
// or device.
func (m *Metrics) CPUTime(role string, total time.Duration) {
	r := cpuRoles.of(role)
	m.proofs.cpu.WithLabelValues(r).Add(m.totals.grown("cpu", r, total.Seconds()))
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
