package node

import (
	"context"
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
	stepRemove  = "remove" // every key but the one that is named
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
	ring, digest := n.gossip.Keyring(), digestOf(key)
	same := func(k []byte) bool { return string(k) == string(key) }
	switch step {
	case stepInstall:
		// A second key that is another one was installed by a rotation that went no
		// further: nobody uses it, or the cluster would have gone on with that one.
		if !slices.ContainsFunc(g.keys, same) {
			if err := drop(ring, g.keys[1:]); err != nil {
				return fault.New(fault.CodeKeyring, "install: %w", err)
			}
			g.keys = append(g.keys[:1], key)
		}
		if err := ring.Install(key); err != nil {
			return fault.New(fault.CodeKeyring, "install: %w", err)
		}
	case stepUse:
		if err := ring.Use(digest); err != nil {
			return fault.New(fault.CodeKeyring, "use: %w", err)
		}
		g.keys = append([][]byte{key}, slices.DeleteFunc(g.keys, same)...)
		g.version = version
	case stepRemove:
		if !same(g.keys[0]) {
			return fault.New(fault.CodeKeyring, "remove: this node does not use the key that is to remain")
		}
		if err := drop(ring, g.keys[1:]); err != nil {
			return fault.New(fault.CodeKeyring, "remove: %w", err)
		}
		g.keys = g.keys[:1]
	default:
		return fault.New(fault.CodeField, "step: %q, want install, use or remove", step)
	}
	return g.write(n.cfg.Disk, n.dir)
}

// drop takes keys out of the ring.
func drop(ring *gossip.Keyring, keys [][]byte) error {
	for _, k := range keys {
		if err := ring.Remove(digestOf(k)); err != nil {
			return err
		}
	}
	return nil
}

// rotation is what a rotation has to do, or has left to do.
type rotation struct {
	fresh   []byte
	digests []fsm.Digest // of the new key and the old one
	version uint64
	done    fsm.KeyringStep // that every node has taken
}

// nextRotation begins a rotation, or goes on with the one that broke off, perhaps under
// another leader: what the cluster has agreed on says how far it came, and this node has
// the key.
func (n *Node) nextRotation() (*rotation, error) {
	g, err := readGossipKeys(n.cfg.Disk, n.dir)
	if err != nil {
		return nil, err
	}
	var ring fsm.GossipKeyring
	n.machine.View(func(s *fsm.State) { ring = s.Keyring() })
	if ring.Version == 0 || ring.Step == fsm.KeyRemoved {
		r := &rotation{fresh: make([]byte, gossip.KeyBytes), version: ring.Version + 1}
		if _, err := io.ReadFull(n.cfg.Rand, r.fresh); err != nil {
			return nil, err
		}
		r.digests = []fsm.Digest{digestOf(r.fresh), digestOf(g.keys[0])}
		return r, nil
	}
	for _, k := range g.keys {
		if digestOf(k) == ring.KeyDigests[0] {
			return &rotation{fresh: k, digests: ring.KeyDigests, version: ring.Version, done: ring.Step}, nil
		}
	}
	return nil, fault.New(fault.CodeKeyring, "node %s lacks the key that the rotation %d is about: transfer leadership to another voter", n.member.Name, ring.Version)
}

// RotateGossipKey brings a new key to every node, has all use it, and removes the old one.
// It refuses to go on while a member does not answer.
func (c clusterService) RotateGossipKey(ctx context.Context, caller api.Caller, _ *rppv1.RotateGossipKeyRequest) (*rppv1.RotateGossipKeyResponse, error) {
	n := c.n
	if err := n.linearize(ctx); err != nil {
		return nil, err
	}
	r, err := n.nextRotation()
	if err != nil {
		return nil, err
	}
	nodes := 0
	for _, s := range []struct {
		name string
		step fsm.KeyringStep
	}{{stepInstall, fsm.KeyInstalled}, {stepUse, fsm.KeyUsed}, {stepRemove, fsm.KeyRemoved}} {
		if s.step < r.done || s.step == fsm.KeyInstalled && r.done > 0 {
			continue
		}
		if nodes, err = n.everywhere(ctx, &internalv1.GossipKeyRequest{Step: s.name, Key: r.fresh, Version: r.version}); err != nil {
			return nil, err
		}
		digests := r.digests
		if s.step == fsm.KeyRemoved {
			digests = digests[:1]
		}
		ring := fsm.GossipKeyring{Version: r.version, Step: s.step, KeyDigests: digests}
		if _, err := n.propose(ctx, caller, &fsm.Keyring{GossipKeyring: ring}); err != nil {
			return nil, err
		}
	}
	n.record(caller, "gossip.rotate", r.digests[0].String())
	return &rppv1.RotateGossipKeyResponse{Version: r.version, Nodes: uint32(nodes)}, nil
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
