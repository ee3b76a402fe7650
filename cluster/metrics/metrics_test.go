package metrics

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

var update = flag.Bool("update", false, "rewrite docs/metrics.md")

const docsPath = "../../docs/metrics.md"

func fresh() *Metrics {
	return New(Options{Version: "v1", Revision: "r1", Kernels: "avx512", Routes: []string{"/a/B"}})
}

// gathered is what a registry with these metrics holds, by name.
func gathered(t *testing.T, m *Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(m); err != nil {
		t.Fatal(err)
	}
	list, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*dto.MetricFamily{}
	for _, f := range list {
		out[f.GetName()] = f
	}
	return out
}

// touch makes everything happen once.
func touch(m *Metrics) {
	at := time.UnixMilli(1_700_000_000_000)
	m.Proved(at, "pruning", 4*time.Second, 300<<10)
	m.ProofFailed(at, "pruning", "crashed")
	m.Verified(at, "pruning", 3*time.Millisecond, "")
	m.Verified(at, "pruning", 3*time.Millisecond, "V051-constraints")
	m.TamperRejected("vrf")
	m.TamperAccepted()
	m.CacheHit("pruning")
	m.CacheMiss("pruning")
	m.CacheEvicted("pruning")
	m.DeviceCrashed("out of memory")
	m.SetGPU("0", 0.5)
	m.CPUTime("voter", time.Second)
	m.CPUTime("voter", 2*time.Second)
	m.SetRaft(3, 20, 19, true)
	m.SetWaiting("consensus", 4)
	m.SetRunning(5, 6, 7*time.Second)
	m.SetSessions(8)
	m.Granted("consensus", time.Second)
	m.JobBecame("released")
	m.LeaseEvents("steal", 3)
	m.LeaseEvents("steal", 5)
	m.LeaseEvents("steal", 2) // another leader
	m.ReceiptCame("signed")
	m.SetMembers("alive", 9)
	m.SetCoverage("pruning", 0.75)
	m.SetDisk(10, 11)
	m.Requested("/a/B", "ok", time.Second)
	m.SetBodies(12)
}

// The names, labels and edges that requirements and dashboards name.
func TestPromisedMetrics(t *testing.T) {
	m := fresh()
	touch(m)
	all := gathered(t, m)
	for name, labels := range map[string]string{
		"rpp_runtime_proof_generation_latency_ms":              "backend proof",
		"rpp_runtime_proof_verification_latency_ms":            "backend proof",
		"rpp_runtime_proof_generation_failures_total":          "backend proof reason",
		"rpp_runtime_proof_verification_failures_total":        "backend proof reason",
		"rpp_runtime_proof_generation_proof_bytes":             "backend proof",
		"rpp_runtime_proof_generation_tamper_rejected_total":   "tamper",
		"rpp_runtime_proof_generation_tamper_unexpected_total": "",
		"rpp_runtime_proof_cache_hits_total":                   "cache proof",
		"rpp_runtime_proof_cache_misses_total":                 "cache proof",
		"rpp_runtime_proof_cache_evictions_total":              "cache proof",
	} {
		f := all[name]
		if f == nil {
			t.Errorf("no %s", name)
			continue
		}
		if got := strings.Join(labelsOf(f), " "); got != labels {
			t.Errorf("%s has labels %q, want %q", name, got, labels)
		}
	}
	for _, name := range []string{"rpp_runtime_proof_generation_latency_ms", "rpp_runtime_proof_verification_latency_ms"} {
		edges := all[name].Metric[0].Histogram.Bucket
		for _, edge := range []float64{3200, 5500, 6000} {
			if !slices.ContainsFunc(edges, func(b *dto.Bucket) bool { return b.GetUpperBound() == edge }) {
				t.Errorf("%s has no edge at %v", name, edge)
			}
		}
	}
	for _, f := range all["rpp_runtime_proof_cache_hits_total"].Metric {
		if v := valueOf(f, "cache"); v != "circuit-keys" {
			t.Errorf("cache=%q", v)
		}
	}
}

// What alerts look at is there before anything happens; a GPU only when there is one.
func TestFreshMetrics(t *testing.T) {
	all := gathered(t, fresh())
	unexpected := all["rpp_runtime_proof_generation_tamper_unexpected_total"]
	if unexpected == nil || unexpected.Metric[0].Counter.GetValue() != 0 {
		t.Error("tamper_unexpected_total is not exported as 0")
	}
	for name, count := range map[string]int{
		"rpp_runtime_proof_generation_tamper_rejected_total": len(tampers),
		"rpp_runtime_proof_generation_failures_total":        len(families) * len(failures),
		"rpp_runtime_proof_generation_latency_ms":            len(families),
		"rpp_runtime_proof_cache_evictions_total":            len(families),
		"rpp_cluster_lease_events_total":                     len(leaseEvents),
	} {
		if got := len(all[name].GetMetric()); got != count {
			t.Errorf("%s: %d series, want %d", name, got, count)
		}
	}
	if all["rpp_cluster_gpu_utilisation_ratio"] != nil {
		t.Error("a GPU is shown without there being one")
	}
}

