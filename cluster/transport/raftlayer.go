package transport

import (
	"context"
	"net"
	"time"

	"rpp-node/cluster/identity"
)

// RaftLayer is Raft's side of the port, in the shape of hashicorp/raft's StreamLayer but
// for the type of an address.
type RaftLayer struct {
	net.Listener
	dialer    *Dialer
	advertise net.Addr
}

// NewRaftLayer takes Raft's connections from l and dials other voters with d. The
// address is the one that others reach this node by.
func NewRaftLayer(l *Listener, d *Dialer, advertise net.Addr) *RaftLayer {
	return &RaftLayer{l.Raft(), d, advertise}
}

// Addr is the address that others reach this node by.
func (r *RaftLayer) Addr() net.Addr { return r.advertise }

// Dial connects to a voter.
func (r *RaftLayer) Dial(address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return r.dialer.Dial(ctx, address, ProtocolRaft, WantRole(identity.Voter))
}
