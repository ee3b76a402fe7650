package node

import (
	"context"
	"errors"
	"time"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/leader"
	"rpp-node/scheduler"
	"rpp-node/store/artifact"
)

// peerService is PeerService.
type peerService struct{ n *Node }

func (p peerService) StoreWitness(_ context.Context, _ api.Caller, req *internalv1.StoreWitnessRequest) (*internalv1.StoreWitnessResponse, error) {
	if p.n.machine == nil {
		return nil, fault.New(fault.CodeDenied, "only voters keep witnesses")
	}
	if d := digestOf(req.Witness); string(d[:]) != string(req.Digest) {
		return nil, fault.New(fault.CodeCorrupt, "witness: it is not what its digest says")
	}
	_, err := p.n.storeWitness(req.Witness)
	return &internalv1.StoreWitnessResponse{}, err
}

func (p peerService) Receipt(ctx context.Context, caller api.Caller, req *internalv1.ReceiptRequest) (*internalv1.ReceiptResponse, error) {
	n := p.n
	if n.machine == nil {
		return nil, fault.New(fault.CodeDenied, "only voters sign receipts")
	}
	r, err := n.receipt(ctx, leader.Ask{Job: fsm.JobID(req.Job), File: req.ProofFile, Digest: fsm.Digest(req.ProofDigest)})
	var rejection *leader.Rejection
	if errors.As(err, &rejection) {
		return &internalv1.ReceiptResponse{Rejected: rejection.Code, Reason: rejection.Reason, Voter: n.id[:]}, nil
	}
	if err != nil {
		return nil, n.diskError(err)
	}
	return &internalv1.ReceiptResponse{Voter: r.Voter[:], Signature: r.Signature[:], Build: r.Build}, nil
}

// Chunk serves a part of an artifact to whoever may have it.
func (p peerService) Chunk(ctx context.Context, caller api.Caller, req *internalv1.ChunkRequest) (*internalv1.ChunkResponse, error) {
	n := p.n
	d := artifact.Digest(req.Digest)
	info, err := n.artifacts.Stat(d)
	if err != nil {
		return nil, artifactError(err)
	}
	if err := n.mayRead(ctx, caller, info.Kind, req); err != nil {
		return nil, err
	}
	data, count, size, err := n.artifacts.ReadChunk(d, int(req.Index))
	if errors.Is(err, artifact.ErrChunk) {
		return nil, fault.New(fault.CodeField, "index: %w", err)
	}
	if err != nil {
		return nil, artifactError(err)
	}
	return &internalv1.ChunkResponse{Data: data, Count: uint32(count), Size: uint64(size)}, nil
}

func (n *Node) mayRead(ctx context.Context, caller api.Caller, kind artifact.Kind, req *internalv1.ChunkRequest) error {
	switch kind {
	case artifact.Key:
		return identity.Allow(caller.Identity, identity.ArtifactKey, "")
	case artifact.Proof:
		return identity.Allow(caller.Identity, identity.ArtifactProof, "")
	case artifact.Witness:
		holds := false
		if caller.Role != identity.Voter {
			err := n.holdsLease(ctx, caller, req)
			if err != nil {
				n.record(caller, "witness.deny", fsm.Digest(req.Digest).String())
				return err
			}
			holds = true
		}
		return identity.AllowHolder(caller.Identity, identity.ArtifactWitness, holds)
	}
	return fault.New(fault.CodeDenied, "nobody may read artifacts of kind %s", kind)
}

// holdsLease says whether the caller was granted the job whose witness it asks for.
func (n *Node) holdsLease(ctx context.Context, caller api.Caller, req *internalv1.ChunkRequest) error {
	if n.leader == nil || len(req.Job) != 32 {
		return fault.New(fault.CodeNoLease, "name the job and the fence of the lease, and ask the leader")
	}
	var name string
	var matches bool
	n.machine.View(func(s *fsm.State) {
		if m, ok := s.Member(fsm.NodeID(caller.ID)); ok {
			name = m.Name
		}
		if j, ok := s.Job(fsm.JobID(req.Job)); ok {
			matches = string(j.WitnessDigest[:]) == string(req.Digest)
		}
	})
	if !matches {
		return fault.New(fault.CodeNoLease, "the witness is not the one of that job")
	}
	return n.leader.MayRead(ctx, name, fsm.JobID(req.Job), scheduler.Fence{Term: req.Fence.GetTerm(), Sequence: req.Fence.GetSequence()})
}

// Renew issues the caller another certificate for the same key.
func (p peerService) Renew(_ context.Context, caller api.Caller, req *internalv1.RenewRequest) (*internalv1.RenewResponse, error) {
	n := p.n
	if n.issuer == nil {
		return nil, fault.New(fault.CodeNoLeader, "this node issues no certificates")
	}
	var known bool
	n.machine.View(func(s *fsm.State) {
		m, ok := s.Member(fsm.NodeID(caller.ID))
		known = ok && m.Role == fsm.Role(caller.Role)
	})
	if !known {
		return nil, fault.New(fault.CodeRevoked, "no member has this certificate's key")
	}
	chain, err := n.issuer.Issue(req.Csr, identity.Grant{Role: caller.Role, Tenant: caller.Tenant})
	if err != nil {
		return nil, err
	}
	if id, err := identity.FromCertificate(chain[0], n.member.Cluster); err != nil || id.ID != caller.ID {
		return nil, fault.New(fault.CodeDenied, "csr: it is for another key than the certificate")
	}
	n.record(caller, "certificate.renew", caller.ID.String(), "until", chain[0].NotAfter.UTC().Format(time.RFC3339))
	return &internalv1.RenewResponse{Chain: identity.EncodeChain(chain), Roots: identity.EncodeChain(n.keeper.Current().Roots())}, nil
}

func (p peerService) GossipKey(_ context.Context, caller api.Caller, req *internalv1.GossipKeyRequest) (*internalv1.GossipKeyResponse, error) {
	if caller.Role != identity.Voter {
		return nil, fault.New(fault.CodeDenied, "only a voter's leader rotates gossip keys")
	}
	if err := p.n.gossipStep(req.Step, req.Key, req.Version); err != nil {
		return nil, err
	}
	resp := &internalv1.GossipKeyResponse{}
	for _, d := range p.n.gossip.Keyring().Digests() {
		resp.Digests = append(resp.Digests, fsm.Digest(d).String())
	}
	return resp, nil
}
