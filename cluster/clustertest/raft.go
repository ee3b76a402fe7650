package clustertest

import (
	"context"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/raft"
)

// Log is the log of commands, as far as a node uses it to commit them.
type Log interface {
	Apply(ctx context.Context, command []byte) (index uint64, result any, err error)
}

// Stable is where Raft keeps its term and its vote.
type Stable interface {
	Set(key, value []byte) error
	Get(key []byte) ([]byte, error)
	SetUint64(key []byte, value uint64) error
	GetUint64(key []byte) (uint64, error)
}

// raftAdapter is Raft as the leader proposes through it.
type raftAdapter struct {
	*raft.Node
	log Log
}

func (r raftAdapter) Apply(ctx context.Context, command []byte) (any, error) {
	_, result, err := r.log.Apply(ctx, command)
	return result, err
}

func (r raftAdapter) Voters() []fsm.NodeID {
	var ids []string
	for _, s := range r.Servers() {
		if s.Voter {
			ids = append(ids, s.ID)
		}
	}
	return nodeIDs(ids)
}
