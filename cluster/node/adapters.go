package node

import (
	"context"
	"errors"
	"io"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/leader"
	"rpp-node/cluster/raft"
	"rpp-node/scheduler"
)

// What follows gives packages that know nothing of each other the shape that the other
// one wants.

// machine is the state machine as Raft drives it.
type machine struct {
	*fsm.Machine
	// began is told that the log has a configuration: from then on this node may vote.
	began func()
}

func (m machine) Apply(index uint64, data []byte) any {
	r := m.Machine.Apply(index, data)
	if err := m.Machine.Err(); err != nil {
		return raft.Halt{Err: err}
	}
	return r
}

func (m machine) SetVoters(index uint64, ids []string) {
	m.Machine.SetVoters(index, nodeIDs(ids))
	if m.began != nil {
		m.began()
	}
}

func nodeIDs(ids []string) []fsm.NodeID {
	list := make([]fsm.NodeID, 0, len(ids))
	for _, s := range ids {
		if id, err := identity.ParseNodeID(s); err == nil {
			list = append(list, fsm.NodeID(id))
		}
	}
	return list
}

// raftAdapter is Raft as the leader proposes through it.
type raftAdapter struct{ *raft.Node }

func (r raftAdapter) Apply(ctx context.Context, command []byte) (any, error) {
	_, result, err := r.Node.Apply(ctx, command)
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

// liveness is gossip as the pilot of Raft reads it.
type liveness struct{ n *Node }

func (l liveness) Alive(id string) (bool, time.Time) {
	n, err := identity.ParseNodeID(id)
	if err != nil {
		return false, time.Time{}
	}
	return l.n.gossip.Alive(gossip.ID(n))
}

// errNoAddress says that no member has that identifier.
var errNoAddress = errors.New("no member's address")

// raftAddress finds a voter that has moved since the configuration was written.
func (n *Node) raftAddress(id string) (string, error) {
	node, err := identity.ParseNodeID(id)
	if err != nil {
		return "", err
	}
	address := n.apiAddressOf(fsm.NodeID(node))
	if address == "" {
		return "", errNoAddress // the configuration's address stands
	}
	return address, nil
}

// checkBackup says whether bytes are a state of this cluster.
func checkBackup(cluster string) func(io.Reader) error {
	return func(r io.Reader) error {
		s, err := fsm.ReadSnapshot(r)
		if err != nil {
			return err
		}
		if s.Cluster() != cluster {
			return errOtherCluster(s.Cluster(), cluster)
		}
		return fsm.CheckInvariants(s)
	}
}

// keyObserver counts hits and misses of keys.
type keyObserver struct{ n *Node }

func (o keyObserver) Hit(family string)     { o.n.metrics.CacheHit(family) }
func (o keyObserver) Miss(family string)    { o.n.metrics.CacheMiss(family) }
func (o keyObserver) Evicted(family string) { o.n.metrics.CacheEvicted(family) }

// leaderObserver counts witnesses that were found wrong.
type leaderObserver struct{ n *Node }

func (o leaderObserver) Part(p leader.Part) {
	if p.Outcome == scheduler.InvalidWitness {
		o.n.tracker.WitnessRejected(p.Family)
	}
}
