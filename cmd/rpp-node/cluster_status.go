package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/node"
)

// clusterStatusCmd shows how a cluster stands.
type clusterStatusCmd struct {
	callFlags
	Decisions int `help:"Latest decisions to show." default:"10"`
}

func (c *clusterStatusCmd) Help() string {
	return "Any node answers for all.\n\nExamples:\n  rpp-node cluster status --data a\n  rpp-node cluster status --as me --api b.example.net:7400 --json"
}

func (c *clusterStatusCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.Status(ctx, connect.NewRequest(&rppv1.StatusRequest{}))
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(resp.Msg))
		}
		return printStatus(e.out, resp.Msg, max(c.Decisions, 0))
	})
}

func printStatus(w io.Writer, s *rppv1.StatusResponse, decisions int) error {
	fmt.Fprintf(w, "cluster %s, chain %d: %s; leader %s, term %d, applied %d of %d; told by %s\n",
		s.Cluster, s.ChainId, s.Health, or(s.Leader, "none"), s.Term, s.AppliedIndex, s.CommitIndex, s.Node)
	for _, r := range s.Reasons {
		fmt.Fprintf(w, "  %s\n", r)
	}
	fmt.Fprintln(w)
	if err := printMembers(w, s.Members); err != nil {
		return err
	}
	for _, print := range []func(io.Writer, *rppv1.StatusResponse) error{printDevices, printQueue} {
		fmt.Fprintln(w)
		if err := print(w, s); err != nil {
			return err
		}
	}
	if n := min(decisions, len(s.Decisions)); n > 0 {
		fmt.Fprintln(w)
		if err := printDecisions(w, s.Decisions[:n]); err != nil {
			return err
		}
	}
	if len(s.Keys) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return printCoverage(w, s.Keys)
}

func printMembers(w io.Writer, members []*rppv1.Member) error {
	t := newTable(w, "NODE", "ROLE", "STATE", "RAFT", "HEALTH", "KEYS", "FREE DISK", "VERSION", "API")
	for _, m := range members {
		state := m.Liveness
		if m.Draining {
			state += ", draining"
		}
		if m.Quarantined {
			state += ", quarantined"
		}
		t.row(m.Name, m.Role, state, m.RaftState, m.Health, fmt.Sprintf("%d/%d", m.KeysReady, m.KeysWanted), inUnits(m.DiskFreeBytes), m.Version, m.ApiAddress)
	}
	return t.flush()
}

func printDevices(w io.Writer, s *rppv1.StatusResponse) error {
	t := newTable(w, "DEVICE", "KERNELS", "THREADS", "QUEUED", "RUNNING", "CELLS/S")
	for _, m := range s.Members {
		for _, d := range m.Devices {
			running := jobName(d.Running)
			if d.Quarantined {
				running = "quarantined"
			}
			var rates []string
			for _, family := range slices.Sorted(maps.Keys(d.Rates)) {
				rates = append(rates, fmt.Sprintf("%s %.3g", family, d.Rates[family]))
			}
			t.row(d.Name, d.Kind, d.Threads, d.Queued, running, strings.Join(rates, ", "))
		}
	}
	return t.flush()
}

func printQueue(w io.Writer, s *rppv1.StatusResponse) error {
	q := s.Queue
	fmt.Fprintf(w, "queue: %d waiting, %d running, %d assembled, the oldest %s; released %d, failed %d, cancelled %d; steals %d\n",
		q.GetWaiting(), q.GetRunning(), q.GetAssembled(), time.Duration(q.GetOldestUnprovenMs())*time.Millisecond,
		q.GetReleased(), q.GetFailed(), q.GetCancelled(), q.GetSteals())
	if len(q.GetClasses()) == 0 {
		return nil
	}
	t := newTable(w, "CLASS", "WAITING", "WAIT P50", "P95", "P99")
	for _, c := range q.GetClasses() {
		t.row(c.Class, c.Waiting, milliseconds(c.WaitP50Ms), milliseconds(c.WaitP95Ms), milliseconds(c.WaitP99Ms))
	}
	return t.flush()
}

func milliseconds(ms float64) string { return fmt.Sprintf("%.1f ms", ms) }

func printDecisions(w io.Writer, list []*rppv1.Decision) error {
	t := newTable(w, "AT", "DECISION", "JOB", "DEVICE", "FROM", "REASON")
	for _, d := range list {
		t.row(clock(d.AtMs), d.Kind, jobName(d.Job), d.Device, d.From, d.Reason)
	}
	return t.flush()
}

// printCoverage prints which node holds which key.
func printCoverage(w io.Writer, keys []*rppv1.KeyCoverage) error {
	nodes := map[string]bool{}
	for _, k := range keys {
		for n := range k.Nodes {
			nodes[n] = true
		}
	}
	names := slices.Sorted(maps.Keys(nodes))
	t := newTable(w, append([]string{"KEY", "EPOCH", "SIZE", "FINGERPRINT"}, names...)...)
	for _, k := range keys {
		cells := []any{fmt.Sprintf("%s/%s/%s/%s", k.Family, k.Variant, k.Profile, k.Hash), k.Epoch, inUnits(k.Bytes), shortHex(k.Fingerprint)}
		for _, n := range names {
			cells = append(cells, k.Nodes[n])
		}
		t.row(cells...)
	}
	return t.flush()
}

// jobName is the short form of a job's identifier, nothing for none.
func jobName(id []byte) string {
	for _, b := range id {
		if b != 0 {
			return shortHex(id)
		}
	}
	return ""
}

func shortHex(b []byte) string { return fmt.Sprintf("%.16s", hex.EncodeToString(b)) }
