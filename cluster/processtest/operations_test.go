//go:build linux

package processtest

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// operations does what operators do while clients submit: restarts every node in turn,
// hands leadership over, drains workers.
func operations(r *rig) {
	r.start(6)
	for _, p := range r.nodes {
		if err := p.terminate(70 * time.Second); err != nil {
			r.t.Errorf("%s: %v", p.name, err)
		}
		r.restart(p)
		if p.voter() {
			r.recovered("%s restarted in order", p.name)
		}
	}
	if err := r.awaitWhole(20 * time.Second); err != nil {
		r.fatal("%v", err)
	}
	for range 3 {
		ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
		to := r.follower()
		resp, err := r.operator().Cluster.TransferLeadership(ctx, connect.NewRequest(&rppv1.TransferLeadershipRequest{Node: to.name}))
		cancel()
		if err != nil || resp.Msg.Leader != to.name {
			r.t.Errorf("handing leadership to %s: %v, %v", to.name, resp, api.FromError(err))
		}
		r.recovered("leadership handed over to %s", to.name)
		time.Sleep(time.Second)
	}
	w := r.worker()
	r.drain(w, false)
	err := r.await("a drained worker that does nothing", 15*time.Second, func() bool {
		s, err := r.clusterStatus()
		if err != nil {
			return false
		}
		i := slices.IndexFunc(s.Members, func(m *rppv1.Member) bool { return m.Name == w.name })
		return i >= 0 && s.Members[i].Draining && !slices.ContainsFunc(s.Members[i].Devices, func(d *rppv1.Device) bool { return len(d.Running) > 0 || d.Queued > 0 })
	})
	if err != nil {
		r.t.Errorf("%s: %v", w.name, err)
	}
	r.drain(w, true)
}

func (r *rig) drain(p *process, undo bool) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	if _, err := r.operator().Cluster.Drain(ctx, connect.NewRequest(&rppv1.DrainRequest{Node: p.name, Undo: undo})); err != nil {
		r.t.Errorf("draining %s: %v", p.name, api.FromError(err))
	}
}
