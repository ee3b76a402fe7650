package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// raft is where this node stands in the replicated log.
type raft struct{ term, leader, commit, applied prometheus.Gauge }

func (m *Metrics) newRaft() raft {
	return raft{
		term:    m.gauge("rpp_cluster_raft_term", "Raft term of this node."),
		leader:  m.gauge("rpp_cluster_raft_leader", "1 if this node leads."),
		commit:  m.gauge("rpp_cluster_raft_commit_index", "Last log index known to be committed."),
		applied: m.gauge("rpp_cluster_raft_applied_index", "Last log index applied here."),
	}
}

// SetRaft says where this node stands.
func (m *Metrics) SetRaft(term, commit, applied uint64, leads bool) {
	m.raft.term.Set(float64(term))
	m.raft.commit.Set(float64(commit))
	m.raft.applied.Set(float64(applied))
	m.raft.leader.Set(0)
	if leads {
		m.raft.leader.Set(1)
	}
}

// queue is what the scheduler of a leader does.
type queue struct {
	waiting         *prometheus.GaugeVec
	running, leases prometheus.Gauge
	oldest          prometheus.Gauge
	wait            *prometheus.HistogramVec
	jobs, events    *prometheus.CounterVec
	receipts        *prometheus.CounterVec
	sessions        prometheus.Gauge
}

// waitSeconds has edges at the goals: 1, 10 and 30 seconds.
var waitSeconds = []float64{.01, .03, .1, .3, 1, 3, 10, 30, 100, 300}

func (m *Metrics) newQueue() queue {
	q := queue{
		waiting:  m.gauges("rpp_cluster_queue_jobs", "Accepted jobs that no device has yet.", "class"),
		running:  m.gauge("rpp_cluster_running_jobs", "Jobs on a device."),
		leases:   m.gauge("rpp_cluster_leases", "Leases that run."),
		oldest:   m.gauge("rpp_cluster_oldest_unproven_seconds", "Age of the oldest accepted job without a proof."),
		wait:     m.histograms("rpp_cluster_queue_wait_seconds", "From acceptance to the first grant.", waitSeconds, "class"),
		jobs:     m.counters("rpp_cluster_jobs_total", "Jobs by what became of them.", "state"),
		events:   m.counters("rpp_cluster_lease_events_total", "Decisions of the scheduler.", "event"),
		receipts: m.counters("rpp_cluster_receipts_total", "Answers of voters that were asked to accept a proof.", "outcome"),
		sessions: m.gauge("rpp_cluster_worker_sessions", "Workers whose stream is open."),
	}
	for _, c := range classes {
		q.waiting.WithLabelValues(c)
		q.wait.WithLabelValues(c)
	}
	zero(q.jobs, jobStates)
	zero(q.events, leaseEvents)
	zero(q.receipts, receipts)
	return q
}

// SetWaiting says how many jobs of a class wait.
func (m *Metrics) SetWaiting(class string, count int) {
	m.queue.waiting.WithLabelValues(classes.of(class)).Set(float64(count))
}

// SetRunning says how many jobs are on a device, how many leases run, and how old the
// oldest accepted job without a proof is.
func (m *Metrics) SetRunning(jobs, leases int, oldest time.Duration) {
	m.queue.running.Set(float64(jobs))
	m.queue.leases.Set(float64(leases))
	m.queue.oldest.Set(oldest.Seconds())
}

// SetSessions says how many workers have an open stream.
func (m *Metrics) SetSessions(count int) { m.queue.sessions.Set(float64(count)) }

// Granted counts how long a job waited for its first grant.
func (m *Metrics) Granted(class string, waited time.Duration) {
	m.queue.wait.WithLabelValues(classes.of(class)).Observe(waited.Seconds())
}

// JobBecame counts a job that entered a state.
func (m *Metrics) JobBecame(state string) { m.queue.jobs.WithLabelValues(jobStates.of(state)).Inc() }

// LeaseEvents says how often the scheduler has decided so since it began: grant, adoption,
// steal, steal-abandoned, hedge, expiry, suspicion, dispute, device-quarantined or
// spec-quarantined. A new leader's scheduler begins at zero; the metric goes on.
func (m *Metrics) LeaseEvents(event string, total uint64) {
	e := leaseEvents.of(event)
	m.queue.events.WithLabelValues(e).Add(m.totals.grown("lease", e, float64(total)))
}

// ReceiptCame counts a voter's answer: signed, rejected or unavailable.
func (m *Metrics) ReceiptCame(outcome string) {
	m.queue.receipts.WithLabelValues(receipts.of(outcome)).Inc()
}

// members is who else is there and which keys they hold.
type members struct{ gossip, coverage *prometheus.GaugeVec }

func (m *Metrics) newMembers() members {
	g := members{
		gossip:   m.gauges("rpp_cluster_gossip_members", "Nodes that gossip knows, this one included.", "liveness"),
		coverage: m.gauges("rpp_cluster_key_coverage_ratio", "Share of nodes that hold every current key of a family.", "proof"),
	}
	for _, l := range liveness {
		g.gossip.WithLabelValues(l)
	}
	for _, f := range families {
		g.coverage.WithLabelValues(f)
	}
	return g
}

// SetMembers says how many nodes are alive, suspect, dead or left.
func (m *Metrics) SetMembers(state string, count int) {
	m.members.gossip.WithLabelValues(liveness.of(state)).Set(float64(count))
}

// SetCoverage says which share of the nodes holds a family's keys.
func (m *Metrics) SetCoverage(family string, ratio float64) {
	m.members.coverage.WithLabelValues(families.of(family)).Set(ratio)
}

// disk is what the store holds.
type disk struct{ free, artifacts prometheus.Gauge }

func (m *Metrics) newDisk() disk {
	return disk{
		free:      m.gauge("rpp_cluster_disk_free_bytes", "Free space of the data directory."),
		artifacts: m.gauge("rpp_cluster_artifact_bytes", "Bytes of stored artifacts."),
	}
}

// SetDisk says how much space is left and how much artifacts take.
func (m *Metrics) SetDisk(freeBytes, artifactBytes uint64) {
	m.disk.free.Set(float64(freeBytes))
	m.disk.artifacts.Set(float64(artifactBytes))
}

// request is what the API was asked.
type request struct {
	total   *prometheus.CounterVec
	latency *prometheus.HistogramVec
	bodies  prometheus.Gauge
}

func (m *Metrics) newRequest() request {
	return request{
		total:   m.counters("rpp_api_requests_total", "Requests by route and how they ended: ok or an error's code.", "route", "code"),
		latency: m.histograms("rpp_api_request_latency_ms", "How long a request took, in milliseconds; streams until they end.", latencyMillis, "route"),
		bodies:  m.gauge("rpp_api_body_bytes", "Bytes of request bodies held in memory."),
	}
}

// Requested counts a request that ended.
func (m *Metrics) Requested(route, code string, took time.Duration) {
	r := m.routes.of(route)
	m.request.total.WithLabelValues(r, m.outcomes.of(code)).Inc()
	m.request.latency.WithLabelValues(r).Observe(millis(took))
}

// SetBodies says how many bytes of request bodies are held in memory.
func (m *Metrics) SetBodies(bytes int64) { m.request.bodies.Set(float64(bytes)) }
