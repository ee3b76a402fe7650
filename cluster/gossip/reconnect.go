package gossip

import (
	"context"
	"time"
)

// reconnect looks for members that this node has lost. memberlist gives up on the dead after
// half a minute, so that the two sides of a longer partition would stay apart for good.
func (g *Gossip) reconnect(ctx context.Context) {
	tick := time.NewTicker(reconnectRounds * g.conf.ProbeInterval)
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if lost := g.lost(); len(lost) > 0 {
			address := lost[turn%len(lost)]
			if _, err := g.list.Join([]string{address}); err != nil {
				g.conf.Log.Debug("a lost member is still away", "address", address, "error", err)
			}
		}
	}
}

// lost is where to look: the members that died without leaving, and the seeds if this node
// sees nobody else.
func (g *Gossip) lost() []string {
	var lost []string
	alone := true
	for _, m := range g.table.list() {
		switch {
		case m.Liveness == Dead:
			lost = append(lost, m.Address)
		case m.up() && m.Name != g.conf.Name:
			alone = false
		}
	}
	if alone {
		lost = append(lost, g.conf.Seeds...)
	}
	return lost
}
