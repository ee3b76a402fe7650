package clustertest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/leader"
	"rpp-node/store/artifact"
)

const (
	receiptTimeout = 3 * time.Second
	receiptWait    = time.Second
	fetchTimeout   = 500 * time.Millisecond
	repairPause    = 2 * time.Second
)

// voters asks voters for receipts, this one included, as cluster/node does.
type voters struct{ l *life }

func (l *life) receipts() leader.Voters {
	var v leader.Voters = voters{l}
	if l.c.plant.Voters != nil {
		v = l.c.plant.Voters(l.c, v)
	}
	return v
}

func (v voters) Receipt(ctx context.Context, voter fsm.NodeID, ask leader.Ask) (fsm.Receipt, error) {
	if voter == v.l.id {
		return v.l.receipt(ctx, ask)
	}
	peer := v.l.c.voterByID(voter)
	if peer == nil {
		return fsm.Receipt{}, fault.New(fault.CodeNoMember, "voter %s", voter)
	}
	ctx, cancel := context.WithTimeout(ctx, receiptTimeout)
	defer cancel()
	r, err := call(ctx, v.l.host, peer.name, func(ctx context.Context) (fsm.Receipt, error) {
		l := peer.current.Load()
		if l == nil {
			return fsm.Receipt{}, errNoAnswer
		}
		return l.receipt(ctx, ask)
	})
	if err != nil {
		return r, err
	}
	return r, v.l.checkReceipt(peer, ask, r)
}

// checkReceipt believes an answer only if it is signed and about the question.
func (l *life) checkReceipt(peer *Voter, ask leader.Ask, r fsm.Receipt) error {
	var j *fsm.Job
	l.machine.View(func(s *fsm.State) { j, _ = s.Job(ask.Job) })
	if j == nil || r.Voter != peer.id || !fsm.VerifyReceipt(ed25519.PublicKey(peer.public()), claim(j, ask.Digest, r.Build), r.Signature) {
		return fault.New(fault.CodeReceipts, "voter %s: the signature does not verify", peer.name)
	}
	return nil
}

func claim(j *fsm.Job, proof fsm.Digest, build string) fsm.ReceiptClaim {
	return fsm.ReceiptClaim{Cluster: clusterID, Job: j.ID, Spec: fsm.Digest(j.ID), Proof: proof, Fingerprint: j.Fingerprint, Build: build}
}

// receipt stores a proof, verifies it against this voter's own record of the job, and
// signs.
func (l *life) receipt(ctx context.Context, ask leader.Ask) (fsm.Receipt, error) {
	if fsm.Digest(blake3.Sum256(ask.File)) != ask.Digest {
		return fsm.Receipt{}, fault.New(fault.CodeCorrupt, "the proof is not what its digest says")
	}
	j, err := l.awaitJob(ctx, ask.Job)
	if err != nil {
		return fsm.Receipt{}, err
	}
	if _, err := l.artifacts.Put(artifact.Proof, ask.File); err != nil {
		return fsm.Receipt{}, err
	}
	judge := verify
	if l.c.plant.Verify != nil {
		judge = l.c.plant.Verify(l.name, judge)
	}
	if err := judge(j.ID, ask.File); err != nil {
		return fsm.Receipt{}, &leader.Rejection{Code: "V1-bubble", Reason: err.Error()}
	}
	r := fsm.SignReceipt(l.key, l.id, claim(j, ask.Digest, buildName))
	l.c.oracle.signed(l.name, j.ID, ask.File, r)
	return r, nil
}

// awaitJob waits until this voter's state has a job that wants a proof, or had one.
func (l *life) awaitJob(ctx context.Context, id fsm.JobID) (*fsm.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, receiptWait)
	defer cancel()
	for {
		var j *fsm.Job
		l.machine.View(func(s *fsm.State) { j, _ = s.Job(id) })
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

// witnesses reads witnesses for grants: from this voter's store, or another's.
type witnesses struct{ l *life }

func (w witnesses) Witness(ctx context.Context, digest fsm.Digest) ([]byte, error) {
	if err := w.l.fetch(ctx, artifact.Witness, digest); err != nil {
		return nil, err
	}
	return w.l.artifacts.Get(artifact.Digest(digest))
}

// fetch makes sure that an artifact is here.
func (l *life) fetch(ctx context.Context, kind artifact.Kind, digest fsm.Digest) error {
	_, err := l.artifacts.Get(artifact.Digest(digest))
	for _, v := range l.c.voters {
		if !errors.Is(err, artifact.ErrNotFound) || v.id == l.id {
			continue
		}
		attempt, cancel := context.WithTimeout(ctx, fetchTimeout)
		b, askErr := call(attempt, l.host, v.name, func(context.Context) ([]byte, error) {
			peer := v.current.Load()
			if peer == nil {
				return nil, errNoAnswer
			}
			return peer.artifacts.Get(artifact.Digest(digest))
		})
		cancel()
		if askErr == nil && fsm.Digest(blake3.Sum256(b)) == digest {
			_, err = l.artifacts.Put(kind, b)
		}
	}
	return err
}

// repairs gets what the state refers to and this voter lacks.
func (l *life) repairs(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(repairPause):
		}
		for d, kind := range l.referenced() {
			if have, err := l.artifacts.Has(d); err != nil || have || ctx.Err() != nil {
				continue
			}
			_ = l.fetch(ctx, kind, fsm.Digest(d)) // again in the next round
		}
	}
}

func (l *life) referenced() map[artifact.Digest]artifact.Kind {
	set := map[artifact.Digest]artifact.Kind{}
	l.machine.View(func(s *fsm.State) {
		s.References(func(k fsm.ArtifactKind, d fsm.Digest) {
			switch k {
			case fsm.WitnessArtifact:
				set[artifact.Digest(d)] = artifact.Witness
			case fsm.ProofArtifact:
				set[artifact.Digest(d)] = artifact.Proof
			}
		})
	})
	return set
}

// reference proves jobs that devices disagree about.
type reference struct{}

func (reference) Prove(_ context.Context, j *fsm.Job) (fsm.Digest, error) {
	return blake3.Sum256(prove(j.ID)), nil
}
