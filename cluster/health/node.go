package health

// NodeFacts is the node section of /status/node.
type NodeFacts struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Role     string   `json:"role"`
	Cluster  string   `json:"cluster"`
	ChainID  uint64   `json:"chain_id"`
	Version  string   `json:"version"`
	Build    string   `json:"build"`
	Started  int64    `json:"started_ms"`
	Draining bool     `json:"draining"`
	Raft     *Raft    `json:"raft"` // null on a worker
	Disk     Disk     `json:"disk"`
	Devices  []Device `json:"devices"`
}

// Raft is where a voter stands in the replicated log.
type Raft struct {
	State       string `json:"state"`
	Term        uint64 `json:"term"`
	Leader      string `json:"leader"`
	Commit      uint64 `json:"commit_index"`
	Applied     uint64 `json:"applied_index"`
	StateDigest string `json:"state_digest"`
}

// Disk is the data directory.
type Disk struct {
	Free      uint64 `json:"free_bytes"`
	Total     uint64 `json:"total_bytes"`
	Artifacts uint64 `json:"artifact_bytes"`
	// Admits says whether new jobs are taken.
	Admits bool `json:"admits"`
}

// Device computes.
type Device struct {
	Name string `json:"name"`
	// Kind names the kernels, such as cpu-avx512.
	Kind        string  `json:"kind"`
	Threads     int     `json:"threads"`
	Memory      uint64  `json:"memory_bytes"`
	Queued      int     `json:"queued"`
	Running     string  `json:"running"` // the job, if any
	Stage       string  `json:"stage"`
	Load        float64 `json:"load"`
	Quarantined bool    `json:"quarantined"`
}

// NodeStatus answers /status/node.
type NodeStatus struct {
	Node    NodeFacts          `json:"node"`
	Backend map[string]Backend `json:"backend_health"`
	Health  Health             `json:"health"`
	Now     int64              `json:"now_ms"`
}

// Health answers /health.
type Health struct {
	Level   Level    `json:"level"`
	Reasons []string `json:"reasons"`
}

// backendName is the key below backend_health.
const backendName = "plonky3"
