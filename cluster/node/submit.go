package node

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/keys"
	"rpp-node/prover/circuit"
	"rpp-node/prover/key"
	"rpp-node/prover/proving"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
	"rpp-node/scheduler"
)

// Submit takes a job: what it asks for is settled, its place is reserved, its witness is
// stored on a quorum, and then the cluster agrees to it.
func (j jobs) Submit(ctx context.Context, caller api.Caller, req *rppv1.SubmitRequest) (*rppv1.SubmitResponse, error) {
	n := j.n
	if req.Tenant == "" {
		return nil, fault.New(fault.CodeField, "tenant: empty; an operator names the tenant whose job it is")
	}
	if req.ChainId != n.member.ChainID {
		return nil, fault.New(fault.CodeChain, "chain_id: %d, this cluster proves for chain %d", req.ChainId, n.member.ChainID)
	}
	if err := n.shed(ctx, req); err != nil {
		return nil, err
	}
	o, err := n.order(ctx, req)
	if err != nil {
		return nil, err
	}
	id := fsm.JobID(o.spec.ID())
	if job, err := n.submitted(ctx, id, req.Tenant, or(req.IdempotencyKey, id.String())); err != nil {
		return nil, err
	} else if job != nil {
		return &rppv1.SubmitResponse{Job: n.jobMessage(ctx, job), Existing: true}, nil
	}
	if err := n.leader.Admit(ctx, id, o.ask(req.Tenant)); err != nil {
		return nil, err
	}
	result, err := n.accept(ctx, caller, req, id, o)
	if err != nil {
		n.leader.Forget(context.WithoutCancel(ctx), id)
		return nil, err
	}
	if !result.Job.Live() { // it was released long ago: its place is for others
		n.leader.Forget(context.WithoutCancel(ctx), id)
	}
	if !result.Existing {
		n.record(caller, "job.accept", id.String(), "family", o.variant.Family, "tenant", req.Tenant)
	}
	return &rppv1.SubmitResponse{Job: n.jobMessage(ctx, result.Job), Existing: result.Existing}, nil
}

// shed refuses what is too much before anything is computed for it: finding out which job
// is asked for takes as long as a good part of its proof, and many may ask. A call under a
// key that is known has its job already.
func (n *Node) shed(ctx context.Context, req *rppv1.SubmitRequest) error {
	if req.IdempotencyKey == "" {
		return nil // it is known by its job only
	}
	known := false
	n.machine.View(func(s *fsm.State) { _, known = s.ByKey(req.Tenant, req.IdempotencyKey) })
	if known {
		return nil
	}
	return n.leader.Full(ctx, req.Tenant, classOf(req.Family))
}

// submitted finds what the same call has brought about before: it is answered as it was,
// however full the cluster is by now.
func (n *Node) submitted(ctx context.Context, id fsm.JobID, tenant, key string) (*fsm.Job, error) {
	find := func() (found *fsm.Job) {
		n.machine.View(func(s *fsm.State) {
			if j, ok := s.Job(id); ok && (j.Live() || j.State == fsm.Released) && slices.ContainsFunc(j.Subscriptions, func(x fsm.Subscription) bool {
				return x.Tenant == tenant && x.Key == key && x.Interest == fsm.Active
			}) {
				found = j
			}
		})
		return found
	}
	if find() == nil {
		return nil, nil
	}
	err := n.linearize(ctx)
	return find(), err
}

// order is what a submission comes to.
type order struct {
	variant fsm.VariantID
	spec    *spec.Spec
	witness []byte // in its binary form
	cost    proving.Cost
	class   scheduler.Class
}

func (o *order) ask(tenant string) scheduler.Ask {
	return scheduler.Ask{
		Tenant: tenant, Spec: o.spec.ID(), RateKey: o.variant.String(), Class: o.class, Cells: o.cost.Cells, MemoryBytes: uint64(o.cost.PeakBytes),
	}
}

// order reads the witness and settles variant, key, public values and cost.
func (n *Node) order(ctx context.Context, req *rppv1.SubmitRequest) (*order, error) {
	p, err := proving.Prepare(req.Family, req.Witness)
	var invalid *proving.InvalidWitness
	switch {
	case errors.As(err, &invalid):
		return nil, fault.New(fault.CodeWitness, "witness: %w", err)
	case errors.Is(err, circuit.ErrUnknown):
		return nil, fault.New(fault.CodeFamily, "family: %w", err)
	case err != nil:
		return nil, err
	}
	o := &order{variant: fsm.VariantID{
		Family: req.Family, Variant: p.Variant.Name, Profile: or(req.Profile, keys.DefaultProfile), Hash: or(req.Hash, keys.DefaultHash),
	}, class: classOf(req.Family)}
	k, err := n.keyToSubmit(ctx, o.variant)
	if err != nil {
		return nil, err
	}
	vk, err := n.keys.Verifying(ctx, k.Fingerprint)
	if err != nil {
		return nil, err
	}
	if o.spec, o.witness, err = p.Spec(vk, n.member.ChainID); err != nil {
		return nil, fault.New(fault.CodeWitness, "witness: %w", err)
	}
	if o.cost, err = n.predictor.Cost(o.spec, max(1, runtime.GOMAXPROCS(0))); err != nil {
		return nil, err
	}
	return o, n.checkFloor(p, vk, o.cost)
}

// checkFloor refuses specs that prove too little, naming the term that binds.
func (n *Node) checkFloor(p *proving.Prepared, vk *key.Verifying, c proving.Cost) error {
	if c.Bits >= n.member.SecurityFloor {
		return nil
	}
	why := fmt.Sprintf("%.2f bits are proven", c.Bits)
	if s, err := vk.System(p.Variant.Circuit(), n.member.ChainID); err == nil {
		if r, err := vk.Analyse(s); err == nil {
			if err := soundness.CheckFloor(r, n.member.SecurityFloor); err != nil {
				why = err.Error()
			}
		}
	}
	return fault.New(fault.CodeFloor, "profile %s: %s; the cluster's floor is %g", vk.Profile.Name, why, n.member.SecurityFloor)
}

// accept makes the job durable and has the cluster agree to it.
func (n *Node) accept(ctx context.Context, caller api.Caller, req *rppv1.SubmitRequest, id fsm.JobID, o *order) (*fsm.Result, error) {
	digest := fsm.Digest(o.spec.Witness)
	// A majority could store the witness without this node, but it must not run out of
	// space while it leads.
	if err := n.admit(int64(len(o.witness))); err != nil {
		return nil, n.diskError(err)
	}
	if err := n.replicateWitness(ctx, id, digest, o.witness); err != nil {
		return nil, err
	}
	return n.propose(ctx, caller, &fsm.SubmitJob{
		Tenant: req.Tenant, IdempotencyKey: or(req.IdempotencyKey, id.String()),
		Statement: fsm.Statement{
			Spec: o.spec.Encode(), VariantID: o.variant, Fingerprint: o.spec.Fingerprint, WitnessDigest: digest, WitnessBytes: uint64(len(o.witness)),
		},
		Demand: fsm.Demand{Class: uint8(o.class), Cells: o.cost.Cells, MemoryBytes: uint64(o.cost.PeakBytes)},
	})
}

// classOf is a family's priority.
func classOf(family string) scheduler.Class {
	switch family {
	case "consensus":
		return scheduler.Consensus
	case "state":
		return scheduler.State
	case "transaction":
		return scheduler.Transaction
	}
	return scheduler.Pruning
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
