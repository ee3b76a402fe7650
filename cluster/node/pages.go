package node

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rpp-node/cluster/api"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/health"
	"rpp-node/cluster/metrics"
	"rpp-node/prover/circuit"
	"rpp-node/prover/device"
	"rpp-node/prover/kernels"
)

func (n *Node) openMetrics() error {
	n.metrics = metrics.New(metrics.Options{
		Version: n.cfg.Version, Revision: n.cfg.Build, Kernels: device.CPUName(kernels.Active()), Routes: api.Routes(), Refresh: n.refresh,
	})
	h := n.cfg.Config.Health
	n.tracker = health.NewTracker(n.cfg.Now, health.Budgets{
		ProverErrorRate: h.ProverErrors, VerifierErrorRate: h.VerifierErrors, VerifierLatency: time.Duration(h.VerifierLatency),
	}, n.metrics)
	return nil
}

// refresh sets the gauges that are read, not counted.
func (n *Node) refresh(m *metrics.Metrics) {
	if n.ctx.Err() != nil {
		return
	}
	m.CPUTime("device", time.Duration(n.deviceCPU.Load()))
	m.CPUTime(n.role.String(), processCPU())
	if n.data != nil && n.artifacts != nil {
		if s, err := n.data.Space(); err == nil {
			m.SetDisk(s.FreeBytes, uint64(n.artifacts.Usage().HeldBytes))
		}
	}
	if n.raft != nil {
		m.SetRaft(n.raft.Term(), n.raft.CommitIndex(), n.raft.AppliedIndex(), n.Leading())
	}
	if n.gossip != nil {
		count := map[string]int{"alive": 0, "suspect": 0, "dead": 0, "left": 0}
		for _, g := range n.gossip.Members() {
			count[string(g.Liveness)]++
		}
		for state, c := range count {
			m.SetMembers(state, c)
		}
	}
	if n.leader == nil {
		return
	}
	v, err := n.leader.View(n.ctx)
	if err != nil {
		return
	}
	k := v.Counters
	for event, total := range map[string]uint64{
		"grant": k.Grants, "adoption": k.Adoptions, "steal": k.Steals, "steal-abandoned": k.StealsAbandoned, "hedge": k.Hedges,
		"expiry": k.Expiries, "suspicion": k.Suspicions, "dispute": k.Disputes,
		"device-quarantined": k.DevicesQuarantined, "spec-quarantined": k.SpecsQuarantined,
	} {
		m.LeaseEvents(event, total)
	}
	m.SetRunning(v.Leased, v.Leased, v.OldestUnproven)
	m.SetSessions(len(v.Workers))
	for _, c := range v.Classes {
		m.SetWaiting(c.Class.String(), c.Queued)
	}
	byFamily := map[string][2]int{}
	for _, k := range n.coverage() {
		c := byFamily[k.Family]
		for _, state := range k.Nodes {
			c[1]++
			if state == keyReady {
				c[0]++
			}
		}
		byFamily[k.Family] = c
	}
	for family, c := range byFamily {
		m.SetCoverage(family, float64(c[0])/float64(max(c[1], 1)))
	}
}

// openPages serves status, health and metrics on this machine, and on the API's port.
func (n *Node) openPages() error {
	address := n.cfg.Config.Listen.HTTP
	if address == "" {
		return nil
	}
	l, err := n.cfg.Listen(address)
	if err != nil {
		return fmt.Errorf("listen.http: %w", err)
	}
	n.httpAddr = l.Addr().String()
	n.serve("http", &http.Server{
		Handler: health.Handler(n.sources(), health.Loopback), ReadHeaderTimeout: applyTimeout, ReadTimeout: applyTimeout,
		WriteTimeout: replicateTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}, l)
	return nil
}

func (n *Node) sources() health.Sources {
	registry := prometheus.NewRegistry()
	registry.MustRegister(n.metrics)
	return health.Sources{Now: n.cfg.Now, Tracker: n.tracker, Node: facts{n}, Cluster: n, Metrics: registry}
}

// facts is what the node knows about itself.
type facts struct{ n *Node }

