package node

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/health"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/leader"
	"rpp-node/scheduler"
)

func (c clusterService) Status(ctx context.Context, _ api.Caller, _ *rppv1.StatusRequest) (*rppv1.StatusResponse, error) {
	return c.n.ClusterStatus(ctx)
}

func (c clusterService) Members(ctx context.Context, _ api.Caller, _ *rppv1.MembersRequest) (*rppv1.MembersResponse, error) {
	s, err := c.n.ClusterStatus(ctx)
	if err != nil {
		return nil, err
	}
	return &rppv1.MembersResponse{Members: s.Members}, nil
}

// ClusterStatus is how the whole cluster stands, as far as this node can say: the leader
// says it best, so it is asked; if it does not answer, gossip and what this node has
// applied remain.
func (n *Node) ClusterStatus(ctx context.Context) (*rppv1.StatusResponse, error) {
	if n.Leading() {
		if v, err := n.leader.View(ctx); err == nil {
			return n.status(&v), nil
		}
	}
	if ask, ok := n.askLeader(ctx); ok {
		ask.Node = n.member.Name
		n.overlay(ask)
		health.Assess(ask, n.cfg.Now())
		return ask, nil
	}
	return n.status(nil), nil
}

// askLeader gets the leader's status, without insisting.
func (n *Node) askLeader(ctx context.Context) (*rppv1.StatusResponse, bool) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var address string
	if n.raft != nil {
		_, address = n.raft.Leader()
	} else if t := n.known.Load(); t != nil && len(t.voters) > 0 {
		address = t.voters[0].ApiAddress
	}
	if address == "" || address == n.APIAddress() {
		return nil, false
	}
	resp, err := n.peers.at(n, address).Cluster.Status(ctx, connect.NewRequest(&rppv1.StatusRequest{}))
	if err != nil || resp.Msg.Leader != resp.Msg.Node {
		return nil, false
	}
	return resp.Msg, true
}

// status says what this node knows; v is the leader's view, if this node leads.
func (n *Node) status(v *leader.View) *rppv1.StatusResponse {
	resp := &rppv1.StatusResponse{Cluster: n.member.Cluster, ChainId: n.member.ChainID, Node: n.member.Name, NowMs: n.cfg.Now().UnixMilli()}
	if n.machine != nil {
		n.replicated(resp)
	}
	n.overlay(resp)
	if v != nil {
		resp.Leader = n.member.Name
		queue(resp, v)
		n.deviceStates(resp, v)
		resp.Keys = n.coverage()
	}
	health.Assess(resp, n.cfg.Now())
	return resp
}

// replicated adds what the state machine and Raft know.
func (n *Node) replicated(resp *rppv1.StatusResponse) {
	applied, digest := n.digest.of(n.machine, n.cfg.Now())
	resp.AppliedIndex, resp.StateDigest = applied, digest[:]
	id, _ := n.raft.Leader()
	resp.Leader, resp.Term, resp.CommitIndex = n.nameOf(id), n.raft.Term(), n.raft.CommitIndex()
	raftState := map[string]string{}
	for _, s := range n.raft.Servers() {
		switch {
		case s.ID == id:
			raftState[s.ID] = "leader"
		case s.Voter:
			raftState[s.ID] = "follower"
		default:
			raftState[s.ID] = "learner"
		}
	}
	n.machine.View(func(s *fsm.State) {
		bad := map[string]bool{}
		for _, q := range s.Quarantine() {
			bad[q.Subject] = true
		}
		for _, m := range s.Members() {
			if m.Role != fsm.RoleVoter && m.Role != fsm.RoleWorker {
				continue
			}
			resp.Members = append(resp.Members, &rppv1.Member{
				Id: m.ID.String(), Name: m.Name, Role: m.Role.String(), ApiAddress: m.APIAddress, Liveness: "unknown",
				RaftState: raftState[m.ID.String()], Version: m.Version, Draining: m.Draining, Quarantined: bad[m.ID.String()],
			})
		}
		c := s.Counters()
		resp.Queue = &rppv1.Queue{
			Waiting: uint32(c.Live), Released: c.Totals.Released, Failed: c.Totals.Failed + c.Totals.Quarantined, Cancelled: c.Totals.Cancelled,
		}
	})
}

// overlay adds what gossip knows of each node.
func (n *Node) overlay(resp *rppv1.StatusResponse) {
	for _, g := range n.gossip.Members() {
		id := fsm.NodeID(g.Meta.ID).String()
		i := slices.IndexFunc(resp.Members, func(m *rppv1.Member) bool { return m.Id == id || m.Name == g.Name })
		if i < 0 {
			if n.machine != nil || n.Leading() {
				continue // not a member: gossip alone admits nobody
			}
			resp.Members = append(resp.Members, &rppv1.Member{Id: id, Name: g.Name, ApiAddress: g.Meta.APIAddress})
			i = len(resp.Members) - 1
		}
		m := resp.Members[i]
		m.Liveness, m.SeenMs = string(g.Liveness), n.cfg.Now().UnixMilli()
		if g.Liveness != gossip.Alive {
			m.SeenMs = g.Since.UnixMilli()
		}
		m.KeysReady, m.KeysWanted, m.Weight = uint32(g.Meta.KeysReady), uint32(g.Meta.KeysWanted), float64(g.Meta.Weight)
		if m.Role == "" && g.Meta.Role == gossip.Voter {
			m.Role = identity.Voter.String()
		} else if m.Role == "" {
			m.Role = identity.Worker.String()
		}
		if st, ok := n.gossip.Status(g.Meta.ID); ok {
			n.more(m, st.Payload)
		}
	}
}

