package node

import (
	"context"
	"time"
)

// Drain has the node's devices take no more work: what waits is handed back. It returns
// when what runs has been reported to the leader, or with ctx's error.
func (n *Node) Drain(ctx context.Context) error {
	if n.worker == nil {
		return nil
	}
	return n.worker.Drain(ctx)
}

// Reclaim says that the machine will be gone at that time: the devices drain, and what they
// will not have proved by then is handed back at once.
func (n *Node) Reclaim(at time.Time) {
	if n.worker != nil {
		n.worker.Reclaim(at)
	}
}
