package health

import (
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// Assess judges a cluster by what one node knows of it: it marks the members whose last
// report is old as stale, and writes level and reasons into the answer. Doing it twice
// changes nothing.
func Assess(s *rppv1.StatusResponse, now time.Time) {
	var findings []Finding
	add := func(level Level, format string, args ...any) {
		findings = append(findings, Finding{level, fmt.Sprintf(format, args...)})
	}
	if s.Leader == "" {
		add(Unhealthy, "no leader")
	}
	voters, votersAlive, devices := 0, 0, 0
	for _, m := range s.Members {
		if m.Liveness == livenessLeft {
			continue
		}
		if m.Liveness == livenessAlive && now.Sub(time.UnixMilli(m.SeenMs)) > staleAfter {
			m.Liveness = livenessStale
		}
		alive := m.Liveness == livenessAlive
		if m.Role == roleVoter {
			voters++
			if alive {
				votersAlive++
			}
		}
		if !alive {
			add(Degraded, "%s is %s", m.Name, m.Liveness)
			continue
		}
		if m.Health != "" && m.Health != Healthy.String() {
			add(Degraded, "%s is %s: %s", m.Name, m.Health, firstOf(m.Reasons))
		}
		if m.KeysReady < m.KeysWanted {
			add(Degraded, "%s holds %d of %d keys", m.Name, m.KeysReady, m.KeysWanted)
		}
		if m.Quarantined {
			add(Degraded, "%s is quarantined", m.Name)
			continue
		}
		for _, d := range m.Devices {
			if d.Quarantined {
				add(Degraded, "%s is quarantined", d.Name)
			} else if !m.Draining {
				devices++
			}
		}
	}
	if voters > 0 && votersAlive <= voters/2 {
		add(Unhealthy, "%d of %d voters are alive: no majority", votersAlive, voters)
	}
	if devices == 0 {
		add(Degraded, "no device takes work")
	}
	level, reasons := worst(findings)
	s.Health, s.Reasons = level.String(), reasons
}

// Words of Member.
const (
	livenessAlive = "alive"
	livenessLeft  = "left"
	livenessStale = "stale"
	roleVoter     = "voter"
)

func firstOf(reasons []string) string {
	if len(reasons) == 0 {
		return "no reason given"
	}
	return reasons[0]
}

// ClusterStatus answers /status/cluster.
type ClusterStatus struct {
	Cluster     string        `json:"cluster"`
	ChainID     uint64        `json:"chain_id"`
	Answered    string        `json:"answered_by"`
	Leader      string        `json:"leader"`
	Term        uint64        `json:"term"`
	Commit      uint64        `json:"commit_index"`
	Applied     uint64        `json:"applied_index"`
	StateDigest string        `json:"state_digest"`
	Health      Health        `json:"health"`
	Members     []Member      `json:"members"`
	Queue       Queue         `json:"queue"`
	Decisions   []Decision    `json:"decisions"`
	Keys        []KeyCoverage `json:"keys"`
	Now         int64         `json:"now_ms"`
}

// Member is one node as another sees it.
type Member struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Role        string   `json:"role"`
	API         string   `json:"api_address"`
	Liveness    string   `json:"liveness"`
	RaftState   string   `json:"raft_state"`
	Version     string   `json:"version"`
	Devices     []Device `json:"devices"`
	Draining    bool     `json:"draining"`
	Quarantined bool     `json:"quarantined"`
	Seen        int64    `json:"seen_ms"`
	KeysReady   uint32   `json:"keys_ready"`
	KeysWanted  uint32   `json:"keys_wanted"`
	Health      string   `json:"health"`
	Reasons     []string `json:"reasons"`
	DiskFree    uint64   `json:"disk_free_bytes"`
	Weight      float64  `json:"weight"`
}

// Queue is the work of the cluster.
type Queue struct {
	Waiting   uint32       `json:"waiting"`
	Running   uint32       `json:"running"`
	Assembled uint32       `json:"assembled"`
	Oldest    int64        `json:"oldest_unproven_ms"`
	Released  uint64       `json:"released"`
	Failed    uint64       `json:"failed"`
	Cancelled uint64       `json:"cancelled"`
	Steals    uint64       `json:"steals"`
	Classes   []ClassQueue `json:"classes"`
}

// ClassQueue is the work of one priority class.
type ClassQueue struct {
	Class   string  `json:"class"`
	Waiting uint32  `json:"waiting"`
	P50     float64 `json:"wait_p50_ms"`
	P95     float64 `json:"wait_p95_ms"`
	P99     float64 `json:"wait_p99_ms"`
}

