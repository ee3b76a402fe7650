package node

import (
	"context"
)

// openLoops starts what goes on by itself. Whoever is still starting up finds the API
// there.
func (n *Node) openLoops() error {
	n.onClose("loops", func() error { n.loops.Wait(); return nil })
	n.keeper.Start(renewer{n})
	n.onClose("keeper", func() error { n.keeper.Close(); return nil })
	n.loop(n.meet)
	n.loop(n.statusLoop)
	n.loop(n.reportLoop)
	n.loop(n.keys.Follow)
	if n.raft != nil {
		n.loop(n.leader.Run)
		n.loop(n.upkeep)
		n.loop(n.repairs)
		n.loop(n.checks)
	}
	if n.worker != nil {
		n.loop(func(ctx context.Context) {
			if err := n.worker.Run(ctx); err != nil && ctx.Err() == nil {
				n.faults.add(err)
			}
		})
	}
	return nil
}
