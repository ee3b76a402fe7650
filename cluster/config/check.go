package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"time"
)

// Name is the form of a node's name.
var Name = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// Check refuses settings that cannot work.
func (c *Config) Check() error {
	for _, check := range []func() error{c.checkNode, c.checkListen, c.checkCluster, c.checkDevices, c.checkLimits, c.checkStore, c.checkHealth, c.checkLog, c.checkAdvanced} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func wrong(key, format string, args ...any) error {
	return &Error{Key: key, Why: fmt.Sprintf(format, args...)}
}

func (c *Config) checkNode() error {
	switch {
	case c.Node.Name != "" && !Name.MatchString(c.Node.Name):
		return wrong("node.name", "%q: want lower-case letters, digits and dashes, at most 32", c.Node.Name)
	case c.Node.Data == "":
		return wrong("node.data", "empty: name a directory")
	}
	return nil
}

func (c *Config) checkListen() error {
	for _, a := range []struct {
		key, value    string
		empty, anyone bool
	}{
		{"listen.api", c.Listen.API, false, true},
		{"listen.gossip", c.Listen.Gossip, false, true},
		{"listen.http", c.Listen.HTTP, true, true},
		{"listen.advertise_api", c.Listen.AdvertiseAPI, true, false},
		{"listen.advertise_gossip", c.Listen.AdvertiseGossip, true, false},
	} {
		if a.value == "" && a.empty {
			continue
		}
		host, port, err := net.SplitHostPort(a.value)
		if err != nil {
			return wrong(a.key, "%q: want host:port", a.value)
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 && !a.anyone {
			return wrong(a.key, "port %q: want 1 to 65535", port)
		}
		if unspecified(host) && !a.anyone {
			return wrong(a.key, "%q names no host that others can dial", a.value)
		}
	}
	if unspecified(hostOf(c.Listen.API)) && c.Listen.AdvertiseAPI == "" {
		return wrong("listen.advertise_api", "needed because listen.api names no host: write the host:port that others dial")
	}
	if unspecified(hostOf(c.Listen.Gossip)) && c.Listen.AdvertiseGossip == "" {
		return wrong("listen.advertise_gossip", "needed because listen.gossip names no host: write the host:port that others dial")
	}
	if h := hostOf(c.Listen.HTTP); c.Listen.HTTP != "" && h != "localhost" {
		if ip, err := netip.ParseAddr(h); err != nil || !ip.IsLoopback() {
			return wrong("listen.http", "%q is not loopback: plain HTTP has no certificates; use the same paths on listen.api", c.Listen.HTTP)
		}
	}
	return nil
}

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func unspecified(host string) bool {
	if host == "" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsUnspecified()
}

func (c *Config) checkCluster() error {
	if f := c.Cluster.SecurityFloor; !(f >= 0 && f <= 123) {
		return wrong("cluster.security_floor", "%v: want 0 to 123 proven bits; no key of ours attains more", f)
	}
	for _, cidr := range c.Cluster.GossipCIDRs {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			return wrong("cluster.gossip_cidrs", "%q: want a network such as 10.0.0.0/8", cidr)
		}
	}
	return nil
}

func (c *Config) checkDevices() error {
	d := c.Devices
	switch {
	case d.Count < -1 || d.Count > 64:
		return wrong("devices.count", "%d: want -1 to 64", d.Count)
	case d.Threads < 0 || d.Threads > 1024:
		return wrong("devices.threads", "%d: want 0 to 1024", d.Threads)
	case d.Memory != 0 && d.Memory < 64<<20:
		return wrong("devices.memory", "%s: a device needs 64MiB at least", d.Memory)
	case d.TimeLimit < Duration(time.Second) || d.TimeLimit > Duration(24*time.Hour):
		return wrong("devices.time_limit", "%s: want 1s to 24h", d.TimeLimit)
	}
	return nil
}

func (c *Config) checkLimits() error {
	l := c.Limits
	switch {
	case l.QueueJobs < 1 || l.QueueJobs > 100_000:
		return wrong("limits.queue_jobs", "%d: want 1 to 100000", l.QueueJobs)
	case l.TenantJobs < 1 || l.TenantJobs > l.QueueJobs:
		return wrong("limits.tenant_jobs", "%d: want 1 to limits.queue_jobs (%d)", l.TenantJobs, l.QueueJobs)
	case l.Bodies < 80<<20:
		return wrong("limits.request_bytes", "%s: one request may have 64MiB; want 80MiB at least", l.Bodies)
	}
	return nil
}

func (c *Config) checkStore() error {
	s := c.Store
	switch {
	case !(s.MinFreeShare >= 0 && s.MinFreeShare <= 0.9):
		return wrong("store.min_free_share", "%v: want 0 to 0.9", s.MinFreeShare)
	case s.Quota != 0 && s.Quota < 64<<20:
		return wrong("store.quota", "%s: want 64MiB at least, or 0", s.Quota)
	case s.Cache < 1<<20:
		return wrong("store.cache", "%s: want 1MiB at least", s.Cache)
	case s.KeyCache < 16<<20:
		return wrong("store.key_cache", "%s: want 16MiB at least", s.KeyCache)
	case s.KeepWitnesses < 0:
		return wrong("store.keep_witnesses", "%s: want 0s or more", s.KeepWitnesses)
	case s.KeepProofs < Duration(time.Minute):
		return wrong("store.keep_proofs", "%s: want 1m at least, or nobody can fetch them", s.KeepProofs)
	}
	return nil
}

func (c *Config) checkHealth() error {
	h := c.Health
	switch {
	case !(h.ProverErrors >= 0 && h.ProverErrors <= 1):
		return wrong("health.prover_error_budget", "%v: want a share, 0 to 1", h.ProverErrors)
	case !(h.VerifierErrors >= 0 && h.VerifierErrors <= 1):
		return wrong("health.verifier_error_budget", "%v: want a share, 0 to 1", h.VerifierErrors)
	case h.VerifierLatency <= 0:
		return wrong("health.verifier_latency_budget", "%s: want more than 0s", h.VerifierLatency)
	}
	return nil
}

func (c *Config) checkLog() error {
	switch c.Log.Level {
	case "error", "warn", "info", "debug":
	default:
		return wrong("log.level", "%q: want error, warn, info or debug", c.Log.Level)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		return wrong("log.format", "%q: want text or json", c.Log.Format)
	}
	return nil
}

func (c *Config) checkAdvanced() error {
	a := c.Advanced
	switch {
	case a.Election < Duration(50*time.Millisecond) || a.Election > Duration(10*time.Second):
		return wrong("advanced.raft_election_timeout", "%s: want 50ms to 10s", a.Election)
	case a.Heartbeat < Duration(50*time.Millisecond):
		return wrong("advanced.heartbeat", "%s: want 50ms at least", a.Heartbeat)
	case a.Lease < 3*a.Heartbeat:
		return wrong("advanced.lease", "%s: want three times advanced.heartbeat (%s) at least, so that one lost report costs nothing", a.Lease, a.Heartbeat)
	}
	return nil
}
