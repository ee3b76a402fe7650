package node

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/raft"
	"rpp-node/scheduler"
)

// clusterService is ClusterService. Status and Members are in status.go, tokens in
// tokens.go.
type clusterService struct{ n *Node }

// memberOf finds a node by its name or its identifier.
func (n *Node) memberOf(name string) (*fsm.Member, error) {
	var found *fsm.Member
	n.machine.View(func(s *fsm.State) {
		for _, m := range s.Members() {
			if m.Name == name || m.ID.String() == name {
				found = m
			}
		}
	})
	if found == nil {
		return nil, fault.New(fault.CodeNoMember, "no node %q", name)
	}
	return found, nil
}

func (c clusterService) Drain(ctx context.Context, caller api.Caller, req *rppv1.DrainRequest) (*rppv1.DrainResponse, error) {
	m, err := c.n.memberOf(req.Node)
	if err != nil {
		return nil, err
	}
	before, _ := c.n.leader.View(ctx)
	if _, err := c.n.propose(ctx, caller, &fsm.Drain{NodeID: m.ID, Draining: !req.Undo}); err != nil {
		return nil, err
	}
	c.n.record(caller, "node.drain", m.Name, "undo", fmt.Sprint(req.Undo))
	resp := &rppv1.DrainResponse{}
	for _, d := range before.Devices {
		if string(d.Worker) == m.Name {
			resp.Moved += uint32(len(d.Waiting))
			if d.Running != (scheduler.JobID{}) {
				resp.Running++
			}
		}
	}
	return resp, nil
}

func (c clusterService) Remove(ctx context.Context, caller api.Caller, req *rppv1.RemoveRequest) (*rppv1.RemoveResponse, error) {
	n := c.n
	m, err := n.memberOf(req.Node)
	if err != nil {
		return nil, err
	}
	if m.ID == n.id {
		return nil, fault.New(fault.CodeLastVoter, "node %s leads: transfer leadership first ('rpp-node cluster transfer')", m.Name)
	}
	// Until it is no member any more, nobody gives it the log back.
	n.leaving.add(m.ID)
	defer n.leaving.remove(m.ID)
	if m.Role == fsm.RoleVoter {
		if err := n.raft.Remove(ctx, m.ID.String()); err != nil && !errors.Is(err, raft.ErrNoServer) {
			return nil, err
		}
	}
	if _, err := n.propose(ctx, caller, &fsm.RemoveMember{NodeID: m.ID}); err != nil {
		return nil, err
	}
	n.record(caller, "node.remove", m.Name, "id", m.ID.String())
	return &rppv1.RemoveResponse{}, nil
}

func (c clusterService) TransferLeadership(ctx context.Context, caller api.Caller, req *rppv1.TransferLeadershipRequest) (*rppv1.TransferLeadershipResponse, error) {
	n := c.n
	id := ""
	if req.Node != "" {
		m, err := n.memberOf(req.Node)
		if err != nil {
			return nil, err
		}
		if m.Role != fsm.RoleVoter {
			return nil, fault.New(fault.CodeNoMember, "node %s is a %s, not a voter", m.Name, m.Role)
		}
		id = m.ID.String()
	}
	if err := n.raft.TransferLeadership(ctx, id); err != nil {
		return nil, err
	}
	n.record(caller, "leadership.transfer", req.Node)
	return &rppv1.TransferLeadershipResponse{Leader: n.nameOf(n.successor(ctx))}, nil
}

// successor waits until another node is known to lead, and says which; empty if that takes
// too long.
func (n *Node) successor(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	for {
		if id, _ := n.raft.Leader(); id != "" && id != n.id.String() {
			return id
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(successorPause):
		}
	}
}

// nameOf is the name of a node that is known by its identifier in hexadecimal.
func (n *Node) nameOf(id string) string {
	if m, err := n.memberOf(id); err == nil {
		return m.Name
	}
	return id
}

func (c clusterService) Snapshot(ctx context.Context, caller api.Caller, _ *rppv1.SnapshotRequest) (*rppv1.SnapshotResponse, error) {
	index, size, err := c.n.raft.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	c.n.record(caller, "raft.snapshot", fmt.Sprint(index))
	return &rppv1.SnapshotResponse{Node: c.n.member.Name, Index: index, Bytes: uint64(size)}, nil
}

func (c clusterService) Backup(ctx context.Context, caller api.Caller, _ *rppv1.BackupRequest, send func(*rppv1.BackupResponse) error) error {
	sum := blake3.New()
	w := &sender{send: func(b []byte) error {
		sum.Write(b)
		return send(&rppv1.BackupResponse{Data: b})
	}}
	index, err := c.n.raft.Backup(ctx, w)
	if err == nil {
		err = w.flush()
	}
	if err != nil {
		return err
	}
	c.n.record(caller, "cluster.backup", fmt.Sprint(index), "digest", hex.EncodeToString(sum.Sum(nil)))
	return send(&rppv1.BackupResponse{Digest: sum.Sum(nil)})
}

