package node

import (
	"context"
	"strings"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/prover/container"
	"rpp-node/prover/field"
	"rpp-node/prover/spec"
	"rpp-node/scheduler"
)

// jobMessage is a job as the API shows it: the replicated record, and what the scheduler
// knows if this node leads.
func (n *Node) jobMessage(ctx context.Context, j *fsm.Job) *rppv1.Job {
	m := &rppv1.Job{
		Id: j.ID[:], State: rppv1.JobState(j.State), Code: string(j.Code), Reason: j.Reason,
		AcceptedMs: j.AcceptedMS, FinishedMs: j.FinishedMS, WitnessBytes: j.WitnessBytes, Revived: j.Revived,
	}
	if j.Code != "" {
		m.Remedy = fault.New(j.Code, "").Remedy
	}
	if s, err := spec.Decode(j.Spec); err == nil {
		m.Spec = specMessage(s)
	}
	if r := j.Release; r != nil {
		m.ProofDigest, m.ProofBytes = r.ProofDigest[:], r.ProofBytes
		for _, receipt := range r.Receipts {
			m.Receipts = append(m.Receipts, &rppv1.Receipt{Voter: receipt.Voter[:], Signature: receipt.Signature[:], Build: receipt.Build})
		}
	}
	if j.Live() && n.leader != nil {
		if v, ok, err := n.leader.Job(ctx, j.ID); err == nil && ok {
			running(m, v)
		}
	}
	return m
}

// running adds what the scheduler knows of a live job.
func running(m *rppv1.Job, v scheduler.JobView) {
	m.Attempts, m.Decision = uint32(v.Attempts), v.Decision
	switch v.State {
	case scheduler.JobLeased:
		m.State = rppv1.JobState_JOB_STATE_RUNNING
	case scheduler.JobAssembled, scheduler.JobEnded:
		m.State = rppv1.JobState_JOB_STATE_ASSEMBLED
	}
	var names []string
	for _, d := range v.Devices {
		names = append(names, string(d))
	}
	m.Device = strings.Join(names, ", ")
}

func specMessage(s *spec.Spec) *rppv1.Spec {
	return &rppv1.Spec{
		Family: s.Family, Variant: s.Variant, Profile: s.Profile, Hash: s.Hash, ChainId: s.ChainID,
		KeyFingerprint: s.Fingerprint[:], WitnessDigest: s.Witness[:], Publics: values(s.Field, s.Publics),
	}
}

// fileMessage is what a proof file says that it states.
func fileMessage(f *container.File) *rppv1.Spec {
	return &rppv1.Spec{
		Family: f.Family, Variant: f.Variant, Profile: f.Profile, Hash: f.Hash, ChainId: f.ChainID,
		KeyFingerprint: f.Fingerprint[:], Publics: values(f.Field, f.Publics),
	}
}

func values(name string, publics [][]field.Elem) []*rppv1.Values {
	f := field.ByName(name)
	list := make([]*rppv1.Values, len(publics))
	for i, p := range publics {
		list[i] = &rppv1.Values{}
		for _, v := range p {
			list[i].Elements = append(list[i].Elements, f.Uint(v))
		}
	}
	return list
}