func (f facts) Facts() health.NodeFacts {
	n := f.n
	r := health.NodeFacts{
		ID: n.id.String(), Name: n.member.Name, Role: n.role.String(), Cluster: n.member.Cluster, ChainID: n.member.ChainID,
		Version: n.cfg.Version, Build: n.cfg.Build, Started: n.started.UnixMilli(), Devices: []health.Device{},
	}
	if s, err := n.data.Space(); err == nil {
		r.Disk = health.Disk{Free: s.FreeBytes, Total: s.TotalBytes, Artifacts: uint64(n.artifacts.Usage().HeldBytes), Admits: n.data.Admit(0) == nil}
	}
	for _, d := range n.devices {
		i := d.Info()
		r.Devices = append(r.Devices, health.Device{Name: i.Name, Kind: i.Kind, Threads: i.Threads, Memory: uint64(i.MemoryBytes)})
	}
	if n.raft != nil {
		id, _ := n.raft.Leader()
		r.Raft = &health.Raft{
			State: string(n.raft.State()), Leader: n.nameOf(id), Term: n.raft.Term(), Commit: n.raft.CommitIndex(),
		}
		applied, digest := n.digest.of(n.machine, n.cfg.Now())
		r.Raft.Applied, r.Raft.StateDigest = applied, digest.String()
		n.machine.View(func(s *fsm.State) {
			if m, ok := s.Member(n.id); ok {
				r.Draining = m.Draining
			}
		})
	}
	return r
}

func (f facts) Backend() health.BackendFacts {
	n := f.n
	count, bytes, _ := n.keys.Size()
	b := health.BackendFacts{CachedCircuits: count / 2, Cache: health.Cache{Entries: count, Bytes: bytes}}
	for _, k := range (registry{n}).Keys() {
		b.KeyEpoch = max(b.KeyEpoch, k.Epoch)
		if name := k.VariantID.String(); n.keys.Holds(k) && !slices.Contains(b.ActiveCircuits, name) {
			b.ActiveCircuits = append(b.ActiveCircuits, name)
		}
	}
	if n.machine != nil {
		n.machine.View(func(s *fsm.State) {
			for _, g := range s.Families() {
				if at := time.UnixMilli(g.RotatedMS); g.RotatedMS > 0 && at.After(b.LastKeyRotation) {
					b.LastKeyRotation = at
				}
			}
		})
	}
	b.GPU = health.NewGPU(n.cfg.Config.Devices.UseGPU, os.Getenv("PLONKY3_GPU_DISABLE"), nil)
	return b
}

func (f facts) Ready() (missing []string) {
	n := f.n
	if n.raft != nil {
		if id, _ := n.raft.Leader(); id == "" {
			missing = append(missing, "the cluster has no leader")
		}
		return missing
	}
	if n.known.Load() == nil {
		missing = append(missing, "the leader has not been reached yet")
	}
	return missing
}

func (f facts) Findings() (list []health.Finding) {
	n := f.n
	if err := n.Fault(); err != nil {
		list = append(list, health.Finding{Level: health.Unhealthy, Reason: err.Error()})
	}
	if err := n.data.Admit(0); err != nil {
		list = append(list, health.Finding{Level: health.Degraded, Reason: err.Error()})
	}
	if err := n.keeper.Err(); err != nil {
		list = append(list, health.Finding{Level: health.Degraded, Reason: "certificate not renewed: " + err.Error()})
	}
	missing := 0
	for _, k := range (registry{n}).Keys() {
		if !n.keys.Holds(k) {
			missing++
		}
	}
	if missing > 0 {
		list = append(list, health.Finding{Level: health.Degraded, Reason: fmt.Sprintf("%d keys are not here yet", missing)})
	}
	return list
}

// judgement is how the node judges itself.
func (n *Node) judgement() (health.Level, []string) {
	f := facts{n}
	level := health.Healthy
	var reasons []string
	for _, x := range f.Findings() {
		level = max(level, x.Level)
		reasons = append(reasons, x.Reason)
	}
	for _, r := range f.Ready() {
		level = max(level, health.Degraded)
		reasons = append(reasons, r)
	}
	return level, reasons
}

func families() []string {
	var list []string
	for _, f := range circuit.Families() {
		list = append(list, f.Name)
	}
	return list
}
