package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/keys"
	"rpp-node/prover/container"
	"rpp-node/prover/device"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/proving"
	"rpp-node/prover/soundness"
	"rpp-node/prover/verifier"
	"rpp-node/store/artifact"
)

// jobs is JobService.
type jobs struct{ n *Node }

// linearize makes what is read next as new as every answer that was given before.
func (n *Node) linearize(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	err := n.raft.ReadBarrier(ctx)
	if fault.Is(err, fault.CodeNoQuorum) {
		// Nothing was to be done but to read: callers may ask again, whoever leads then.
		return fault.New(fault.CodeNoLeader, "%w", err)
	}
	return err
}

// catchUp makes what is read next as new as every answer that the leader gave before, on any
// voter.
func (n *Node) catchUp(ctx context.Context) error {
	if n.leader.Leading() {
		return n.linearize(ctx)
	}
	s, ok := n.askLeader(ctx)
	if !ok {
		return fault.New(fault.CodeNoLeader, "this voter does not know how far the leader is")
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	return n.raft.WaitApplied(ctx, s.CommitIndex)
}

func (j jobs) Tenants(ctx context.Context, id [32]byte) (tenants []string, known bool, err error) {
	if j.n.machine == nil {
		return nil, false, fault.New(fault.CodeNoLeader, "a worker knows no jobs")
	}
	if id == ([32]byte{}) { // of a decision about no job
		return nil, false, nil
	}
	find := func() {
		j.n.machine.View(func(s *fsm.State) {
			var job *fsm.Job
			if job, known = s.Job(id); known {
				for _, sub := range job.Subscriptions {
					tenants = append(tenants, sub.Tenant)
				}
			}
		})
	}
	if find(); known {
		return tenants, true, nil
	}
	// It may have been accepted by another leader, or by ours, a moment ago.
	if err := j.n.catchUp(ctx); err != nil {
		return nil, false, err
	}
	find()
	return tenants, known, nil
}

// find looks a job up by its identifier or by a tenant's key.
func (j jobs) find(ctx context.Context, id []byte, key, tenant string) (*fsm.Job, error) {
	if err := j.n.linearize(ctx); err != nil {
		return nil, err
	}
	var job *fsm.Job
	j.n.machine.View(func(s *fsm.State) {
		if len(id) > 0 {
			job, _ = s.Job(fsm.JobID(id))
		} else {
			job, _ = s.ByKey(tenant, key)
		}
	})
	switch {
	case job != nil:
		return job, nil
	case len(id) > 0:
		return nil, fault.New(fault.CodeNoJob, "no job %x", id)
	case tenant == "":
		return nil, fault.New(fault.CodeField, "tenant: empty; an idempotency key belongs to a tenant")
	}
	return nil, fault.New(fault.CodeNoJob, "tenant %s has no job under the key %q", tenant, key)
}

func (j jobs) Get(ctx context.Context, _ api.Caller, req *rppv1.GetRequest) (*rppv1.GetResponse, error) {
	job, err := j.find(ctx, req.Id, req.IdempotencyKey, req.Tenant)
	if err != nil {
		return nil, err
	}
	return &rppv1.GetResponse{Job: j.n.jobMessage(ctx, job)}, nil
}

func (j jobs) List(ctx context.Context, _ api.Caller, req *rppv1.ListRequest) (*rppv1.ListResponse, error) {
	if err := j.n.linearize(ctx); err != nil {
		return nil, err
	}
	var page uint64
	if req.Page != "" {
		var err error
		if page, err = strconv.ParseUint(req.Page, 10, 64); err != nil {
			return nil, fault.New(fault.CodeField, "page: %q is not what an earlier answer gave", req.Page)
		}
	}
	limit := int(req.Limit)
	if limit == 0 {
		limit = 100
	}
	var list []*fsm.Job
	j.n.machine.View(func(s *fsm.State) {
		list, page = s.Jobs(fsm.Filter{Tenant: req.Tenant, State: stored(req.State), Family: req.Family}, page, limit)
	})
	resp := &rppv1.ListResponse{}
	for _, job := range list {
		m := j.n.jobMessage(ctx, job)
		if req.State == 0 || m.State == req.State {
			resp.Jobs = append(resp.Jobs, m)
		}
	}
	if page != 0 {
		resp.NextPage = strconv.FormatUint(page, 10)
	}
	return resp, nil
}

// stored is the state under which the state machine keeps jobs of an API state.
func stored(s rppv1.JobState) fsm.JobState {
	if s == rppv1.JobState_JOB_STATE_RUNNING || s == rppv1.JobState_JOB_STATE_ASSEMBLED {
		return fsm.Accepted
	}
	return fsm.JobState(s)
}

func (j jobs) Cancel(ctx context.Context, caller api.Caller, req *rppv1.CancelRequest) (*rppv1.CancelResponse, error) {
	job, err := j.find(ctx, req.Id, req.IdempotencyKey, req.Tenant)
	if err != nil {
		return nil, err
	}
	tenants := []string{req.Tenant}
	if req.Tenant == "" { // who may act for all withdraws for all
		tenants = nil
		for _, s := range job.Subscriptions {
			if s.Interest == fsm.Active {
				tenants = append(tenants, s.Tenant)
			}
		}
	}
	for _, tenant := range tenants {
		c := &fsm.CancelJob{Tenant: tenant, IdempotencyKey: req.IdempotencyKey, Job: job.ID}
		result, err := j.n.propose(ctx, caller, c)
		if err != nil {
			return nil, err
		}
		job = result.Job
		j.n.record(caller, "job.cancel", job.ID.String(), "tenant", tenant)
	}
	return &rppv1.CancelResponse{Job: j.n.jobMessage(ctx, job)}, nil
}

func (j jobs) FetchProof(ctx context.Context, _ api.Caller, req *rppv1.FetchProofRequest) (*rppv1.FetchProofResponse, error) {
	n := j.n
	var job *fsm.Job
	read := func() { n.machine.View(func(s *fsm.State) { job, _ = s.Job(fsm.JobID(req.Id)) }) }
	if read(); job == nil || job.Release == nil {
		if err := n.catchUp(ctx); err != nil {
			return nil, err
		}
		read()
	}
	switch {
	case job == nil:
		return nil, fault.New(fault.CodeNoJob, "no job %x", req.Id)
	case job.Release == nil:
		return nil, fault.New(fault.CodeNotReleased, "job %s is %s", job.ID, job.State)
	}
	d := job.Release.ProofDigest
	b, err := n.artifacts.Get(artifact.Digest(d))
	if errors.Is(err, artifact.ErrNotFound) || errors.Is(err, artifact.ErrCorrupt) {
		if err = n.fetch(ctx, artifact.Proof, d); err == nil {
			n.tracker.Recovered("proof", d.String())
			b, err = n.artifacts.Get(artifact.Digest(d))
		}
	}
	if err != nil {
		return nil, artifactError(err)
	}
	return &rppv1.FetchProofResponse{ProofFile: b, Digest: d[:]}, nil
}

func (j jobs) Watch(ctx context.Context, _ api.Caller, req *rppv1.WatchRequest, send func(*rppv1.WatchResponse) error) error {
	job, err := j.find(ctx, req.Id, "", "")
	if err != nil {
		return err
	}
	events := j.n.machine.Subscribe(64)
	defer events.Close()
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	var last string
	for sequence := uint64(1); ; {
		m := j.n.jobMessage(ctx, job)
		if now := fmt.Sprint(m.State, m.Device, m.Attempts, m.Decision, m.Revived); now != last {
			last = now
			if err := send(&rppv1.WatchResponse{Job: m, Sequence: sequence}); err != nil {
				return err
			}
			sequence++
		}
		if api.Final(m.State) {
			return nil
		}
		if !j.n.leader.Leading() { // a follower knows only half of it
			return fault.New(fault.CodeNoLeader, "this node leads no more: watch again")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-j.n.ctx.Done():
			return fault.New(fault.CodeStarting, "the node stops")
		case <-tick.C:
		case e := <-events.C:
			if e.Kind != fsm.Reread && e.Job != job.ID {
				continue
			}
		}
		found := true
		j.n.machine.View(func(s *fsm.State) {
			if next, ok := s.Job(job.ID); ok {
				job = next
			} else {
				found = false
			}
		})
		if !found {
			return fault.New(fault.CodeNoJob, "job %s is past its retention", job.ID)
		}
	}
}

// Verify judges a proof file by the key that the cluster has for it, or by the one that
// this release derives.
func (j jobs) Verify(ctx context.Context, _ api.Caller, req *rppv1.VerifyRequest) (*rppv1.VerifyResponse, error) {
	n := j.n
	f, err := container.Decode(req.ProofFile)
	if err != nil {
		return &rppv1.VerifyResponse{Code: string(proving.CodeFile), Reason: err.Error()}, nil
	}
	resp := &rppv1.VerifyResponse{Spec: fileMessage(f)}
	select { // of the derivation of a key, too
	case n.judging <- struct{}{}:
		defer func() { <-n.judging }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	vk, err := n.keyFor(ctx, f)
	if err != nil {
		return nil, err
	}
	if vk == nil {
		resp.Code, resp.Reason = string(proving.CodeFingerprint), "the cluster has no key of that fingerprint, and this release derives another"
		return resp, nil
	}
	began := n.cfg.Now()
	report, err := judgeFile(vk, f, n.member.ChainID, n.member.SecurityFloor)
	took := n.cfg.Now().Sub(began)
	resp.VerifyMs, resp.ProvenBits = took.Seconds()*1000, report
	code := ""
	if err != nil {
		code = verdictCode(err)
		resp.Code, resp.Reason = code, err.Error()
	}
	resp.Accepted = err == nil
	n.tracker.VerifiedForClient(f.Family, took, code)
	return resp, nil
}

// keyFor finds the key that a proof file names; nil if there is none.
func (n *Node) keyFor(ctx context.Context, f *container.File) (*key.Verifying, error) {
	if vk, err := n.keys.Verifying(ctx, f.Fingerprint); err == nil {
		return vk, nil
	} else if !fault.Is(err, fault.CodeKeyMissing) {
		return nil, err
	}
	v, profile, hash, err := keys.Find(fsm.VariantID{Family: f.Family, Variant: f.Variant, Profile: f.Profile, Hash: f.Hash})
	if err != nil {
		return nil, nil
	}
	vk, err := derive.Verifying(v, profile, hash, device.NewCPU(1))
	if err != nil || vk.Fingerprint() != f.Fingerprint {
		return nil, nil
	}
	return vk, nil
}

// judgeFile verifies a file that nobody has asked for: the key decides everything that the
// file says about itself.
func judgeFile(vk *key.Verifying, f *container.File, chainID uint64, floor float64) (bits float64, err error) {
	switch {
	case vk.Family != f.Family || vk.Variant != f.Variant:
		return 0, &proving.Rejection{Code: proving.CodeFamily, Err: fmt.Errorf("the file says %s/%s, its key is of %s/%s", f.Family, f.Variant, vk.Family, vk.Variant)}
	case f.Field != vk.Field || f.Profile != vk.Profile.Name || f.Hash != vk.Hash.String():
		return 0, &proving.Rejection{Code: proving.CodeProfile, Err: fmt.Errorf("the file says %s, %s, %s, its key %s, %s, %s", f.Field, f.Profile, f.Hash, vk.Field, vk.Profile.Name, vk.Hash)}
	case f.ChainID != chainID:
		return 0, &proving.Rejection{Code: proving.CodeChain, Err: fmt.Errorf("the file is bound to chain %d, this cluster is of chain %d", f.ChainID, chainID)}
	}
	judgement, err := proving.Begin(vk, chainID, f.LogHeights, floor)
	if err != nil {
		return 0, err
	}
	return judgement.Report.Proven().Bits(), judgement.Verify(f.Publics, f.Proof)
}

func verdictCode(err error) string {
	if code := rejectionCode(err); code != "" {
		return code
	}
	var v *verifier.Error
	if errors.As(err, &v) {
		return string(v.Code)
	}
	var below *soundness.BelowFloorError
	if errors.As(err, &below) {
		return string(proving.CodeFloor)
	}
	if errors.Is(err, key.ErrHeights) {
		return string(proving.CodeHeights)
	}
	return string(fault.CodeProofRejected)
}
