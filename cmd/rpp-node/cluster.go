package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
)

// clusterCmd operates a cluster.
type clusterCmd struct {
	Status     clusterStatusCmd   `cmd:"" help:"Show members, devices, queue, decisions and keys."`
	Members    clusterMembersCmd  `cmd:"" help:"List nodes."`
	Token      tokenCmd           `cmd:"" help:"Create, list and revoke join tokens."`
	Drain      clusterDrainCmd    `cmd:"" help:"Give a node no more work."`
	Remove     clusterRemoveCmd   `cmd:"" help:"Take a node out for good: its certificate is revoked."`
	Transfer   clusterTransferCmd `cmd:"" help:"Make another voter the leader."`
	Snapshot   clusterSnapshotCmd `cmd:"" help:"Have the node that is asked snapshot its state."`
	Backup     backupCmd          `cmd:"" help:"Write the replicated state to a file."`
	Restore    restoreCmd         `cmd:"" help:"Replace the replicated state by a backup."`
	RotateKey  rotateGossipCmd    `cmd:"" name:"rotate-gossip-key" help:"Replace the key that gossip is encrypted with."`
	Quarantine quarantineCmd      `cmd:"" help:"List and lift quarantine."`
}

// show prints an answer: as JSON, or in words.
func (f *callFlags) show(e *env, m proto.Message, words string, args ...any) error {
	if f.JSON {
		return writeJSON(e.out, plain(m))
	}
	_, err := fmt.Fprintf(e.out, words+"\n", args...)
	return err
}

type clusterMembersCmd struct{ callFlags }

func (c *clusterMembersCmd) Help() string {
	return "Example:\n  rpp-node cluster members --data a --json"
}

func (c *clusterMembersCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.Members(ctx, connect.NewRequest(&rppv1.MembersRequest{}))
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(resp.Msg))
		}
		return printMembers(e.out, resp.Msg.Members)
	})
}

type clusterDrainCmd struct {
	callFlags
	Node string `arg:"" help:"Name or identifier of the node."`
	Undo bool   `help:"Give it work again."`
}

func (c *clusterDrainCmd) Help() string {
	return "Examples:\n  rpp-node cluster drain worker-1 --data a\n  rpp-node cluster drain worker-1 --undo --data a"
}

func (c *clusterDrainCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.Drain(ctx, connect.NewRequest(&rppv1.DrainRequest{Node: c.Node, Undo: c.Undo}))
		if err != nil {
			return err
		}
		if c.Undo {
			return c.show(e, resp.Msg, "%s gets work again", c.Node)
		}
		return c.show(e, resp.Msg, "%s gets no more work; %d jobs run there, %d are moved", c.Node, resp.Msg.Running, resp.Msg.Moved)
	})
}

type clusterRemoveCmd struct {
	callFlags
	Node string `arg:"" help:"Name or identifier of the node."`
}

func (c *clusterRemoveCmd) Help() string {
	return "A removed node comes back only with a new token and a fresh data directory.\n\nExample:\n  rpp-node cluster remove voter-3 --data a"
}

func (c *clusterRemoveCmd) Run(e *env) error {
	return c.patiently(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.Remove(ctx, connect.NewRequest(&rppv1.RemoveRequest{Node: c.Node}))
		if err != nil {
			return err
		}
		return c.show(e, resp.Msg, "%s is removed", c.Node)
	})
}

type clusterTransferCmd struct {
	callFlags
	Node string `arg:"" optional:"" help:"Voter that is to lead; the most up to date one if none is named."`
}

func (c *clusterTransferCmd) Help() string {
	return "Examples:\n  rpp-node cluster transfer --data a\n  rpp-node cluster transfer b --data a"
}

func (c *clusterTransferCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.TransferLeadership(ctx, connect.NewRequest(&rppv1.TransferLeadershipRequest{Node: c.Node}))
		if err != nil {
			return err
		}
		if resp.Msg.Leader, err = c.await(ctx, to); err != nil {
			return err
		}
		return c.show(e, resp.Msg, "%s leads", resp.Msg.Leader)
	})
}