// Each method moves its own series, by as much as it was told.
func TestMethodsMoveTheirSeries(t *testing.T) {
	m := fresh()
	touch(m)
	all := gathered(t, m)
	for series, want := range map[string]float64{
		`rpp_runtime_proof_generation_latency_ms{backend="plonky3",proof="pruning"}`:                                 4000,
		`rpp_runtime_proof_generation_proof_bytes{backend="plonky3",proof="pruning"}`:                                300 << 10,
		`rpp_runtime_proof_generation_failures_total{backend="plonky3",proof="pruning",reason="crashed"}`:            1,
		`rpp_runtime_proof_verification_latency_ms{backend="plonky3",proof="pruning"}`:                               6,
		`rpp_runtime_proof_verification_failures_total{backend="plonky3",proof="pruning",reason="V051-constraints"}`: 1,
		`rpp_runtime_proof_generation_tamper_rejected_total{tamper="vrf"}`:                                           1,
		`rpp_runtime_proof_generation_tamper_unexpected_total{}`:                                                     1,
		`rpp_runtime_proof_cache_hits_total{cache="circuit-keys",proof="pruning"}`:                                   1,
		`rpp_runtime_proof_cache_misses_total{cache="circuit-keys",proof="pruning"}`:                                 1,
		`rpp_runtime_proof_cache_evictions_total{cache="circuit-keys",proof="pruning"}`:                              1,
		`rpp_runtime_proof_generation_last_success_ms{}`:                                                             1_700_000_000_000,
		`rpp_runtime_proof_generation_last_error_ms{}`:                                                               1_700_000_000_000,
		`rpp_cluster_device_crashes_total{reason="out-of-memory"}`:                                                   1,
		`rpp_cluster_gpu_utilisation_ratio{gpu="0"}`:                                                                 0.5,
		`rpp_cluster_cpu_seconds_total{role="voter"}`:                                                                2,
		`rpp_cluster_raft_term{}`:                                     3,
		`rpp_cluster_raft_commit_index{}`:                             20,
		`rpp_cluster_raft_applied_index{}`:                            19,
		`rpp_cluster_raft_leader{}`:                                   1,
		`rpp_cluster_queue_jobs{class="consensus"}`:                   4,
		`rpp_cluster_running_jobs{}`:                                  5,
		`rpp_cluster_leases{}`:                                        6,
		`rpp_cluster_oldest_unproven_seconds{}`:                       7,
		`rpp_cluster_worker_sessions{}`:                               8,
		`rpp_cluster_queue_wait_seconds{class="consensus"}`:           1,
		`rpp_cluster_jobs_total{state="released"}`:                    1,
		`rpp_cluster_lease_events_total{event="steal"}`:               7,
		`rpp_cluster_receipts_total{outcome="signed"}`:                1,
		`rpp_cluster_gossip_members{liveness="alive"}`:                9,
		`rpp_cluster_key_coverage_ratio{proof="pruning"}`:             0.75,
		`rpp_cluster_disk_free_bytes{}`:                               10,
		`rpp_cluster_artifact_bytes{}`:                                11,
		`rpp_api_requests_total{code="ok",route="/a/B"}`:              1,
		`rpp_api_request_latency_ms{route="/a/B"}`:                    1000,
		`rpp_api_body_bytes{}`:                                        12,
		`rpp_build_info{kernels="avx512",revision="r1",version="v1"}`: 1,
	} {
		if got, ok := value(all, series); !ok || got != want {
			t.Errorf("%s = %v (found %v), want %v", series, got, ok, want)
		}
	}
}

