package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/node"
)

// coveragePause lies between two looks at who holds which key.
const coveragePause = 250 * time.Millisecond

// keyReady is what a node that holds a key is said to be.
const keyReady = "ready"

type proofsPreloadCmd struct {
	callFlags
	Backend string   `help:"plonky3." enum:"plonky3" default:"plonky3"`
	Family  []string `help:"Only these families." placeholder:"FAMILY"`
	Wait    bool     `help:"Wait until every node holds them, ten minutes at most."`
}

func (c *proofsPreloadCmd) Help() string {
	return "Keys are derived once and pulled by the other nodes.\n\n" +
		"Examples:\n" +
		"  rpp-node validator proofs preload --backend plonky3 --wait --as me\n" +
		"  rpp-node validator proofs preload --backend plonky3 --family pruning --as me --json"
}

func (c *proofsPreloadCmd) Run(e *env) error {
	return c.patiently(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Keys.Preload(ctx, connect.NewRequest(&rppv1.PreloadRequest{Families: c.Family}))
		if err != nil {
			return err
		}
		m := resp.Msg
		if c.Wait {
			if m.Keys, err = c.awaitKeys(ctx, e, to, m.Keys); err != nil {
				return err
			}
		}
		if c.JSON {
			return writeJSON(e.out, plain(m))
		}
		fmt.Fprintf(e.out, "%d keys derived, %d were there\n", m.Derived, m.Present)
		return printCoverage(e.out, m.Keys)
	})
}

// awaitKeys waits until every node holds the keys of the families.
func (c *proofsPreloadCmd) awaitKeys(ctx context.Context, e *env, to *node.Caller, keys []*rppv1.KeyCoverage) ([]*rppv1.KeyCoverage, error) {
	n := newNotes(e.err)
	defer n.clear()
	for last := ""; ; {
		ready, wanted := c.count(keys)
		if ready == wanted {
			return keys, nil
		}
		if now := fmt.Sprintf("%d of %d copies of keys are in place", ready, wanted); now != last {
			last = now
			n.say(now)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s after %s: %w", last, c.Timeout, ctx.Err())
		case <-time.After(coveragePause):
		}
		resp, err := to.Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
		if err != nil {
			return nil, err
		}
		keys = resp.Msg.Keys
	}
}

// count is how many copies of the families' keys there are to be, and how many are.
func (c *proofsPreloadCmd) count(keys []*rppv1.KeyCoverage) (ready, wanted int) {
	for _, k := range keys {
		if len(c.Family) > 0 && !slices.Contains(c.Family, k.Family) {
			continue
		}
		for _, state := range k.Nodes {
			wanted++
			if state == keyReady {
				ready++
			}
		}
	}
	return ready, wanted
}

// keysCoverageCmd shows which node holds which key.
type keysCoverageCmd struct{ callFlags }

func (c *keysCoverageCmd) Help() string {
	return "Example:\n  rpp-node keys coverage --as me"
}

func (c *keysCoverageCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(resp.Msg))
		}
		return printCoverage(e.out, resp.Msg.Keys)
	})
}

// keysRotateCmd starts a new epoch of a family's keys.
type keysRotateCmd struct {
	callFlags
	Family string `arg:"" help:"Circuit family."`
}

func (c *keysRotateCmd) Help() string {
	return "For an hour, requests under the former keys are still taken.\n\nExample:\n  rpp-node keys rotate pruning --data a"
}

func (c *keysRotateCmd) Run(e *env) error {
	return c.patiently(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Keys.Rotate(ctx, connect.NewRequest(&rppv1.RotateRequest{Family: c.Family}))
		if err != nil {
			return err
		}
		return c.show(e, resp.Msg, "%s is in epoch %d", c.Family, resp.Msg.Epoch)
	})
}
