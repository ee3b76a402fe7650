package node

import (
	"context"
	"slices"
	"time"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/keys"
	"rpp-node/prover/circuit"
)

// keyService is KeyService.
type keyService struct{ n *Node }

// ensureKey returns the cluster's present key of a variant, which the leader derives and
// registers if there is none.
func (n *Node) ensureKey(ctx context.Context, id fsm.VariantID) (fsm.Key, error) {
	if _, _, _, err := keys.Find(id); err != nil {
		return fsm.Key{}, err
	}
	current := func() (k fsm.Key, ok bool) {
		n.machine.View(func(s *fsm.State) { k, ok = s.CurrentKey(id) })
		return k, ok
	}
	if k, ok := current(); ok {
		return k, n.haveKey(ctx, k)
	}
	put, err := n.keys.Derive(ctx, id, n.cfg.Build)
	if err != nil {
		return fsm.Key{}, err
	}
	result, err := n.proposeAs(ctx, n.member.Name, put)
	if err != nil {
		return fsm.Key{}, err
	}
	if len(result.Changes) > 0 {
		n.recordAs(n.member.Name, "key.derive", put.Fingerprint.String(), "key", id.String())
	}
	k, ok := current()
	if !ok {
		return k, fault.New(fault.CodeKeyMissing, "the key of %s is not registered", id)
	}
	return k, nil
}

// keyToSubmit is the key for a new job: after a rotation, the former one until the next is
// there.
func (n *Node) keyToSubmit(ctx context.Context, id fsm.VariantID) (fsm.Key, error) {
	var former fsm.Key
	n.machine.View(func(s *fsm.State) {
		if _, ok := s.CurrentKey(id); ok {
			return
		}
		for _, k := range wantedKeys(s) { // in the order of epochs
			if k.VariantID == id {
				former = k
			}
		}
	})
	if former.Epoch > 0 && n.keys.Holds(former) {
		return former, nil
	}
	return n.ensureKey(ctx, id)
}

// haveKey sees to it that this node holds a key that the cluster has agreed on. Whoever
// derived it may have died before others had pulled it: then it is derived again, which
// makes the same one.
func (n *Node) haveKey(ctx context.Context, k fsm.Key) error {
	if n.keys.Holds(k) {
		return nil
	}
	pulling, cancel := context.WithTimeout(ctx, keyPullTimeout)
	defer cancel()
	_, err := n.keys.Verifying(pulling, k.Fingerprint)
	if err == nil || ctx.Err() != nil {
		return err
	}
	n.log.Warn("nobody answers with a key: it is derived again", "key", k.VariantID, "error", err)
	put, err := n.keys.Derive(ctx, k.VariantID, n.cfg.Build)
	if err != nil {
		return err
	}
	if put.Fingerprint != k.Fingerprint {
		return fault.New(fault.CodeKeyChanged, "the key of %s is %s here, the cluster's is %s", k.VariantID, put.Fingerprint, k.Fingerprint)
	}
	return nil
}

func (s keyService) Preload(ctx context.Context, caller api.Caller, req *rppv1.PreloadRequest) (*rppv1.PreloadResponse, error) {
	n := s.n
	resp := &rppv1.PreloadResponse{}
	var wanted []fsm.VariantID
	for _, f := range circuit.Families() {
		if len(req.Families) == 0 || slices.Contains(req.Families, f.Name) {
			wanted = append(wanted, keys.Wanted(&f)...)
		}
	}
	for _, name := range req.Families {
		if _, err := circuit.ByName(name); err != nil {
			return nil, fault.New(fault.CodeFamily, "families: %w", err)
		}
	}
	before := map[fsm.VariantID]bool{}
	n.machine.View(func(st *fsm.State) {
		for _, k := range st.Keys() {
			before[k.VariantID] = true
		}
	})
	for _, id := range wanted {
		if _, err := n.ensureKey(ctx, id); err != nil {
			return nil, err
		}
		if before[id] {
			resp.Present++
		} else {
			resp.Derived++
		}
	}
	if resp.Derived > 0 {
		n.record(caller, "key.preload", n.member.Cluster)
	}
	for {
		resp.Keys = n.coverage()
		if !req.Wait || covered(resp.Keys, wanted) {
			return resp, nil
		}
		select {
		case <-ctx.Done():
			return nil, fault.New(fault.CodeKeyMissing, "not every node holds the keys yet: %w", ctx.Err())
		case <-time.After(watchPause):
		}
	}
}

// covered says whether every node holds the keys of the variants.
func covered(list []*rppv1.KeyCoverage, wanted []fsm.VariantID) bool {
	for _, id := range wanted {
		found := false
		for _, k := range list {
			if (fsm.VariantID{Family: k.Family, Variant: k.Variant, Profile: k.Profile, Hash: k.Hash}) != id {
				continue
			}
			found = true
			for _, state := range k.Nodes {
				if state != keyReady {
					return false
				}
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func (s keyService) Coverage(ctx context.Context, _ api.Caller, _ *rppv1.CoverageRequest) (*rppv1.CoverageResponse, error) {
	if err := s.n.linearize(ctx); err != nil {
		return nil, err
	}
	return &rppv1.CoverageResponse{Keys: s.n.coverage()}, nil
}

// What a node may say of a key.
const (
	keyReady   = "ready"
	keyMissing = "missing"
	keyUnknown = "unknown"
)

// coverage says which node holds which key, by what the nodes have reported to this
// leader. A node that has not reported lately is unknown.
func (n *Node) coverage() []*rppv1.KeyCoverage {
	var list []fsm.Key
	var members []*fsm.Member
	n.machine.View(func(s *fsm.State) { list, members = wantedKeys(s), s.Members() })
	now := n.cfg.Now()
	var out []*rppv1.KeyCoverage
	for _, k := range list {
		c := &rppv1.KeyCoverage{
			Family: k.Family, Variant: k.Variant, Profile: k.Profile, Hash: k.Hash, Fingerprint: k.Fingerprint[:],
			Epoch: k.Epoch, Bytes: k.VerifyingBytes + k.ProvingBytes, Nodes: map[string]string{}, BlobDigest: k.ProvingBlob[:],
		}
		for _, m := range members {
			if m.Role == fsm.RoleVoter || m.Role == fsm.RoleWorker {
				c.Nodes[m.Name] = n.reports.state(m.ID, k.Fingerprint, now)
			}
		}
		if n.keys.Holds(k) {
			c.Nodes[n.member.Name] = keyReady
		} else {
			c.Nodes[n.member.Name] = keyMissing
		}
		out = append(out, c)
	}
	return out
}

func (s keyService) Rotate(ctx context.Context, caller api.Caller, req *rppv1.RotateRequest) (*rppv1.RotateResponse, error) {
	n := s.n
	f, err := circuit.ByName(req.Family)
	if err != nil {
		return nil, fault.New(fault.CodeFamily, "family: %w", err)
	}
	var epoch uint64
	n.machine.View(func(st *fsm.State) {
		epoch = 1
		for _, g := range st.Families() {
			if g.Name == f.Name {
				epoch = g.Epoch
			}
		}
	})
	grace := n.cfg.Now().Add(rotationGrace).UnixMilli()
	if _, err := n.propose(ctx, caller, &fsm.RotateKeys{Family: f.Name, Epoch: epoch + 1, GraceUntilMS: grace}); err != nil {
		return nil, err
	}
	n.record(caller, "key.rotate", f.Name)
	for _, id := range keys.Wanted(f) {
		if _, err := n.ensureKey(ctx, id); err != nil {
			return nil, err
		}
	}
	return &rppv1.RotateResponse{Epoch: epoch + 1}, nil
}
