package node

import (
	"rpp-node/cluster/fault"
)

// checkLog refuses to open a voter whose log has gone. It may have voted and acknowledged
// entries that it would know nothing of, while the others still count on it: with it, a
// majority could forget what was committed.
func (n *Node) checkLog() error {
	last, err := n.raftLog.LastIndex()
	if err != nil {
		return err
	}
	snapshots, err := n.raftLog.List()
	if err != nil {
		return err
	}
	if n.member.Logged && last == 0 && len(snapshots) == 0 {
		return fault.New(fault.CodeLogLost, "the Raft log of %s is gone from %s", n.member.Name, n.dir.raft())
	}
	return nil
}

// logBegan notes that this node's log must never be empty again. Raft calls it, again and
// again, from before the node can have voted.
func (n *Node) logBegan() {
	n.logOnce.Do(func() {
		if n.member.Logged {
			return
		}
		if err := n.noteMember(func(m *Membership) { m.Logged = true }); err != nil {
			n.faults.add(err)
		}
	})
}

// noteMember changes what the node knows of itself, and writes it down.
func (n *Node) noteMember(change func(*Membership)) error {
	n.memberMu.Lock()
	defer n.memberMu.Unlock()
	change(n.member)
	return n.member.write(n.cfg.Disk, string(n.dir))
}
