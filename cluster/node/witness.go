package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/worker"
	"rpp-node/prover/spec"
	"rpp-node/store"
	"rpp-node/store/artifact"
)

// storeWitness stores a witness on this node and returns when the disk has synced.
func (n *Node) storeWitness(b []byte) (fsm.Digest, error) {
	if err := n.admit(int64(len(b))); err != nil {
		return fsm.Digest{}, n.diskError(err)
	}
	d, err := n.artifacts.Put(artifact.Witness, b)
	return fsm.Digest(d), n.diskError(err)
}

// admit says whether there is space for a witness of that size, and for the proofs of all
// jobs that have been accepted: what is accepted must be able to end.
func (n *Node) admit(bytes int64) error {
	live := 0
	n.machine.View(func(s *fsm.State) { live = s.Counters().Live })
	return n.data.Admit(bytes + int64(live+1)*owedProofBytes)
}

// diskError is a full disk as users see it.
func (n *Node) diskError(err error) error {
	if errors.Is(err, store.ErrDiskFull) || errors.Is(err, artifact.ErrQuota) {
		return fault.New(fault.CodeDiskFull, "node %s: %w", n.member.Name, err).After(5 * time.Second)
	}
	return err
}

// replicateWitness stores a witness on a quorum of voters, this one among them.
func (n *Node) replicateWitness(ctx context.Context, job fsm.JobID, digest fsm.Digest, b []byte) error {
	all := raftAdapter{n.raft}.Voters()
	done := make(chan error, len(all))
	for _, v := range all {
		store := func(ctx context.Context) { // it goes on when a quorum has answered
			ctx, cancel := context.WithTimeout(ctx, replicateTimeout)
			defer cancel()
			done <- n.storeOn(ctx, v, job, digest, b)
		}
		if !n.loop(store) {
			return fault.New(fault.CodeStarting, "the node stops")
		}
	}
	need := len(all)/2 + 1
	var last error
	for failed, stored := 0, 0; ; {
		var err error
		select {
		case err = <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err == nil {
			if stored++; stored >= need {
				return nil
			}
			continue
		}
		last = err
		if failed++; failed > len(all)-need {
			if f := fault.Of(last); f.Kind == fault.NoSpace {
				return f
			}
			return fault.New(fault.CodeNoQuorum, "the witness could not be stored on a majority of voters: %w", last)
		}
	}
}

func (n *Node) storeOn(ctx context.Context, voter fsm.NodeID, job fsm.JobID, digest fsm.Digest, b []byte) error {
	if voter == n.id {
		_, err := n.storeWitness(b)
		return err
	}
	c, ok := n.peers.of(n, voter)
	if !ok {
		return fault.New(fault.CodeNoMember, "voter %s has no address", voter)
	}
	_, err := c.Peer.StoreWitness(ctx, connect.NewRequest(&internalv1.StoreWitnessRequest{Witness: b, Digest: digest[:], Job: job[:]}))
	if err != nil {
		return api.FromError(err)
	}
	return nil
}

// witnesses reads witnesses for grants: from this node's store, or another voter's.
type witnesses struct{ n *Node }

func (w witnesses) Witness(ctx context.Context, digest fsm.Digest) ([]byte, error) {
	b, err := w.n.artifacts.Get(artifact.Digest(digest))
	if err == nil {
		return b, nil
	}
	if !errors.Is(err, artifact.ErrNotFound) && !errors.Is(err, artifact.ErrCorrupt) {
		return nil, err
	}
	if err := w.n.fetch(ctx, artifact.Witness, digest); err != nil {
		return nil, fmt.Errorf("witness %s: %w", digest, err)
	}
	b, err = w.n.artifacts.Get(artifact.Digest(digest))
	return b, artifactError(err)
}

// Fetch gets the witness of a grant that came without: from the leader, who knows of the
// lease.
func (w witnesses) Fetch(ctx context.Context, g *internalv1.Grant) ([]byte, error) {
	req := &internalv1.ChunkRequest{Digest: g.WitnessDigest, Job: g.Job, Fence: g.Fence}
	var b []byte
	for count := uint32(1); req.Index < count; req.Index++ {
		resp, err := w.n.cluster.Peer.Chunk(ctx, connect.NewRequest(req))
		if err != nil {
			return nil, api.FromError(err)
		}
		if resp.Msg.Size > witnessBytes {
			return nil, fault.New(fault.CodeTooBig, "a witness of %d bytes, at most %d", resp.Msg.Size, witnessBytes)
		}
		count = resp.Msg.Count
		b = append(b, resp.Msg.Data...)
		if uint64(len(b)) > resp.Msg.Size {
			return nil, fault.New(fault.CodeCorrupt, "a witness with more bytes than its size says")
		}
	}
	return b, nil
}

// reference proves jobs that devices disagree about.
type reference struct{ n *Node }

func (r reference) Prove(ctx context.Context, j *fsm.Job) (fsm.Digest, error) {
	s, err := spec.Decode(j.Spec)
	if err != nil {
		return fsm.Digest{}, err
	}
	b, err := witnesses(r).Witness(ctx, j.WitnessDigest)
	if err != nil {
		return fsm.Digest{}, err
	}
	key, err := r.n.keys.Proving(ctx, j.Fingerprint)
	if err != nil {
		return fsm.Digest{}, err
	}
	select {
	case r.n.deciding <- struct{}{}:
		defer func() { <-r.n.deciding }()
	case <-ctx.Done():
		return fsm.Digest{}, ctx.Err()
	}
	d, err := r.n.cfg.Reference(ctx)
	if err != nil {
		return fsm.Digest{}, err
	}
	defer d.Close()
	made, err := d.Run(ctx, &worker.Task{Spec: s, Key: key, Witness: b, TimeLimit: time.Duration(r.n.cfg.Config.Devices.TimeLimit)}, func(string) {})
	if err != nil {
		return fsm.Digest{}, err
	}
	return digestOf(made.ProofFile), nil
}
