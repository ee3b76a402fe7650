package node

import (
	"context"
	"sync"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
)

// reports is what nodes have told this leader of themselves, over their authenticated
// connections. It is not replicated: a new leader is told anew within seconds.
type reports struct {
	mu  sync.Mutex
	all map[fsm.NodeID]report
}

type report struct {
	at      time.Time
	held    map[fsm.Digest]bool
	version uint32
	audit   uint64
	head    fsm.Digest
	release string // of the program
	api     string // addresses, empty if it does not say
	gossip  string
}

// staleReport is when a report says nothing any more.
const staleReport = 5 * reportPause

func (r *reports) put(id fsm.NodeID, rep report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[fsm.NodeID]report{}
	}
	r.all[id] = rep
}

// state says how a node stands with a key.
func (r *reports) state(id fsm.NodeID, fingerprint fsm.Digest, now time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep, ok := r.all[id]
	switch {
	case !ok || now.Sub(rep.at) > staleReport:
		return keyUnknown
	case rep.held[fingerprint]:
		return keyReady
	}
	return keyMissing
}

// fresh lists the reports that still count.
func (r *reports) fresh(now time.Time) map[fsm.NodeID]report {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[fsm.NodeID]report{}
	for id, rep := range r.all {
		if now.Sub(rep.at) <= staleReport {
			out[id] = rep
		}
	}
	return out
}

// Report takes a node's word and answers with what it should know.
func (p peerService) Report(_ context.Context, caller api.Caller, req *internalv1.ReportRequest) (*internalv1.ReportResponse, error) {
	n := p.n
	if len(req.Keys) > reportedKeys {
		return nil, fault.New(fault.CodeTooBig, "keys: %d, at most %d", len(req.Keys), reportedKeys)
	}
	rep := report{at: n.cfg.Now(), held: map[fsm.Digest]bool{}, version: req.CommandVersion, audit: req.AuditSequence,
		release: req.Version, api: req.ApiAddress, gossip: req.GossipAddress}
	for _, k := range req.Keys {
		if len(k) != 32 {
			return nil, fault.New(fault.CodeField, "keys: a fingerprint of %d bytes", len(k))
		}
		rep.held[fsm.Digest(k)] = true
	}
	if len(req.AuditHead) == 32 {
		rep.head = fsm.Digest(req.AuditHead)
	}
	n.reports.put(fsm.NodeID(caller.ID), rep)
	return n.tell(), nil
}

// tell is what a node without a state machine needs to know of it.
func (n *Node) tell() *internalv1.ReportResponse {
	resp := &internalv1.ReportResponse{}
	var members []*fsm.Member
	n.machine.View(func(s *fsm.State) {
		members = s.Members()
		for _, r := range s.Revocations() {
			resp.Revoked = append(resp.Revoked, &internalv1.Revoked{Id: r.ID[:], AtMs: r.AtMS})
		}
		for _, k := range wantedKeys(s) {
			resp.Keys = append(resp.Keys, &internalv1.WantedKey{
				Family: k.Family, Variant: k.Variant, Profile: k.Profile, Hash: k.Hash, Fingerprint: k.Fingerprint[:],
				VerifyingBlob: k.VerifyingBlob[:], VerifyingBytes: k.VerifyingBytes,
				ProvingBlob: k.ProvingBlob[:], ProvingBytes: k.ProvingBytes, Epoch: k.Epoch,
			})
		}
	})
	for _, m := range members {
		peer := &internalv1.Peer{Id: m.ID[:], Name: m.Name, ApiAddress: m.APIAddress}
		switch {
		case m.Role != fsm.RoleVoter:
		case m.ID == n.id: // the leader comes first
			resp.Voters = append([]*internalv1.Peer{peer}, resp.Voters...)
		default:
			resp.Voters = append(resp.Voters, peer)
		}
	}
	return resp
}

// reportLoop tells the leader what this node holds, and learns what it should hold.
func (n *Node) reportLoop(ctx context.Context) {
	for {
		pause := reportPause
		if !n.report(ctx) {
			pause = reportAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (n *Node) report(ctx context.Context) bool {
	if n.Leading() {
		return true
	}
	req := &internalv1.ReportRequest{
		Version: n.cfg.Version, CommandVersion: fsm.CommandVersion, ApiAddress: n.APIAddress(), GossipAddress: n.GossipAddress(),
	}
	for _, k := range n.keys.Held() {
		req.Keys = append(req.Keys, k[:])
	}
	head := n.audit.Head()
	req.AuditSequence, req.AuditHead = head.Sequence, head.Digest[:]
	if s, err := n.data.Space(); err == nil {
		req.DiskFreeBytes = s.FreeBytes
	}
	ctx, cancel := context.WithTimeout(ctx, reportPause)
	defer cancel()
	resp, err := n.cluster.Peer.Report(ctx, connect.NewRequest(req))
	if err != nil {
		n.log.Debug("report", "error", err)
		n.cluster.SetAddresses(n.voterAddresses())
		return false
	}
	if n.role == identity.Worker {
		n.learn(resp.Msg)
	}
	return true
}

// learn takes in what a leader has told.
func (n *Node) learn(m *internalv1.ReportResponse) {
	t := &told{voters: m.Voters, revoked: map[fsm.NodeID]time.Time{}}
	for _, r := range m.Revoked {
		if len(r.Id) == 32 {
			t.revoked[fsm.NodeID(r.Id)] = time.UnixMilli(r.AtMs)
		}
	}
	for _, k := range m.Keys {
		if len(k.Fingerprint) != 32 || len(k.VerifyingBlob) != 32 || len(k.ProvingBlob) != 32 {
			n.log.Warn("the leader names a key whose digests are not 32 bytes", "family", k.Family)
			continue
		}
		t.keys = append(t.keys, fsm.Key{
			VariantID: fsm.VariantID{Family: k.Family, Variant: k.Variant, Profile: k.Profile, Hash: k.Hash}, Epoch: k.Epoch,
			Fingerprint:   fsm.Digest(k.Fingerprint),
			VerifyingBlob: fsm.Digest(k.VerifyingBlob), VerifyingBytes: k.VerifyingBytes,
			ProvingBlob: fsm.Digest(k.ProvingBlob), ProvingBytes: k.ProvingBytes,
		})
	}
	before := n.known.Swap(t)
	n.cutOff()
	if before == nil || len(before.keys) != len(t.keys) {
		n.keys.Kick()
	}
	for _, k := range t.keys {
		if !n.keys.Holds(k) {
			n.keys.Kick()
			break
		}
	}
	if before == nil || len(before.voters) != len(t.voters) {
		n.cluster.SetAddresses(n.voterAddresses())
	}
}
