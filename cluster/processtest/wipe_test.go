//go:build linux

package processtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/identity"
)

// rejoin has a node that has lost everything, or is not to be believed, join afresh.
func (r *rig) rejoin(p *process) error {
	if p.alive() {
		r.kill(p)
	}
	if err := os.RemoveAll(p.data()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	if _, err := r.operator().Cluster.Remove(ctx, connect.NewRequest(&rppv1.RemoveRequest{Node: p.name})); err != nil {
		return fmt.Errorf("removing %s: %w", p.name, api.FromError(err))
	}
	if err := r.configure(p); err != nil {
		return err
	}
	role := identity.Worker
	if p.voter() {
		role = identity.Voter
	}
	t, err := r.token(role, "")
	if err != nil {
		return err
	}
	return p.up("--join", t)
}

// covered waits until a node has every key of the cluster.
func (r *rig) covered(p *process, limit time.Duration) error {
	var last string
	err := r.await("every key on "+p.name, limit, func() bool {
		ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Second)
		defer cancel()
		resp, err := r.operator().Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
		if err != nil {
			last = err.Error()
			return false
		}
		for _, k := range resp.Msg.Keys {
			if k.Nodes[p.name] != "ready" {
				last = fmt.Sprint(k.Variant, " ", k.Nodes)
				return false
			}
		}
		return len(resp.Msg.Keys) > 0
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, last)
	}
	return nil
}

// wipe has nodes lose their disks: a worker, a follower, and whoever leads. Each joins
// again, and gets every key from the others.
func wipe(r *rig) {
	r.start(4)
	ctx, cancel := context.WithTimeout(r.t.Context(), 60*time.Second)
	defer cancel()
	if _, err := r.operator().Keys.Preload(ctx, connect.NewRequest(&rppv1.PreloadRequest{Wait: true})); err != nil {
		r.t.Errorf("preload: %v", api.FromError(err))
	}
	for _, p := range []*process{r.worker(), r.follower(), r.leader()} {
		began := time.Now()
		if err := r.rejoin(p); err != nil {
			r.fatal("%v", err)
		}
		if err := r.covered(p, 30*time.Second); err != nil {
			r.tally.count(&r.tally.wrong)
			r.t.Error(err)
		}
		if strings.Contains(p.words(), "key derived") {
			r.tally.count(&r.tally.wrong)
			r.t.Errorf("%s has derived a key that the others have", p.name)
		}
		r.t.Logf("%s has lost its disk and is whole again after %v", p.name, time.Since(began).Round(time.Millisecond))
		if err := r.awaitWhole(20 * time.Second); err != nil {
			r.fatal("%v", err)
		}
	}
}
