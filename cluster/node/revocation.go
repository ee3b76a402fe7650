package node

import (
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
	var removed []fsm.Revocation
	n.machine.View(func(s *fsm.State) { removed = s.Revocations() })
	for _, r := range removed {
		if count := n.listener.Disconnect(identity.NodeID(r.ID)); count > 0 {
			n.log.Info("connections of a removed node closed", "node", r.Name, "count", count)
		}
	}
}
