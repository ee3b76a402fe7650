package health

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/metrics"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.UnixMilli(1_800_000_000_000)} }

// station is a node and a cluster that answer what a test wants.
type station struct {
	facts    NodeFacts
	backend  BackendFacts
	ready    []string
	findings []Finding
	status   *rppv1.StatusResponse
	err      error
}

func (s *station) Facts() NodeFacts      { return s.facts }
func (s *station) Backend() BackendFacts { return s.backend }
func (s *station) Ready() []string       { return s.ready }
func (s *station) Findings() []Finding   { return s.findings }
func (s *station) ClusterStatus(context.Context) (*rppv1.StatusResponse, error) {
	return s.status, s.err
}

type fixture struct {
	*clock
	*station
	tracker *Tracker
	handler http.Handler
}

func newFixture(authorise Authorise) *fixture {
	f := &fixture{clock: newClock(), station: &station{}}
	m := metrics.New(metrics.Options{})
	f.tracker = NewTracker(f.now, DefaultBudgets(), m)
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	f.handler = Handler(Sources{Now: f.now, Tracker: f.tracker, Node: f.station, Cluster: f.station, Metrics: registry}, authorise)
	return f
}

func (f *fixture) get(path string) (int, string) {
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// full is a node about which there is something to say in every field.
func full(f *fixture) {
	for range 30 {
		f.tracker.Proved("pruning", 250*time.Millisecond, 300_000)
	}
	f.at = f.at.Add(time.Second)
	f.tracker.ProofFailed("pruning", "crashed", "device w1/0 ended: signal 9")
	f.at = f.at.Add(time.Second)
	f.tracker.Proved("pruning", 300*time.Millisecond, 300_000)
	f.tracker.Verified("pruning", 4*time.Millisecond, "")
	f.tracker.Verified("pruning", 2*time.Millisecond, "V051-constraints")
	f.tracker.Recovered("key-cache", "fetched the key of pruning again")
	f.facts = NodeFacts{
		ID: strings.Repeat("ab", 32), Name: "v1", Role: "voter", Cluster: "main", ChainID: 7,
		Version: "v0.3.0", Build: "b1", Started: 1_799_999_000_000,
		Raft:    &Raft{State: "leader", Term: 3, Leader: "v1", Commit: 20, Applied: 20, StateDigest: strings.Repeat("cd", 32)},
		Disk:    Disk{Free: 5 << 30, Total: 9 << 30, Artifacts: 1 << 20, Admits: true},
		Devices: []Device{{Name: "v1/0", Kind: "cpu-avx512", Threads: 2, Memory: 4 << 30, Queued: 1, Running: strings.Repeat("ef", 32), Stage: "commit", Load: 0.5}},
	}
	f.backend = BackendFacts{
		CachedCircuits: 1, Cache: Cache{Entries: 1, Bytes: 70 << 20}, LastKeyRotation: f.at.Add(-time.Hour),
		ActiveCircuits: []string{"pruning/block-512/production/poseidon2"}, KeyEpoch: 2,
		GPU: NewGPU(true, "1", nil),
	}
	seen := f.at.UnixMilli()
	f.status = &rppv1.StatusResponse{
		Cluster: "main", ChainId: 7, Node: "v1", Leader: "v1", Term: 3, CommitIndex: 20, AppliedIndex: 20,
		StateDigest: []byte{1, 2}, NowMs: seen,
		Members: []*rppv1.Member{
			{Id: "01", Name: "v1", Role: "voter", ApiAddress: "h:1", Liveness: "alive", RaftState: "leader", Version: "v0.3.0", SeenMs: seen,
				KeysReady: 1, KeysWanted: 1, Health: "healthy", DiskFreeBytes: 5 << 30, Weight: 1},
			{Id: "02", Name: "w1", Role: "worker", Liveness: "alive", SeenMs: seen - 31_000, Health: "degraded", Reasons: []string{"disk"},
				Devices: []*rppv1.Device{{Name: "w1/0", Kind: "cpu-avx2", Threads: 4, MemoryBytes: 8 << 30, Queued: 1, Running: []byte{9}, Load: 1}}},
		},
		Queue:     &rppv1.Queue{Waiting: 1, Running: 1, OldestUnprovenMs: 900, Released: 4, Steals: 1, Classes: []*rppv1.ClassQueue{{Class: "pruning", Waiting: 1, WaitP50Ms: 1, WaitP95Ms: 2, WaitP99Ms: 3}}},
		Decisions: []*rppv1.Decision{{AtMs: seen, Kind: "grant", Job: []byte{9}, Device: "w1/0", Reason: "idle", FenceTerm: 3, FenceSequence: 1}},
		Keys:      []*rppv1.KeyCoverage{{Family: "pruning", Variant: "block-512", Profile: "production", Hash: "poseidon2", Fingerprint: []byte{5}, Epoch: 2, Bytes: 70, Nodes: map[string]string{"v1": "ready", "w1": "missing"}}},
	}
}

// The field names are an interface: the golden files are what dashboards read.
func TestPages(t *testing.T) {
	f := newFixture(Loopback)
	full(f)
	for path, file := range map[string]string{
		"/status/node": "status_node.json", "/status/cluster": "status_cluster.json",
		"/health": "health.json", "/health/live": "live.json", "/health/ready": "ready.json",
	} {
		status, body := f.get(path)
		if status != http.StatusOK {
			t.Errorf("%s: status %d", path, status)
		}
		golden(t, file, body)
	}
	if status, body := f.get("/metrics"); status != 200 || !strings.Contains(body, "rpp_runtime_proof_generation_latency_ms_count") {
		t.Errorf("/metrics: status %d: %.200s", status, body)
	}
	if status, _ := f.get("/status"); status != http.StatusNotFound {
		t.Errorf("/status: %d", status)
	}
}

// A node about which nothing is known yet has the same fields, empty lists not null.
func TestEmptyPages(t *testing.T) {
	f := newFixture(Loopback)
	f.status = &rppv1.StatusResponse{}
	_, node := f.get("/status/node")
	golden(t, "status_node_empty.json", node)
	_, cluster := f.get("/status/cluster")
	golden(t, "status_cluster_empty.json", cluster)
}

// The names of requirements.md.
func TestPromisedFields(t *testing.T) {
	f := newFixture(Loopback)
	full(f)
	_, body := f.get("/status/node")
	var page map[string]any
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(`
		verifier.accepted verifier.rejected verifier.bypassed verifier.total_duration_ms
		prover.cached_circuits prover.proofs_generated prover.failed_proofs prover.last_success_ms
		prover.last_error.message prover.last_error.at_ms
		verifier_sla.latency_ms verifier_sla.latency_budget_ms verifier_sla.error_rate verifier_sla.error_budget verifier_sla.healthy
		prover_sla.latency_ms prover_sla.latency_budget_ms prover_sla.error_rate prover_sla.error_budget prover_sla.healthy
		cache.entries cache.bytes last_key_rotation_ms active_circuits key_epoch gpu.enabled gpu.reason recovery_events`) {
		at, ok := any(page["backend_health"].(map[string]any)["plonky3"]), true
		for _, field := range strings.Split(path, ".") {
			m, is := at.(map[string]any)
			if !is {
				ok = false
				break
			}
			at, ok = m[field]
			if !ok {
				break
			}
		}
		if !ok {
			t.Errorf("backend_health.plonky3.%s is missing", path)
		}
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name          string
		set           func(*fixture)
		level         Level
		health, ready int
	}{
		{"nothing wrong", func(*fixture) {}, Healthy, 200, 200},
		{"starting", func(f *fixture) { f.ready = []string{"the store is opening"} }, Unhealthy, 503, 503},
		{"finding", func(f *fixture) { f.findings = []Finding{{Degraded, "disk"}} }, Degraded, 200, 200},
		{"bad finding", func(f *fixture) { f.findings = []Finding{{Degraded, "a"}, {Unhealthy, "b"}} }, Unhealthy, 503, 200},
		{"prover at its budget", func(f *fixture) { outcomes(f, 95, 5) }, Healthy, 200, 200},
		{"prover over its budget", func(f *fixture) { outcomes(f, 94, 6) }, Degraded, 200, 200},
		{"too few to say", func(f *fixture) { outcomes(f, 0, windowCountMin-1) }, Healthy, 200, 200},
		{"long ago", func(f *fixture) { outcomes(f, 50, 50); f.at = f.at.Add(windowSpan + time.Second) }, Healthy, 200, 200},
		{"bad witnesses", func(f *fixture) {
			for range 100 {
				f.tracker.WitnessRejected("pruning")
			}
		}, Healthy, 200, 200},
		{"bad files of clients", func(f *fixture) {
			for range 100 {
				f.tracker.VerifiedForClient("pruning", time.Minute, "V002-truncated")
			}
		}, Healthy, 200, 200},
		{"verifier at its budget", func(f *fixture) { verdicts(f, 98, 2, time.Second) }, Healthy, 200, 200},
		{"verifier over its budget", func(f *fixture) { verdicts(f, 97, 3, time.Second) }, Degraded, 200, 200},
		{"verifier at its latency", func(f *fixture) { verdicts(f, 100, 0, 8*time.Second) }, Healthy, 200, 200},
		{"verifier over its latency", func(f *fixture) { verdicts(f, 100, 0, 8*time.Second+time.Millisecond) }, Degraded, 200, 200},
	} {
		f := newFixture(Loopback)
		c.set(f)
		health, body := f.get("/health")
		ready, _ := f.get("/health/ready")
		live, _ := f.get("/health/live")
		var h Health
		if err := json.Unmarshal([]byte(body), &h); err != nil {
			t.Fatal(err)
		}
		if h.Level != c.level || health != c.health || ready != c.ready || live != 200 {
			t.Errorf("%s: %s %q, health %d, ready %d, live %d", c.name, h.Level, h.Reasons, health, ready, live)
		}
		if (h.Level == Healthy) != (len(h.Reasons) == 0) {
			t.Errorf("%s: %s for reasons %q", c.name, h.Level, h.Reasons)
		}
	}
}

func outcomes(f *fixture, proved, failed int) {
	for range proved {
		f.tracker.Proved("pruning", time.Minute, 1)
	}
	for range failed {
		f.tracker.ProofFailed("pruning", "crashed", "x")
	}
}

func verdicts(f *fixture, accepted, rejected int, took time.Duration) {
	for range accepted {
		f.tracker.Verified("pruning", took, "")
	}
	for range rejected {
		f.tracker.Verified("pruning", took, "V051-constraints")
	}
}

func TestTrackerIsBounded(t *testing.T) {
	f := newFixture(Loopback)
	outcomes(f, 3*windowCount, 0)
	outcomes(f, 0, windowCount/2)
	for range 2 * recoveryCount {
		f.tracker.Recovered("x", strings.Repeat("ü", messageBytesMax))
	}
	f.tracker.ProofFailed("pruning", "crashed", strings.Repeat("ü", messageBytesMax))
	b := f.tracker.report(BackendFacts{})
	if len(f.tracker.prover.ring) != windowCount || b.ProverSLA.ErrorRate != float64(windowCount/2+1)/windowCount {
		t.Errorf("%d outcomes, error rate %v", len(f.tracker.prover.ring), b.ProverSLA.ErrorRate)
	}
	if len(b.Recovery) != recoveryCount {
		t.Errorf("%d recovery events", len(b.Recovery))
	}
	if n := len(b.Prover.LastError.Message); n > messageBytesMax+len("…") || !json.Valid([]byte(`"`+b.Prover.LastError.Message+`"`)) {
		t.Errorf("message of %d bytes", n)
	}
}

// A success after a failure is a recovery, once.
func TestRecovery(t *testing.T) {
	f := newFixture(Loopback)
	f.tracker.Proved("pruning", 1, 1)
	f.at = f.at.Add(1)
	f.tracker.ProofFailed("pruning", "crashed", "boom")
	for range 2 {
		f.at = f.at.Add(1)
		f.tracker.Proved("pruning", 1, 1)
	}
	if b := f.tracker.report(BackendFacts{}); len(b.Recovery) != 1 || !strings.Contains(b.Recovery[0].Detail, "boom") {
		t.Errorf("recovery events %v", b.Recovery)
	}
}

func TestExitCodes(t *testing.T) {
	for l, want := range map[Level]int{Healthy: 0, Degraded: 20, Unhealthy: 21, Level(9): 21} {
		if got := l.ExitCode(); got != want {
			t.Errorf("%s: exit %d, want %d", l, got, want)
		}
		text, err := l.MarshalText()
		if (err == nil) != (l <= Unhealthy) {
			t.Errorf("%s: %v", l, err)
		}
		var back Level
		if err == nil && (back.UnmarshalText(text) != nil || back != l) {
			t.Errorf("%s came back as %s", l, back)
		}
	}
	var l Level
	if l.UnmarshalText([]byte("fine")) == nil {
		t.Error("a level that does not exist was read")
	}
}

func TestGPUSwitches(t *testing.T) {
	for value, disabled := range map[string]bool{
		"1": true, "true": true, "YES": true, " on ": true, "enable": true, "Enabled": true,
		"0": false, "false": false, "": false, "off": false, "2": false,
	} {
		if GPUDisabled(value) != disabled {
			t.Errorf("PLONKY3_GPU_DISABLE=%q: disabled %v", value, !disabled)
		}
	}
	one := []GPUDevice{{Name: "g", Utilisation: 0.5}}
	for _, c := range []struct {
		gpu     GPU
		enabled bool
	}{
		{NewGPU(true, "0", one), true},
		{NewGPU(false, "", one), false},
		{NewGPU(true, "1", one), false},
		{NewGPU(true, "", nil), false},
	} {
		if c.gpu.Enabled != c.enabled || (c.gpu.Reason == "") != c.enabled || (len(c.gpu.Devices) > 0) != c.enabled {
			t.Errorf("%+v", c.gpu)
		}
	}
}

func TestAssess(t *testing.T) {
	now := newClock().at
	base := func() *rppv1.StatusResponse {
		s := &rppv1.StatusResponse{Leader: "v1"}
		for _, n := range []string{"v1", "v2", "v3"} {
			s.Members = append(s.Members, &rppv1.Member{Name: n, Role: "voter", Liveness: "alive", SeenMs: now.UnixMilli(), Health: "healthy",
				Devices: []*rppv1.Device{{Name: n + "/0"}}})
		}
		return s
	}
	for _, c := range []struct {
		name   string
		change func(*rppv1.StatusResponse)
		health string
		reason string
	}{
		{"well", func(*rppv1.StatusResponse) {}, "healthy", ""},
		{"no leader", func(s *rppv1.StatusResponse) { s.Leader = "" }, "unhealthy", "no leader"},
		{"one voter dead", func(s *rppv1.StatusResponse) { s.Members[0].Liveness = "dead" }, "degraded", "v1 is dead"},
		{"two voters dead", func(s *rppv1.StatusResponse) { s.Members[0].Liveness, s.Members[1].Liveness = "dead", "suspect" }, "unhealthy", "1 of 3 voters are alive: no majority"},
		{"a voter left", func(s *rppv1.StatusResponse) { s.Members[0].Liveness = "left" }, "healthy", ""},
		{"stale", func(s *rppv1.StatusResponse) { s.Members[0].SeenMs -= staleAfter.Milliseconds() + 1 }, "degraded", "v1 is stale"},
		{"just fresh", func(s *rppv1.StatusResponse) { s.Members[0].SeenMs -= staleAfter.Milliseconds() }, "healthy", ""},
		{"degraded member", func(s *rppv1.StatusResponse) {
			s.Members[0].Health, s.Members[0].Reasons = "degraded", []string{"disk"}
		}, "degraded", "v1 is degraded: disk"},
		{"keys", func(s *rppv1.StatusResponse) { s.Members[0].KeysWanted = 2 }, "degraded", "v1 holds 0 of 2 keys"},
		{"quarantined node", func(s *rppv1.StatusResponse) { s.Members[0].Quarantined = true }, "degraded", "v1 is quarantined"},
		{"quarantined device", func(s *rppv1.StatusResponse) { s.Members[0].Devices[0].Quarantined = true }, "degraded", "v1/0 is quarantined"},
		{"no devices", func(s *rppv1.StatusResponse) {
			for _, m := range s.Members {
				m.Draining = true
			}
		}, "degraded", "no device takes work"},
	} {
		s := base()
		c.change(s)
		Assess(s, now)
		if s.Health != c.health || !strings.Contains("\n"+strings.Join(s.Reasons, "\n")+"\n", "\n"+c.reason+"\n") && c.reason != "" {
			t.Errorf("%s: %s %q, want %s %q", c.name, s.Health, s.Reasons, c.health, c.reason)
		}
		again := proto.Clone(s).(*rppv1.StatusResponse)
		if Assess(again, now); !proto.Equal(s, again) {
			t.Errorf("%s: twice is not as once: %v", c.name, again.Reasons)
		}
	}
}

// Every page asks for its own right; who may not see all is shown no jobs.
func TestPagesAskForRights(t *testing.T) {
	pages := map[string]identity.Action{
		"/status/node": identity.HTTPStatusNode, "/status/cluster": identity.HTTPStatusCluster,
		"/health": identity.HTTPHealth, "/health/live": identity.HTTPHealth, "/health/ready": identity.HTTPHealth,
		"/metrics": identity.HTTPMetrics,
	}
	for _, role := range []identity.Role{identity.Anonymous, identity.Voter, identity.Worker, identity.Validator, identity.Operator, identity.Auditor} {
		f := newFixture(ByRights(func(context.Context) identity.Identity { return identity.Identity{Role: role} }))
		full(f)
		for path, action := range pages {
			scope := identity.ScopeOf(role, action)
			status, body := f.get(path)
			want := 200
			if scope == identity.None {
				want = 403
				if role == identity.Anonymous {
					want = 401
				}
			}
			if status != want {
				t.Errorf("%s by %s: status %d, want %d", path, role, status, want)
			}
			shown := strings.Contains(body, `"running": "ef`) || strings.Contains(body, `"running": "09"`) || strings.Contains(body, `"job": "09"`)
			if isStatus := strings.HasPrefix(path, "/status/"); shown != (isStatus && scope == identity.All) {
				t.Errorf("%s by %s: jobs shown: %v", path, role, shown)
			}
		}
	}
}

func TestClusterThatCannotAnswer(t *testing.T) {
	for err, want := range map[error]int{
		fault.New(fault.CodeStarting, "x"): 503,
		errors.New("x"):                    500,
	} {
		f := newFixture(Loopback)
		f.err = err
		if status, body := f.get("/status/cluster"); status != want || !strings.Contains(body, `"code"`) {
			t.Errorf("%v: status %d: %s", err, status, body)
		}
	}
}