// No value from outside becomes a label: whatever is thrown at the methods, the number of
// series stays what the closed sets allow.
func TestLabelsAreClosed(t *testing.T) {
	m := fresh()
	for i := range 100 {
		s := fmt.Sprintf("tenant-%d", i)
		at := time.Time{}
		m.Proved(at, s, 0, 0)
		m.ProofFailed(at, s, s)
		m.Verified(at, s, 0, s)
		m.TamperRejected(s)
		m.CacheHit(s)
		m.CacheMiss(s)
		m.CacheEvicted(s)
		m.DeviceCrashed(s)
		m.SetGPU(s, 1)
		m.CPUTime(s, 1)
		m.SetWaiting(s, 1)
		m.Granted(s, 1)
		m.JobBecame(s)
		m.LeaseEvents(s, 1)
		m.ReceiptCame(s)
		m.SetMembers(s, 1)
		m.SetCoverage(s, 1)
		m.Requested(s, s, 1)
	}
	for name, f := range gathered(t, m) {
		others := 0
		for _, metric := range f.Metric {
			for _, l := range metric.Label {
				if strings.HasPrefix(l.GetValue(), "tenant-") {
					t.Errorf("%s has a series %s=%q", name, l.GetName(), l.GetValue())
				}
				if l.GetValue() == other {
					others++
				}
			}
		}
		if labels := labelsOf(f); len(labels) > 0 && name != "rpp_build_info" && others == 0 {
			t.Errorf("%s did not count what is outside its sets", name)
		}
	}
}

func TestRefreshComesBeforeEveryScrape(t *testing.T) {
	term := uint64(0)
	m := New(Options{Refresh: func(m *Metrics) { term++; m.SetRaft(term, 0, 0, false) }})
	for want := 1.0; want < 3; want++ {
		if got, _ := value(gathered(t, m), "rpp_cluster_raft_term{}"); got != want {
			t.Errorf("term %v, want %v", got, want)
		}
	}
}

// docs/metrics.md is the schema: it lists what a live scrape holds, no more and no less.
func TestDocsAreTheScrape(t *testing.T) {
	m := fresh()
	touch(m)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `rpp_runtime_proof_generation_latency_ms_bucket{backend="plonky3",proof="pruning",le="5500"} 1`) {
		t.Errorf("the scrape: %d\n%.2000s", w.Code, w.Body)
	}
	all := gathered(t, m)
	for name := range all {
		if !strings.Contains(w.Body.String(), "# TYPE "+name+" ") {
			t.Errorf("%s is not in the scrape", name)
		}
	}
	text, err := os.ReadFile(docsPath)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if want := page(all); *update {
		if err := os.WriteFile(docsPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("docs/metrics.md is behind the code: go test ./cluster/metrics -run DocsAreTheScrape -update")
	}
}

const preface = `# Metrics

What ` + "`/metrics`" + ` shows; made from a live scrape by a test of ` + "`cluster/metrics`" + `.

Label sets are closed: a value outside its set is counted as ` + "`other`" + `. Tenants, jobs and
nodes are never labels. ` + "`proof`" + ` is a circuit family, ` + "`backend`" + ` always ` + "`plonky3`" + `, ` + "`reason`" + ` of
a verification the verifier's code, ` + "`code`" + ` of a request ` + "`ok`" + ` or an error's code
([api.md](api.md)).

`

// page is docs/metrics.md.
func page(all map[string]*dto.MetricFamily) string {
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(preface + "| metric | type | labels | what |\n|---|---|---|---|\n")
	for _, name := range names {
		f := all[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(f.GetType().String()), strings.Join(labelsOf(f), ", "), f.GetHelp())
	}
	b.WriteString("\nEdges of histograms:\n\n")
	for _, name := range names {
		if h := all[name].Metric[0].Histogram; h != nil {
			var edges []string
			for _, e := range h.Bucket {
				edges = append(edges, fmt.Sprintf("%.12g", e.GetUpperBound()))
			}
			fmt.Fprintf(&b, "- `%s`: %s\n", name, strings.Join(edges, ", "))
		}
	}
	return b.String()
}

func labelsOf(f *dto.MetricFamily) []string {
	var list []string
	for _, l := range f.Metric[0].Label {
		list = append(list, l.GetName())
	}
	return list
}

func valueOf(m *dto.Metric, label string) string {
	for _, l := range m.Label {
		if l.GetName() == label {
			return l.GetValue()
		}
	}
	return ""
}

// value finds a series by name and labels; of a histogram its sum.
func value(all map[string]*dto.MetricFamily, series string) (float64, bool) {
	name, labels, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
	for _, m := range all[name].GetMetric() {
		var got []string
		for _, l := range m.Label {
			got = append(got, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
		}
		if strings.Join(got, ",") != labels {
			continue
		}
		switch {
		case m.Counter != nil:
			return m.Counter.GetValue(), true
		case m.Gauge != nil:
			return m.Gauge.GetValue(), true
		case m.Histogram != nil:
			return m.Histogram.GetSampleSum(), true
		}
	}
	return 0, false
}
