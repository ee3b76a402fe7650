package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
)

// preflightCmd checks what a node needs.
type preflightCmd struct {
	nodeFlags
	JSON bool `help:"Print the checks as JSON."`
}

func (c *preflightCmd) Help() string {
	return "Checks configuration, ports, disk, memory, certificate and clock. Exit 2 if the configuration is wrong, 3 if\n" +
		"something else is; warnings do not count. Run it while the node is down.\n\n" +
		"Examples:\n" +
		"  rpp-node preflight --data a\n" +
		"  rpp-node preflight --config /etc/rpp-node.toml --json"
}

// Verdicts of a check.
const (
	checkOK   = "ok"
	checkWarn = "warning"
	checkFail = "failed"
)

// check is one thing that was looked at.
type check struct {
	Name    string `json:"check"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
}

// Limits of the checks.
const (
	clockSkewMax     = 2 * time.Second // certificates are dated five minutes back
	certificateShort = 2 * time.Hour
	preflightTimeout = 5 * time.Second
	devicePeakBytes  = 64 << 20 // least that a device needs
)

func (c *preflightCmd) Run(e *env) error {
	k, err := c.load()
	if err != nil {
		return err
	}
	checks := []check{{"configuration", checkOK, k.Node.Name + " in " + k.Node.Data}}
	for _, look := range []func(config.Config) []check{checkPorts, checkDisk, checkMemory, checkIdentity} {
		checks = append(checks, look(k)...)
	}
	if c.JSON {
		err = writeJSON(e.out, checks)
	} else {
		t := newTable(e.out)
		for _, x := range checks {
			t.row(x.Name, x.Verdict, x.Detail)
		}
		err = t.flush()
	}
	if err != nil {
		return err
	}
	var failed []string
	for _, x := range checks {
		if x.Verdict == checkFail {
			failed = append(failed, x.Name)
		}
	}
	if len(failed) > 0 {
		return startUpError{fmt.Errorf("not ready to start: %s", strings.Join(failed, ", "))}
	}
	return nil
}

// checkPorts tries to listen where the node will.
func checkPorts(k config.Config) (out []check) {
	for _, l := range []struct{ key, network, address string }{
		{"listen.api", "tcp", k.Listen.API}, {"listen.gossip", "tcp", k.Listen.Gossip}, {"listen.gossip", "udp", k.Listen.Gossip}, {"listen.http", "tcp", k.Listen.HTTP},
	} {
		if l.address == "" {
			continue
		}
		x := check{l.key + " (" + l.network + ")", checkOK, l.address}
		if err := tryListen(l.network, l.address); err != nil {
			x.Verdict, x.Detail = checkFail, fmt.Sprintf("%v; stop what has the port, or choose another with %s", err, l.key)
		}
		out = append(out, x)
	}
	return out
}

func tryListen(network, address string) error {
	if network == "udp" {
		p, err := net.ListenPacket(network, address)
		if err != nil {
			return err
		}
		return p.Close()
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	return l.Close()
}

// checkDisk compares what is free with what the node leaves free.
func checkDisk(k config.Config) []check {
	x := check{"disk", checkOK, ""}
	dir := k.Node.Data
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir) // it will be made
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return []check{{"disk", checkFail, err.Error()}}
	}
	free, total := s.Bavail*uint64(s.Bsize), s.Blocks*uint64(s.Bsize)
	needed := max(uint64(k.Store.MinFree), uint64(float64(total)*k.Store.MinFreeShare)) + uint64(k.Store.Ballast)
	x.Detail = fmt.Sprintf("%s of %s are free below %s, %s must stay so", inUnits(free), inUnits(total), dir, inUnits(needed))
	if free < needed {
		x.Verdict = checkFail
		x.Detail += "; free some, or lower store.min_free and store.min_free_share"
	}
	if err := dirWritable(dir); err != nil {
		return []check{x, {"data directory", checkFail, err.Error()}}
	}
	return []check{x}
}

// dirWritable tries to make a file.
func dirWritable(dir string) error {
	f, err := os.CreateTemp(dir, ".preflight-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// checkMemory compares what devices and caches may take with what the machine has.
func checkMemory(k config.Config) []check {
	m, err := node.ReadMembership(identity.OS, k.Node.Data)
	s := shares(k.Devices, err == nil && m.Role == identity.Worker.String())
	total := memoryTotal()
	wanted := int64(k.Store.Cache) + int64(s.count)*s.memory
	x := check{"memory", checkOK, fmt.Sprintf("%d devices of %s and a cache of %s, of %s", s.count, inUnits(uint64(s.memory)), k.Store.Cache, inUnits(uint64(total)))}
	switch {
	case wanted > total:
		x.Verdict = checkFail
		x.Detail += "; lower devices.memory or devices.count"
	case s.count > 0 && s.memory < devicePeakBytes:
		x.Verdict = checkFail
		x.Detail += fmt.Sprintf("; a device needs %s", inUnits(devicePeakBytes))
	}
	return []check{x}
}

// checkIdentity looks at the certificate, and at the clock: by the certificate, and by the
// other nodes if one answers.
func checkIdentity(k config.Config) []check {
	m, err := node.ReadMembership(identity.OS, k.Node.Data)
	if errors.Is(err, node.ErrNotMember) {
		return []check{{"certificate", checkWarn, "none yet: found a cluster with 'rpp-node init' or join one"}, {"clock", checkWarn, "nothing to compare with"}}
	}
	if err != nil {
		return []check{{"certificate", checkFail, err.Error()}}
	}
	c, err := identity.OpenDir(identity.OS, filepath.Join(k.Node.Data, "identity")).Load(m.Cluster)
	if err != nil {
		return []check{{"certificate", checkFail, err.Error()}}
	}
	i, now := c.Identity(), time.Now()
	x := check{"certificate", checkOK, fmt.Sprintf("%s, until %s", i.URI(), i.NotAfter.Format(time.RFC3339))}
	switch left := i.NotAfter.Sub(now); {
	case left <= 0:
		x.Verdict = checkWarn
		x.Detail += "; it has ended: a voter renews its own, a worker joins again with a new token"
	case left < certificateShort:
		x.Verdict = checkWarn
		x.Detail += "; it is renewed when the node runs"
	}
	return []check{x, checkClock(k, m, c.Certificate().Leaf.NotBefore, now)}
}

func checkClock(k config.Config, m *node.Membership, issued, now time.Time) check {
	if now.Before(issued) {
		return check{"clock", checkFail, fmt.Sprintf("%s is before the certificate was issued (%s); set the clock", now.Format(time.RFC3339), issued.Format(time.RFC3339))}
	}
	to, err := node.Call(node.Calling{Dir: k.Node.Data, Disk: identity.OS, Now: time.Now, Rand: rand.Reader, Dial: transport.TCP})
	if err != nil || len(m.Voters) == 0 {
		return check{"clock", checkWarn, "no other node to compare with"}
	}
	defer to.Close()
	ctx, cancel := context.WithTimeout(context.Background(), preflightTimeout)
	defer cancel()
	asked := time.Now()
	s, err := status(ctx, to)
	if err != nil {
		return check{"clock", checkWarn, "no other node answers: " + explain(err)}
	}
	got := time.Now()
	skew := asked.Add(got.Sub(asked) / 2).Sub(time.UnixMilli(s.NowMs)).Abs()
	x := check{"clock", checkOK, fmt.Sprintf("%s from that of %s", skew.Round(time.Millisecond), s.Node)}
	if skew > clockSkewMax {
		x.Verdict = checkFail
		x.Detail += fmt.Sprintf(", want %s at most: set the clock", clockSkewMax)
	}
	return x
}
