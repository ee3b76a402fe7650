package node

import (
	"maps"
	"slices"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
)

// revoked says that a certificate's holder was removed, as far as this node knows: it counts
// for nothing from then on.
func (n *Node) revoked(id identity.NodeID) (gone bool) {
	if n.machine != nil {
		n.machine.View(func(s *fsm.State) { gone = s.Revoked(fsm.NodeID(id)) })
	} else if t := n.known.Load(); t != nil {
		_, gone = t.revoked[fsm.NodeID(id)]
	}
	return gone
}

// cutOff ends the connections of nodes and people that were removed: on those that stood
// nobody has asked since. It does so again and again, for those in a handshake meanwhile.
func (n *Node) cutOff() {
	var removed []fsm.NodeID
	if n.machine != nil {
		n.machine.View(func(s *fsm.State) {
			for _, r := range s.Revocations() {
				removed = append(removed, r.ID)
			}
		})
	} else if t := n.known.Load(); t != nil {
		removed = slices.Collect(maps.Keys(t.revoked))
	}
	for _, id := range removed {
		if count := n.listener.Disconnect(identity.NodeID(id)); count > 0 {
			n.log.Info("connections of a removed node closed", "id", id, "count", count)
		}
		n.peers.forget(id)
	}
}
