package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Config is a node's configuration.
type Config struct {
	Node     Node     `toml:"node" comment:"Who this node is and where it keeps what it knows."`
	Listen   Listen   `toml:"listen" comment:"Where it listens, and how others reach it."`
	Cluster  Cluster  `toml:"cluster" comment:"What all nodes of a cluster agree on. The first node's values count; the others get them on joining."`
	Devices  Devices  `toml:"devices" comment:"What proves on this node."`
	Limits   Limits   `toml:"limits" comment:"What the leader admits."`
	Store    Store    `toml:"store" comment:"Disk and memory of the store."`
	Health   Health   `toml:"health" comment:"When /health says degraded."`
	Log      Log      `toml:"log"`
	Advanced Advanced `toml:"advanced" comment:"Timings. The defaults suit a local network."`
}

// Node is who the node is.
type Node struct {
	Name string `toml:"name" comment:"Unique in the cluster: lower-case letters, digits and dashes, at most 32. Empty: the host's name."`
	Data string `toml:"data" comment:"Data directory; made if it is not there."`
}

// Listen is where the node listens.
type Listen struct {
	API             string `toml:"api" comment:"host:port of the TLS port: API, workers, Raft."`
	AdvertiseAPI    string `toml:"advertise_api" comment:"host:port that others dial; empty: the address listened on, which must then name a host."`
	Gossip          string `toml:"gossip" comment:"host:port of gossip, UDP and TCP."`
	AdvertiseGossip string `toml:"advertise_gossip" comment:"host:port that others dial; empty: the address listened on."`
	HTTP            string `toml:"http" comment:"host:port of plain HTTP for status, health and metrics; loopback only. Empty: none. The same paths are on the TLS port for certificates that may read them."`
}

// Cluster is what all nodes agree on.
type Cluster struct {
	ChainID       uint64   `toml:"chain_id" comment:"Chain that proofs are bound to; 0 is for development."`
	SecurityFloor float64  `toml:"security_floor" comment:"Proven bits below which a job is refused; 0 admits development profiles."`
	GossipCIDRs   []string `toml:"gossip_cidrs" comment:"Networks that gossip is taken from; empty: all."`
}

// Devices is what proves on the node.
type Devices struct {
	Count     int      `toml:"count" comment:"Device processes; -1: one on a worker, none on a voter."`
	Threads   int      `toml:"threads" comment:"Worker threads of each device; 0: all cores, divided by count."`
	Memory    Bytes    `toml:"memory" comment:"Most memory of one device, such as 4GiB; 0: three quarters of the machine's, divided by count."`
	TimeLimit Duration `toml:"time_limit" comment:"Longest time of one proof, such as 10m."`
	UseGPU    bool     `toml:"use_gpu_acceleration" comment:"Use GPUs if there are any; PLONKY3_GPU_DISABLE=1 overrides it."`
}

// Limits is what the leader admits.
type Limits struct {
	QueueJobs  int   `toml:"queue_jobs" comment:"Jobs waiting or running in the whole cluster."`
	TenantJobs int   `toml:"tenant_jobs" comment:"The same for one tenant."`
	Bodies     Bytes `toml:"request_bytes" comment:"Bytes of requests that may be in memory at once."`
}

// Store is about disk and memory of the store.
type Store struct {
	Quota         Bytes    `toml:"quota" comment:"Most bytes of artifacts; 0: what the disk has."`
	MinFree       Bytes    `toml:"min_free" comment:"Free disk space below which no job is admitted."`
	MinFreeShare  float64  `toml:"min_free_share" comment:"The same as a share of the disk, 0 to 0.9."`
	Ballast       Bytes    `toml:"ballast" comment:"A file that is given up when the disk is full, so that the node can finish and compact."`
	Cache         Bytes    `toml:"cache" comment:"Memory of the store's block cache."`
	KeyCache      Bytes    `toml:"key_cache" comment:"Memory for expanded keys in each device process."`
	KeepWitnesses Duration `toml:"keep_witnesses" comment:"How long a witness stays after its job has ended."`
	KeepProofs    Duration `toml:"keep_proofs" comment:"How long a released proof stays."`
}

// Health is when the node calls itself degraded.
type Health struct {
	ProverErrors    float64  `toml:"prover_error_budget" comment:"Share of proofs that may fail."`
	VerifierErrors  float64  `toml:"verifier_error_budget" comment:"Share of verifications that may fail."`
	VerifierLatency Duration `toml:"verifier_latency_budget"`
}

// Log is about the structured log on standard error.
type Log struct {
	Level  string `toml:"level" comment:"error, warn, info or debug."`
	Format string `toml:"format" comment:"text or json."`
}

// Advanced are timings.
type Advanced struct {
	Election  Duration `toml:"raft_election_timeout" comment:"Also Raft's heartbeat timeout: how soon a dead leader is replaced."`
	Lease     Duration `toml:"lease" comment:"How long a device may compute without hearing from the leader."`
	Heartbeat Duration `toml:"heartbeat" comment:"How often a worker reports."`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Node:    Node{Data: "rpp-node"},
		Listen:  Listen{API: "127.0.0.1:7400", Gossip: "127.0.0.1:7401", HTTP: "127.0.0.1:7402"},
		Cluster: Cluster{SecurityFloor: 100},
		Devices: Devices{Count: -1, TimeLimit: Duration(10 * time.Minute)},
		Limits:  Limits{QueueJobs: 100_000, TenantJobs: 1_000, Bodies: 256 << 20},
		Store: Store{
			MinFree: 1 << 30, MinFreeShare: 0.1, Ballast: 64 << 20, Cache: 64 << 20, KeyCache: 1 << 30,
			KeepWitnesses: Duration(time.Hour), KeepProofs: Duration(30 * 24 * time.Hour),
		},
		Health:   Health{ProverErrors: 0.05, VerifierErrors: 0.02, VerifierLatency: Duration(8 * time.Second)},
		Log:      Log{Level: "info", Format: "text"},
		Advanced: Advanced{Election: Duration(300 * time.Millisecond), Lease: Duration(10 * time.Second), Heartbeat: Duration(time.Second)},
	}
}

// Duration is a time.Duration as Go writes it, such as 1h30m.
type Duration time.Duration

func (d Duration) String() string               { return time.Duration(d).String() }
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what String writes, and shorter forms of it.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 10s or 1h30m", text)
	}
	*d = Duration(v)
	return nil
}

// Bytes is a number of bytes, written with a binary unit, such as 64MiB.
type Bytes int64

var units = []struct {
	name  string
	bytes Bytes
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

func (b Bytes) String() string {
	for _, u := range units {
		if b != 0 && b%u.bytes == 0 {
			return fmt.Sprintf("%d%s", b/u.bytes, u.name)
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what String writes.
func (b *Bytes) UnmarshalText(text []byte) error {
	s, unit := strings.TrimSpace(string(text)), Bytes(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			s, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 || v > (1<<62)/int64(unit) {
		return fmt.Errorf("%q is not a size such as 512MiB or 4GiB", text)
	}
	*b = Bytes(v) * unit
	return nil
}
