package node

import (
	"context"
	"encoding/hex"
	"io"
	"slices"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
)

// The steps of a rotation of the gossip key: each is taken by every node before the next
// one begins, so that at any time each can read what the others send.
const (
	stepInstall = "install"
	stepUse     = "use"
	stepRemove  = "remove"
)

// gossipStep takes one step on this node, and writes the keyring down.
func (n *Node) gossipStep(step string, key []byte, version uint64) error {
	if len(key) != gossip.KeyBytes {
		return fault.New(fault.CodeField, "key: %d bytes, want %d", len(key), gossip.KeyBytes)
	}
	n.gossipMu.Lock()
	defer n.gossipMu.Unlock()
	g, err := readGossipKeys(n.cfg.Disk, n.dir)
	if err != nil {
		return err
	}
	ring, digest := n.gossip.Keyring(), keyDigest(key)
	same := func(k []byte) bool { return string(k) == string(key) }
	switch step {
	case stepInstall:
		if err := ring.Install(key); err != nil {
			return fault.New(fault.CodeKeyring, "install: %w", err)
		}
		if !slices.ContainsFunc(g.keys, same) {
			g.keys = append(g.keys, key)
		}
	case stepUse:
		if err := ring.Use(digest); err != nil {
			return fault.New(fault.CodeKeyring, "use: %w", err)
		}
		g.keys = append([][]byte{key}, slices.DeleteFunc(g.keys, same)...)
		g.version = version
	case stepRemove:
		if err := ring.Remove(digest); err != nil {
			return fault.New(fault.CodeKeyring, "remove: %w", err)
		}
		g.keys = slices.DeleteFunc(g.keys, same)
	default:
		return fault.New(fault.CodeField, "step: %q, want install, use or remove", step)
	}
	return g.write(n.cfg.Disk, n.dir)
}

// RotateGossipKey brings a new key to every node, has all use it, and removes the old one.
// It refuses to go on while a member does not answer.
func (c clusterService) RotateGossipKey(ctx context.Context, caller api.Caller, _ *rppv1.RotateGossipKeyRequest) (*rppv1.RotateGossipKeyResponse, error) {
	n := c.n
	old, err := readGossipKeys(n.cfg.Disk, n.dir)
	if err != nil {
		return nil, err
	}
	fresh := make([]byte, gossip.KeyBytes)
	if len(old.keys) == 2 && old.version == n.ringVersion() {
		fresh = old.keys[1] // a rotation that was interrupted goes on
	} else if _, err := io.ReadFull(n.cfg.Rand, fresh); err != nil {
		return nil, err
	}
	version := old.version + 1
	nodes := 0
	for _, s := range []struct {
		name string
		step fsm.KeyringStep
		key  []byte
	}{
		{stepInstall, fsm.KeyInstalled, fresh},
		{stepUse, fsm.KeyUsed, fresh},
		{stepRemove, fsm.KeyRemoved, old.keys[0]},
	} {
		if nodes, err = n.everywhere(ctx, &internalv1.GossipKeyRequest{Step: s.name, Key: s.key, Version: version}); err != nil {
			return nil, err
		}
		digests := []fsm.Digest{keyDigest(fresh), keyDigest(old.keys[0])}
		if s.step == fsm.KeyRemoved {
			digests = digests[:1]
		}
		ring := fsm.GossipKeyring{Version: version, Step: s.step, KeyDigests: digests}
		if _, err := n.propose(ctx, caller, &fsm.Keyring{GossipKeyring: ring}); err != nil {
			return nil, err
		}
	}
	n.record(caller, "gossip.rotate", hex.EncodeToString(digestBytes(fresh)))
	return &rppv1.RotateGossipKeyResponse{Version: version, Nodes: uint32(nodes)}, nil
}

func digestBytes(key []byte) []byte { d := keyDigest(key); return d[:] }

// ringVersion is the rotation that the cluster has completed.
func (n *Node) ringVersion() (v uint64) {
	n.machine.View(func(s *fsm.State) {
		k := s.Keyring()
		if v = k.Version; k.Step != fsm.KeyRemoved && v > 0 {
			v--
		}
	})
	return v
}

// everywhere takes a step on every node of the cluster and says on how many.
func (n *Node) everywhere(ctx context.Context, req *internalv1.GossipKeyRequest) (int, error) {
	var members []*fsm.Member
	n.machine.View(func(s *fsm.State) { members = s.Members() })
	nodes := 0
	for _, m := range members {
		if m.Role != fsm.RoleVoter && m.Role != fsm.RoleWorker {
			continue
		}
		nodes++
		if m.ID == n.id {
			if err := n.gossipStep(req.Step, req.Key, req.Version); err != nil {
				return nodes, err
			}
			continue
		}
		c, ok := n.peers.of(n, m.ID)
		if !ok {
			return nodes, fault.New(fault.CodeKeyring, "node %s has no address", m.Name)
		}
		call, cancel := context.WithTimeout(ctx, applyTimeout)
		_, err := c.Peer.GossipKey(call, connect.NewRequest(req))
		cancel()
		if err != nil {
			return nodes, fault.New(fault.CodeKeyring, "node %s did not take step %s: %w", m.Name, req.Step, err)
		}
	}
	return nodes, nil
}
