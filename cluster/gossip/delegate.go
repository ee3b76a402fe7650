package gossip

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

// delegate is what memberlist calls, much of it under its own locks. Nothing here waits.
type delegate struct {
	table  *table
	events *events
	meta   atomic.Pointer[[]byte]
	merges chan []byte
	stats  *counters
}

var (
	_ memberlist.Delegate      = (*delegate)(nil)
	_ memberlist.EventDelegate = (*delegate)(nil)
	_ memberlist.AliveDelegate = (*delegate)(nil)
	_ memberlist.PingDelegate  = (*delegate)(nil)
)

// NodeMeta is our Meta. memberlist would panic over one that is too long.
func (d *delegate) NodeMeta(limit int) []byte {
	if b := *d.meta.Load(); len(b) <= limit {
		return b
	}
	return nil
}

// NotifyMsg ignores messages: we send none.
func (d *delegate) NotifyMsg([]byte) {}

// GetBroadcasts sends no messages.
func (d *delegate) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState is what we push.
func (d *delegate) LocalState(bool) []byte { return d.table.state() }

// MergeRemoteState takes what a peer pushed.
func (d *delegate) MergeRemoteState(b []byte, _ bool) {
	if len(b) > StateBytesMax {
		d.stats.rejected.Add(1)
		return
	}
	select {
	case d.merges <- bytes.Clone(b):
	default:
		d.stats.dropped.Add(1)
	}
}

// NotifyAlive refuses members beyond the limits.
func (d *delegate) NotifyAlive(n *memberlist.Node) error {
	d.stats.alive.Add(1)
	if !printable(n.Name, NameBytesMax) || len(n.Meta) > MetaBytesMax {
		d.stats.rejected.Add(1)
		return fmt.Errorf("%w: %d bytes, a name of %d", ErrMeta, len(n.Meta), len(n.Name))
	}
	if !d.table.room(n.Name) {
		d.stats.rejected.Add(1)
		return fmt.Errorf("gossip: more than %d members", MemberCountMax)
	}
	return nil
}

// NotifyJoin records a member.
func (d *delegate) NotifyJoin(n *memberlist.Node) {
	d.table.join(n.Name, n.Address(), n.Meta)
	d.events.add(n.Name)
}

// NotifyUpdate records a member's Meta.
func (d *delegate) NotifyUpdate(n *memberlist.Node) {
	d.table.update(n.Name, n.Address(), n.Meta)
	d.events.add(n.Name)
}

// NotifyLeave records that a member is gone.
func (d *delegate) NotifyLeave(n *memberlist.Node) {
	d.table.leave(n.Name)
	d.events.add(n.Name)
}

// AckPayload adds nothing to answers.
func (d *delegate) AckPayload() []byte { return nil }

// NotifyPingComplete records that a member answered.
func (d *delegate) NotifyPingComplete(n *memberlist.Node, _ time.Duration, _ []byte) {
	d.table.answer(n.Name)
}