// sender cuts what is written into messages.
type sender struct {
	buffer []byte
	send   func([]byte) error
}

func (s *sender) Write(p []byte) (int, error) {
	s.buffer = append(s.buffer, p...)
	for len(s.buffer) >= backupChunkBytes {
		if err := s.send(s.buffer[:backupChunkBytes:backupChunkBytes]); err != nil {
			return 0, err
		}
		s.buffer = append([]byte(nil), s.buffer[backupChunkBytes:]...)
	}
	return len(p), nil
}

func (s *sender) flush() error {
	if len(s.buffer) == 0 {
		return nil
	}
	return s.send(s.buffer)
}

func (c clusterService) Restore(ctx context.Context, caller api.Caller, receive func() (*rppv1.RestoreRequest, error)) (*rppv1.RestoreResponse, error) {
	first, err := receive()
	if err != nil {
		return nil, err
	}
	r := &receiver{pending: first.Data, receive: receive}
	b, err := io.ReadAll(io.LimitReader(r, maxBackupBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxBackupBytes {
		return nil, fault.New(fault.CodeTooBig, "a backup of more than %d bytes", maxBackupBytes)
	}
	if d := digestOf(b); string(d[:]) != string(first.Digest) {
		return nil, fault.New(fault.CodeBackup, "the backup is not what its digest says: it was damaged on the way")
	}
	var removed []fsm.Revocation
	c.n.machine.View(func(s *fsm.State) { removed = s.Revocations() })
	if err := c.n.raft.Restore(ctx, bytes.NewReader(b)); err != nil {
		return nil, err // Raft tells a bad backup from a lost leadership
	}
	// Who was removed since the backup stays so.
	for _, r := range removed {
		if _, err := c.n.propose(ctx, caller, &fsm.RemoveMember{NodeID: r.ID}); err != nil && !fault.Is(err, fault.CodeNoMember) {
			return nil, fmt.Errorf("the backup is restored, but who was removed since may be a member again: remove %s once more: %w", r.Name, err)
		}
	}
	resp := &rppv1.RestoreResponse{Index: c.n.raft.AppliedIndex()}
	c.n.machine.View(func(s *fsm.State) { k := s.Counters(); resp.Jobs = uint32(k.Live + k.Finished) })
	c.n.record(caller, "cluster.restore", hex.EncodeToString(first.Digest))
	return resp, nil
}

// receiver reads messages as a stream of bytes.
type receiver struct {
	pending []byte
	receive func() (*rppv1.RestoreRequest, error)
}

func (r *receiver) Read(p []byte) (int, error) {
	for len(r.pending) == 0 {
		m, err := r.receive()
		if err != nil {
			return 0, err // io.EOF at the end
		}
		r.pending = m.Data
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

func (c clusterService) ListQuarantine(ctx context.Context, _ api.Caller, _ *rppv1.ListQuarantineRequest) (*rppv1.ListQuarantineResponse, error) {
	if err := c.n.linearize(ctx); err != nil {
		return nil, err
	}
	resp := &rppv1.ListQuarantineResponse{}
	c.n.machine.View(func(s *fsm.State) {
		for _, q := range s.Quarantine() {
			resp.Entries = append(resp.Entries, &rppv1.QuarantineEntry{
				Kind: q.Kind.String(), Subject: q.Subject, Tenant: q.Tenant, Reason: q.Reason, By: q.By, AtMs: q.AtMS, UntilMs: q.UntilMS,
			})
		}
	})
	return resp, nil
}

func (c clusterService) LiftQuarantine(ctx context.Context, caller api.Caller, req *rppv1.LiftQuarantineRequest) (*rppv1.LiftQuarantineResponse, error) {
	for _, k := range []fsm.QuarantineKind{fsm.QuarantinedSpec, fsm.QuarantinedDevice, fsm.QuarantinedNode, fsm.ClosedTenant} {
		if k.String() == req.Kind {
			_, err := c.n.propose(ctx, caller, &fsm.LiftQuarantine{Kind: k, Subject: req.Subject, Tenant: req.Tenant})
			if err == nil {
				c.n.record(caller, "quarantine.lift", req.Subject, "kind", req.Kind)
			}
			return &rppv1.LiftQuarantineResponse{}, err
		}
	}
	return nil, fault.New(fault.CodeField, "kind: %q, want spec, device, node or tenant", req.Kind)
}