// more adds what a node says of itself by push and pull.
func (n *Node) more(m *rppv1.Member, payload []byte) {
	said := &rppv1.Member{}
	if proto.Unmarshal(payload, said) != nil {
		return
	}
	m.Version, m.Health, m.Reasons, m.DiskFreeBytes = said.Version, said.Health, said.Reasons, said.DiskFreeBytes
	if len(m.Devices) == 0 {
		m.Devices = said.Devices
	}
}

// queue adds the scheduler's figures.
func queue(resp *rppv1.StatusResponse, v *leader.View) {
	q := resp.Queue
	q.Waiting, q.Running, q.Assembled = uint32(v.Queued), uint32(v.Leased), uint32(v.Assembled+v.Ended)
	q.OldestUnprovenMs, q.Steals = v.OldestUnproven.Milliseconds(), uint64(v.Counters.Steals)
	for _, c := range v.Classes {
		q.Classes = append(q.Classes, &rppv1.ClassQueue{
			Class: c.Class.String(), Waiting: uint32(c.Queued), WaitP50Ms: ms(c.WaitP50), WaitP95Ms: ms(c.WaitP95), WaitP99Ms: ms(c.WaitP99),
		})
	}
	for _, d := range v.Decisions {
		resp.Decisions = append(resp.Decisions, &rppv1.Decision{
			AtMs: d.At.UnixMilli(), Kind: string(d.Kind), Job: d.Job[:], Device: string(d.Device), From: string(d.From), Reason: d.Reason,
			FenceTerm: d.Fence.Term, FenceSequence: d.Fence.Sequence,
		})
	}
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// deviceStates adds what the leader knows of the devices.
func (n *Node) deviceStates(resp *rppv1.StatusResponse, v *leader.View) {
	for _, m := range resp.Members {
		if w, ok := v.Workers[m.Name]; ok {
			m.Version, m.Devices = w.Version, nil
		}
	}
	for _, d := range v.Devices {
		i := slices.IndexFunc(resp.Members, func(m *rppv1.Member) bool { return m.Name == string(d.Worker) })
		if i < 0 {
			continue
		}
		m := &rppv1.Device{
			Name: string(d.ID), Kind: d.Kind, Threads: uint32(d.Threads), Queued: uint32(len(d.Waiting)),
			Quarantined: d.Standing == "quarantined", Rates: d.Rates,
		}
		if d.Running != (scheduler.JobID{}) {
			m.Running, m.Load = d.Running[:], 1
		}
		resp.Members[i].Devices = append(resp.Members[i].Devices, m)
	}
}

// self is what this node says of itself.
func (n *Node) self(level health.Level, reasons []string) *rppv1.Member {
	m := &rppv1.Member{Version: n.cfg.Version, Health: level.String(), Reasons: reasons}
	if s, err := n.data.Space(); err == nil {
		m.DiskFreeBytes = s.FreeBytes
	}
	for _, d := range n.devices {
		i := d.Info()
		m.Devices = append(m.Devices, &rppv1.Device{Name: i.Name, Kind: i.Kind, Threads: uint32(i.Threads), MemoryBytes: uint64(i.MemoryBytes)})
	}
	return m
}

// statusLoop keeps gossip told.
func (n *Node) statusLoop(ctx context.Context) {
	for {
		level, reasons := n.judgement()
		if err := n.gossip.SetMeta(n.meta(level)); err != nil {
			n.log.Warn("gossip meta", "error", err)
		}
		if b, err := proto.Marshal(n.self(level, reasons)); err == nil {
			if err := n.gossip.SetStatus(b); err != nil {
				n.log.Warn("gossip status", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(statusPause):
		}
	}
}

// meta is what every node knows of this one within seconds.
func (n *Node) meta(level health.Level) gossip.Meta {
	m := gossip.Meta{ID: gossip.ID(n.id), Role: gossip.Worker, Health: gossip.Health(level), Command: fsm.CommandVersion, APIAddress: n.APIAddress(), Build: n.cfg.Version}
	if n.role == identity.Voter {
		m.Role = gossip.Voter
	}
	for _, d := range n.devices {
		i := d.Info()
		m.Devices++
		m.Threads += uint16(i.Threads)
		m.BestDevice = max(m.BestDevice, deviceKind(i.Kind))
	}
	m.Weight = uint32(m.Threads) * 100
	for _, k := range (registry{n}).Keys() {
		m.KeysWanted++
		if n.keys.Holds(k) {
			m.KeysReady++
		}
	}
	return m
}

func deviceKind(kind string) gossip.DeviceKind {
	switch kind {
	case "cpu-avx512":
		return gossip.AVX512
	case "cpu-avx2":
		return gossip.AVX2
	}
	return gossip.Portable
}
