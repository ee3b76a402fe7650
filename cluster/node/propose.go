package node

import (
	"context"
	"errors"

	"rpp-node/cluster/api"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/raft"
	"rpp-node/store/audit"
)

// propose commits a command for a caller and returns what the state machine answered.
func (n *Node) propose(ctx context.Context, caller api.Caller, c fsm.Command) (*fsm.Result, error) {
	return n.proposeAs(ctx, actor(caller), c)
}

func (n *Node) proposeAs(ctx context.Context, who string, c fsm.Command) (*fsm.Result, error) {
	*c.Stamp() = fsm.Header{NowMS: n.cfg.Now().UnixMilli(), Actor: who}
	data, err := fsm.Encode(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	_, result, err := n.raft.Apply(ctx, data)
	switch {
	case errors.Is(err, raft.ErrNotLeader):
		return nil, fault.New(fault.CodeNoLeader, "%w", err)
	case errors.Is(err, raft.ErrUncertain):
		return nil, fault.New(fault.CodeNoQuorum, "%w", err)
	case err != nil:
		return nil, err
	}
	r, ok := result.(fsm.Result)
	if !ok {
		return nil, fault.New(fault.CodeInternal, "the state machine answered with a %T", result)
	}
	return &r, r.Err
}

// actor is how a caller stands in commands and in the audit.
func actor(c api.Caller) string { return c.Identity.URI() }

// record adds a line to this node's audit log. A log that fails does not fail what it was
// to record: it is reported as a fault of the node.
func (n *Node) record(caller api.Caller, action, subject string, details ...string) {
	n.recordAs(actor(caller), action, subject, details...)
}

func (n *Node) recordAs(who, action, subject string, details ...string) {
	m := map[string]string{}
	for i := 0; i+1 < len(details); i += 2 {
		if details[i+1] != "" {
			m[details[i]] = details[i+1]
		}
	}
	e := audit.Event{Actor: who, Action: action, Subject: subject, Node: n.id, Detail: audit.Details(m)}
	if n.raft != nil {
		e.Epoch = n.raft.Term()
	}
	if _, err := n.audit.Append(e); err != nil {
		n.log.Error("audit", "action", action, "subject", subject, "error", err)
	}
}
