package node

import (
	"sync"

	"rpp-node/cluster/fsm"
)

// leaving is the set of nodes that this node is removing now.
type leaving struct {
	mu  sync.Mutex
	all map[fsm.NodeID]int // calls in progress; guarded by mu
}

func (l *leaving) add(id fsm.NodeID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[fsm.NodeID]int{}
	}
	l.all[id]++
}

func (l *leaving) remove(id fsm.NodeID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[id]--; l.all[id] == 0 {
		delete(l.all, id)
	}
}

func (l *leaving) has(id fsm.NodeID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[id] > 0
}
