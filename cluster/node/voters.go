package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/zeebo/blake3"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/leader"
	"rpp-node/prover/proving"
	"rpp-node/prover/spec"
	"rpp-node/prover/verifier"
	"rpp-node/store/artifact"
)

// voters asks voters for receipts, this node included.
type voters struct{ n *Node }

func (v voters) Receipt(ctx context.Context, voter fsm.NodeID, ask leader.Ask) (r fsm.Receipt, err error) {
	defer func() {
		var rejection *leader.Rejection
		switch {
		case err == nil:
			v.n.metrics.ReceiptCame("signed")
		case errors.As(err, &rejection):
			v.n.metrics.ReceiptCame("rejected")
		default:
			v.n.metrics.ReceiptCame("unavailable")
		}
	}()
	if voter == v.n.id {
		return v.n.receipt(ctx, ask)
	}
	c, ok := v.n.peers.of(v.n, voter)
	if !ok {
		return r, fault.New(fault.CodeNoMember, "voter %s has no address", voter)
	}
	ctx, cancel := context.WithTimeout(ctx, replicateTimeout)
	defer cancel()
	resp, err := c.Peer.Receipt(ctx, connect.NewRequest(&internalv1.ReceiptRequest{
		Job: ask.Job[:], ProofFile: ask.File, ProofDigest: ask.Digest[:], AppliedIndex: v.n.raft.AppliedIndex(),
	}))
	if err != nil {
		return r, api.FromError(err)
	}
	return v.n.checkReceipt(voter, ask, resp.Msg)
}

// checkReceipt believes a voter's answer only if it is signed and about the question.
func (n *Node) checkReceipt(voter fsm.NodeID, ask leader.Ask, m *internalv1.ReceiptResponse) (fsm.Receipt, error) {
	if m.Rejected != "" {
		return fsm.Receipt{}, &leader.Rejection{Code: m.Rejected, Reason: m.Reason}
	}
	if len(m.Signature) != 64 || len(m.Build) > receiptBuildBytes {
		return fsm.Receipt{}, fault.New(fault.CodeReceipts, "voter %s: a signature of %d bytes, a build of %d", voter, len(m.Signature), len(m.Build))
	}
	r := fsm.Receipt{Voter: voter, Signature: [64]byte(m.Signature), Build: m.Build}
	var j *fsm.Job
	var key []byte
	n.machine.View(func(s *fsm.State) {
		j, _ = s.Job(ask.Job)
		if m, ok := s.Member(voter); ok {
			key = m.PublicKey
		}
	})
	public, ok := ed25519Of(key)
	if j == nil || !ok || !fsm.VerifyReceipt(public, n.claim(j, ask.Digest, m.Build), r.Signature) {
		return r, fault.New(fault.CodeReceipts, "voter %s: the signature of its receipt does not verify", voter)
	}
	return r, nil
}

func (n *Node) claim(j *fsm.Job, proof fsm.Digest, build string) fsm.ReceiptClaim {
	return fsm.ReceiptClaim{
		Cluster: n.member.Cluster, Job: j.ID, Spec: fsm.Digest(j.ID), Proof: proof, Fingerprint: j.Fingerprint, Build: build,
	}
}

// receipt stores a proof, verifies it against this voter's own record of the job, and
// signs. Storing and verifying go on side by side; the signature waits for both.
func (n *Node) receipt(ctx context.Context, ask leader.Ask) (fsm.Receipt, error) {
	if got := fsm.Digest(blake3.Sum256(ask.File)); got != ask.Digest {
		return fsm.Receipt{}, fault.New(fault.CodeCorrupt, "the proof file has digest %s, announced was %s", got, ask.Digest)
	}
	j, err := n.awaitJob(ctx, ask.Job)
	if err != nil {
		return fsm.Receipt{}, err
	}
	stored := make(chan error, 1)
	go func() {
		_, err := n.artifacts.Put(artifact.Proof, ask.File)
		stored <- err
	}()
	err = n.verify(ctx, j, ask.File)
	if failed := <-stored; failed != nil && err == nil {
		return fsm.Receipt{}, failed
	}
	if err != nil {
		return fsm.Receipt{}, err
	}
	return fsm.SignReceipt(n.key, n.id, n.claim(j, ask.Digest, n.cfg.Build)), nil
}

// awaitJob waits until this node's state has a job that wants a proof, or had one.
func (n *Node) awaitJob(ctx context.Context, id fsm.JobID) (*fsm.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, receiptWait)
	defer cancel()
	for {
		var j *fsm.Job
		n.machine.View(func(s *fsm.State) { j, _ = s.Job(id) })
		if j != nil && (j.Live() || j.State == fsm.Released) {
			return j, nil
		}
		select {
		case <-ctx.Done():
			return nil, fault.New(fault.CodeNoJob, "this voter knows no job %s that wants a proof", id)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// verify judges a proof file by a job. A file that is not what the job asks for is a
// *leader.Rejection.
func (n *Node) verify(ctx context.Context, j *fsm.Job, file []byte) error {
	s, err := spec.Decode(j.Spec)
	if err != nil {
		return fmt.Errorf("job %s: %w", j.ID, err)
	}
	vk, err := n.keys.Verifying(ctx, j.Fingerprint)
	if err != nil {
		return err
	}
	select {
	case n.judging <- struct{}{}:
		defer func() { <-n.judging }()
	case <-ctx.Done():
		return ctx.Err()
	}
	began := n.cfg.Now()
	err = n.judge.Judge(vk, s, file)
	took := n.cfg.Now().Sub(began)
	code := rejectionCode(err)
	if err != nil && code == "" {
		return err // the key or the spec is at fault, not the proof
	}
	n.tracker.Verified(j.Family, took, code)
	n.loop(func(context.Context) { // the receipt does not wait for it
		n.recordAs(n.member.Name, "proof.verify", j.ID.String(), "family", j.Family, "code", code)
	})
	n.log.Debug("verified", "target", "plonky3", "job", j.ID, "family", j.Family, "ms", took.Seconds()*1000, "code", code)
	if code != "" {
		return &leader.Rejection{Code: code, Reason: err.Error()}
	}
	return nil
}

// rejectionCode is the stable code of a verdict against a proof file, empty if there is
// none.
func rejectionCode(err error) string {
	var r *proving.Rejection
	if !errors.As(err, &r) {
		return ""
	}
	var v *verifier.Error
	if errors.As(err, &v) {
		return string(v.Code)
	}
	return string(r.Code)
}