// Decision is something the scheduler decided.
type Decision struct {
	At     int64  `json:"at_ms"`
	Kind   string `json:"kind"`
	Job    string `json:"job"`
	Device string `json:"device"`
	From   string `json:"from"`
	Reason string `json:"reason"`
	Term   uint64 `json:"fence_term"`
	Seq    uint64 `json:"fence_sequence"`
}

// KeyCoverage says which nodes hold a key.
type KeyCoverage struct {
	Family      string            `json:"family"`
	Variant     string            `json:"variant"`
	Profile     string            `json:"profile"`
	Hash        string            `json:"hash"`
	Fingerprint string            `json:"fingerprint"`
	Epoch       uint64            `json:"epoch"`
	Bytes       uint64            `json:"bytes"`
	Nodes       map[string]string `json:"nodes"`
}

// newClusterStatus turns an answer of ClusterService into what /status/cluster shows.
// Without all, what names jobs is left out: they may be another tenant's.
func newClusterStatus(s *rppv1.StatusResponse, all bool) (ClusterStatus, error) {
	var level Level
	if err := level.UnmarshalText([]byte(s.Health)); err != nil {
		return ClusterStatus{}, err
	}
	c := ClusterStatus{
		Cluster: s.Cluster, ChainID: s.ChainId, Answered: s.Node, Leader: s.Leader,
		Term: s.Term, Commit: s.CommitIndex, Applied: s.AppliedIndex,
		StateDigest: hex.EncodeToString(s.StateDigest),
		Health:      Health{Level: level, Reasons: list(s.Reasons)},
		Members:     []Member{}, Decisions: []Decision{}, Keys: []KeyCoverage{}, Now: s.NowMs,
		Queue: queueOf(s.Queue),
	}
	for _, m := range s.Members {
		c.Members = append(c.Members, memberOf(m, all))
	}
	if all {
		for _, d := range s.Decisions {
			c.Decisions = append(c.Decisions, Decision{
				At: d.AtMs, Kind: d.Kind, Job: hex.EncodeToString(d.Job), Device: d.Device,
				From: d.From, Reason: d.Reason, Term: d.FenceTerm, Seq: d.FenceSequence,
			})
		}
	}
	for _, k := range s.Keys {
		nodes := maps.Clone(k.Nodes)
		if nodes == nil {
			nodes = map[string]string{}
		}
		c.Keys = append(c.Keys, KeyCoverage{
			Family: k.Family, Variant: k.Variant, Profile: k.Profile, Hash: k.Hash,
			Fingerprint: hex.EncodeToString(k.Fingerprint), Epoch: k.Epoch, Bytes: k.Bytes, Nodes: nodes,
		})
	}
	return c, nil
}

func memberOf(m *rppv1.Member, all bool) Member {
	out := Member{
		ID: m.Id, Name: m.Name, Role: m.Role, API: m.ApiAddress, Liveness: m.Liveness,
		RaftState: m.RaftState, Version: m.Version, Devices: []Device{},
		Draining: m.Draining, Quarantined: m.Quarantined, Seen: m.SeenMs,
		KeysReady: m.KeysReady, KeysWanted: m.KeysWanted, Health: m.Health,
		Reasons: list(m.Reasons), DiskFree: m.DiskFreeBytes, Weight: m.Weight,
	}
	for _, d := range m.Devices {
		device := Device{
			Name: d.Name, Kind: d.Kind, Threads: int(d.Threads), Memory: d.MemoryBytes,
			Queued: int(d.Queued), Load: d.Load, Quarantined: d.Quarantined,
		}
		if all {
			device.Running = hex.EncodeToString(d.Running)
		}
		out.Devices = append(out.Devices, device)
	}
	return out
}

func queueOf(q *rppv1.Queue) Queue {
	out := Queue{
		Waiting: q.GetWaiting(), Running: q.GetRunning(), Assembled: q.GetAssembled(),
		Oldest: q.GetOldestUnprovenMs(), Released: q.GetReleased(), Failed: q.GetFailed(),
		Cancelled: q.GetCancelled(), Steals: q.GetSteals(), Classes: []ClassQueue{},
	}
	for _, c := range q.GetClasses() {
		out.Classes = append(out.Classes, ClassQueue{
			Class: c.Class, Waiting: c.Waiting, P50: c.WaitP50Ms, P95: c.WaitP95Ms, P99: c.WaitP99Ms,
		})
	}
	return out
}

// list makes an empty list of none, so that it is written as [].
func list(s []string) []string { return append([]string{}, s...) }
