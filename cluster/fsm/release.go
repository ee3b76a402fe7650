package fsm

import (
	"bytes"
	"slices"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// ReleaseJob makes a proof visible. It carries the receipts of a quorum of voters, and the
// first one is final. If there is more than one voter, a quorum has two, so one of them is
// not the node that assembled the proof.
type ReleaseJob struct {
	Header
	Job         JobID
	ProofDigest Digest
	ProofBytes  uint64
	Assembler   NodeID // the node where the proof was made
	Receipts    []Receipt
}

// Release is how a proof was released. It can be verified without knowing who votes now.
type Release struct {
	ProofDigest Digest
	ProofBytes  uint64
	Assembler   NodeID
	VoterCount  uint32 // of the cluster, at that time
	Receipts    []SignedReceipt
}

// SignedReceipt is a receipt with the key that the voter had.
type SignedReceipt struct {
	Receipt
	PublicKey [32]byte
}

func (*ReleaseJob) kind() kind { return kindReleaseJob }

func (c *ReleaseJob) walk(w *wire.Coder) {
	w.Fixed(c.Job[:], "job")
	w.Fixed(c.ProofDigest[:], "proof digest")
	w.U64(&c.ProofBytes, "proof bytes")
	w.Fixed(c.Assembler[:], "assembler")
	wire.List(w, &c.Receipts, MaxVoters, "receipts", func(r *Receipt) { r.walk(w) })
}

func (r *Release) walk(w *wire.Coder) {
	w.Fixed(r.ProofDigest[:], "proof digest")
	w.U64(&r.ProofBytes, "proof bytes")
	w.Fixed(r.Assembler[:], "assembler")
	w.U32(&r.VoterCount, "voters")
	wire.List(w, &r.Receipts, MaxVoters, "receipts", func(s *SignedReceipt) {
		s.Receipt.walk(w)
		w.Fixed(s.PublicKey[:], "public key")
	})
}

func (c *ReleaseJob) apply(t *change) *fault.Error {
	j := t.jobs[c.Job]
	switch {
	case j == nil:
		return fault.New(fault.CodeNoJob, "job %s", c.Job)
	case j.State == Released && j.Release.ProofDigest == c.ProofDigest:
		t.result.Job, t.result.Existing = j.clone(), true
		return nil
	case !j.Live():
		return fault.New(fault.CodeFinal, "job %s is %s", c.Job, j.State)
	}
	// A frozen family's verifier is in doubt, and with it what receipts are worth.
	if err := t.notFrozen(j.Family); err != nil {
		return err
	}
	release := &Release{ProofDigest: c.ProofDigest, ProofBytes: c.ProofBytes, Assembler: c.Assembler, VoterCount: uint32(len(t.voters))}
	for _, r := range c.Receipts {
		m := t.members[r.Voter]
		if m == nil || !slices.Contains(t.voters, r.Voter) {
			return fault.New(fault.CodeReceipts, "node %s is no voter", r.Voter)
		}
		key, ok := ed25519Key(m.PublicKey)
		if !ok {
			return fault.New(fault.CodeReceipts, "voter %s has no Ed25519 key", m.Name)
		}
		release.Receipts = append(release.Receipts, SignedReceipt{Receipt: r, PublicKey: key})
	}
	// One order, whatever the order in which they came in.
	slices.SortFunc(release.Receipts, func(a, b SignedReceipt) int { return bytes.Compare(a.Voter[:], b.Voter[:]) })
	if err := release.check(t.cluster, j); err != nil {
		return err
	}
	next := *j
	next.Release = release
	t.finish(j, &next, Released)
	t.result.Job = next.clone()
	return nil
}

// check verifies the receipts: distinct, genuine, a quorum.
func (r *Release) check(cluster string, j *Job) *fault.Error {
	for i, s := range r.Receipts {
		if i > 0 && compareNodes(r.Receipts[i-1].Voter, s.Voter) >= 0 {
			return fault.New(fault.CodeReceipts, "two receipts of voter %s", s.Voter)
		}
		claim := ReceiptClaim{Cluster: cluster, Job: j.ID, Spec: Digest(j.ID), Proof: r.ProofDigest, Fingerprint: j.Fingerprint, Build: s.Build}
		if !VerifyReceipt(s.PublicKey[:], claim, s.Signature) {
			return fault.New(fault.CodeReceipts, "the signature of voter %s is not valid", s.Voter)
		}
	}
	if need := quorum(int(r.VoterCount)); len(r.Receipts) < need {
		return fault.New(fault.CodeReceipts, "%d receipts, %d needed", len(r.Receipts), need)
	}
	return nil
}
