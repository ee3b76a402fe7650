package node

import (
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
)

// removedAt says when somebody was removed from the cluster, as far as this node knows.
func (n *Node) removedAt(id identity.NodeID) (at time.Time, gone bool) {
	if n.machine != nil {
		n.machine.View(func(s *fsm.State) {
			for _, r := range s.Revocations() {
				if r.ID == fsm.NodeID(id) {
					at, gone = time.UnixMilli(r.AtMS), true
				}
			}
		})
		return at, gone
	}
	if t := n.known.Load(); t != nil {
		at, gone = t.revoked[fsm.NodeID(id)]
	}
	return at, gone
}

// revoked says that a certificate's holder was removed: it counts for nothing from then on.
func (n *Node) revoked(id identity.NodeID) bool {
	_, gone := n.removedAt(id)
	return gone
}

// issuerRevoked says the same of what a removed voter has signed, a certificate's lifetime
// later: by then everybody that it let in has had the time to renew elsewhere.
func (n *Node) issuerRevoked(id identity.NodeID) bool {
	at, gone := n.removedAt(id)
	return gone && n.cfg.Now().Sub(at) > identity.NodeLifetimeMax
}