// await waits until the voter that was named leads, or anybody if none was.
func (c *clusterTransferCmd) await(ctx context.Context, to *node.Caller) (string, error) {
	for {
		s, err := status(ctx, to)
		if err != nil {
			return "", err
		}
		for _, m := range s.Members {
			if m.Name == s.Leader && (c.Node == "" || c.Node == m.Name || c.Node == m.Id) {
				return m.Name, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", fault.New(fault.CodeNoLeader, "leadership was handed over, but nobody says that it was taken: %w", ctx.Err())
		case <-time.After(leaderPause):
		}
	}
}

// leaderPause lies between two looks at who leads.
const leaderPause = 50 * time.Millisecond

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

type clusterSnapshotCmd struct{ callFlags }

func (c *clusterSnapshotCmd) Help() string {
	return "Example:\n  rpp-node cluster snapshot --data a"
}

func (c *clusterSnapshotCmd) Run(e *env) error {
	return c.patiently(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.Snapshot(ctx, connect.NewRequest(&rppv1.SnapshotRequest{}))
		if err != nil {
			return err
		}
		return c.show(e, resp.Msg, "%s has a snapshot up to index %d, %d bytes", resp.Msg.Node, resp.Msg.Index, resp.Msg.Bytes)
	})
}

type rotateGossipCmd struct{ callFlags }

func (c *rotateGossipCmd) Help() string {
	return "The new key is installed on every node, then used, then the old one is removed. A node that is down meanwhile\n" +
		"gets it when it is back.\n\nExample:\n  rpp-node cluster rotate-gossip-key --data a"
}

func (c *rotateGossipCmd) Run(e *env) error {
	return c.patiently(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.RotateGossipKey(ctx, connect.NewRequest(&rppv1.RotateGossipKeyRequest{}))
		if err != nil {
			return err
		}
		return c.show(e, resp.Msg, "gossip key %d is used by %d nodes", resp.Msg.Version, resp.Msg.Nodes)
	})
}

// quarantineCmd is about what was set aside.
type quarantineCmd struct {
	List quarantineListCmd `cmd:"" help:"List specs, devices, nodes and tenants that were set aside, and why."`
	Lift quarantineLiftCmd `cmd:"" help:"Take one back."`
}

type quarantineListCmd struct{ callFlags }

func (c *quarantineListCmd) Help() string {
	return "Example:\n  rpp-node cluster quarantine list --data a"
}

func (c *quarantineListCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.ListQuarantine(ctx, connect.NewRequest(&rppv1.ListQuarantineRequest{}))
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(resp.Msg))
		}
		t := newTable(e.out, "KIND", "SUBJECT", "TENANT", "SINCE", "UNTIL", "REASON")
		for _, q := range resp.Msg.Entries {
			t.row(q.Kind, q.Subject, q.Tenant, clock(q.AtMs), clock(q.UntilMs), q.Reason)
		}
		return t.flush()
	})
}

type quarantineLiftCmd struct {
	callFlags
	Kind    string `arg:"" help:"spec, device, node or tenant." enum:"spec,device,node,tenant"`
	Subject string `arg:"" help:"As 'quarantine list' shows it."`
	Tenant  string `help:"Of a spec: whose."`
}

func (c *quarantineLiftCmd) Help() string {
	return "Example:\n  rpp-node cluster quarantine lift device worker-1/0 --data a"
}

func (c *quarantineLiftCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.LiftQuarantine(ctx, connect.NewRequest(&rppv1.LiftQuarantineRequest{Kind: c.Kind, Subject: c.Subject, Tenant: c.Tenant}))
		if err != nil {
			return err
		}
		return c.show(e, resp.Msg, "%s %s is no longer set aside", c.Kind, strings.TrimSpace(c.Subject))
	})
}
