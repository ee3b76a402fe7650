package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/store/artifact"
)

// told is what a leader has told a node that has no state machine.
type told struct {
	keys   []fsm.Key
	voters []*internalv1.Peer
	// revoked are those who were removed, and when.
	revoked map[fsm.NodeID]time.Time
}

// registry tells which keys the cluster has agreed on.
type registry struct{ n *Node }

func (r registry) Keys() (list []fsm.Key) {
	if r.n.machine != nil {
		r.n.machine.View(func(s *fsm.State) { list = wantedKeys(s) })
		return list
	}
	if t := r.n.known.Load(); t != nil {
		return t.keys
	}
	return nil
}

// wantedKeys are the keys that every node should hold: those of the present epochs, and
// former ones within their grace.
func wantedKeys(s *fsm.State) []fsm.Key {
	list := s.Keys()
	now := s.NowMS()
	return slices.DeleteFunc(list, func(k fsm.Key) bool { return k.GraceUntilMS != 0 && k.GraceUntilMS < now })
}

// blobs pulls chunks of keys from whoever has them.
type blobs struct{ n *Node }

func (b blobs) Chunk(ctx context.Context, blob [32]byte, index int) ([]byte, int, int64, error) {
	return b.n.pullChunk(ctx, &internalv1.ChunkRequest{Digest: blob[:], Index: uint32(index)})
}

// pullChunk asks one node after the other for a chunk.
func (n *Node) pullChunk(ctx context.Context, req *internalv1.ChunkRequest) ([]byte, int, int64, error) {
	err := error(fault.New(fault.CodeUnreachable, "no other node is known"))
	for _, address := range n.holders() {
		r, failed := n.chunkFrom(ctx, address, req)
		if failed == nil {
			return r.Data, int(r.Count), int64(r.Size), nil
		}
		err = failed
		if ctx.Err() != nil {
			break
		}
	}
	return nil, 0, 0, err
}

func (n *Node) chunkFrom(ctx context.Context, address string, req *internalv1.ChunkRequest) (*internalv1.ChunkResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	resp, err := n.peers.at(n, address).Peer.Chunk(ctx, connect.NewRequest(req))
	if err != nil {
		return nil, api.FromError(err)
	}
	return resp.Msg, nil
}

// holders lists the addresses of nodes to ask for bytes: the leader, the other voters,
// then everybody who is alive.
func (n *Node) holders() []string {
	list := n.voterAddresses()
	for _, m := range n.gossip.Members() {
		if a := m.Meta.APIAddress; a != "" && m.Liveness == "alive" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	own := n.APIAddress()
	return slices.DeleteFunc(list, func(a string) bool { return a == own })
}

// fetch gets an artifact that this voter lacks from another node. Voters name no lease.
func (n *Node) fetch(ctx context.Context, kind artifact.Kind, digest fsm.Digest) error {
	req := &internalv1.ChunkRequest{Digest: digest[:]}
	data, count, size, err := n.pullChunk(ctx, req)
	if err != nil {
		return err
	}
	w, err := n.artifacts.NewWriter(kind, artifact.Digest(digest), size)
	if err != nil {
		return err
	}
	defer w.Abort()
	for i := 0; ; {
		if err := w.WriteChunk(i, data); err != nil {
			return err
		}
		if i++; i == w.ChunkCount() {
			return w.Commit()
		}
		req.Index = uint32(i)
		var again int
		if data, again, _, err = n.pullChunk(ctx, req); err != nil {
			return err
		}
		if again != count {
			return fault.New(fault.CodeCorrupt, "artifact %s: two nodes disagree on its size", digest)
		}
	}
}

// artifactError is a store's error as users see it.
func artifactError(err error) error {
	switch {
	case errors.Is(err, artifact.ErrNotFound):
		return fault.New(fault.CodeNotFound, "%w", err)
	case errors.Is(err, artifact.ErrCorrupt):
		return fault.New(fault.CodeCorrupt, "%w", err)
	}
	return err
}
