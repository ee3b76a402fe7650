package node

import (
	"context"
	"errors"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/store/artifact"
)

// meet joins gossip, and joins again when this node is alone.
func (n *Node) meet(ctx context.Context) {
	for {
		others := 0
		for _, m := range n.gossip.Members() {
			if m.Liveness == gossip.Alive && m.Meta.ID != gossip.ID(n.id) {
				others++
			}
		}
		if others == 0 {
			if seeds := n.gossipSeeds(); len(seeds) > 0 {
				attempt, cancel := context.WithTimeout(ctx, applyTimeout)
				if err := n.gossip.Join(attempt, seeds); err != nil {
					n.log.Debug("gossip", "error", err)
				}
				cancel()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(meetPause):
		}
	}
}

// gossipSeeds are where gossip of others may be found.
func (n *Node) gossipSeeds() []string {
	seeds := append([]string(nil), n.member.Seeds...)
	if n.machine != nil {
		n.machine.View(func(s *fsm.State) {
			for _, m := range s.Members() {
				if m.GossipAddress != "" && m.ID != n.id {
					seeds = append(seeds, m.GossipAddress)
				}
			}
		})
	}
	return seeds
}

// upkeep is the leader's housekeeping, and each voter's.
func (n *Node) upkeep(ctx context.Context) {
	var collected, expired, anchored time.Time
	for {
		now := n.cfg.Now()
		n.cutOff()
		if n.Leading() {
			n.membership(ctx, now)
			if now.Sub(expired) >= expirePause {
				expired = now
				n.expire(ctx)
			}
			if now.Sub(anchored) >= anchorPause {
				anchored = now
				n.anchor(ctx, now)
			}
		}
		if now.Sub(collected) >= collectPause {
			collected = now
			if err := n.collect(ctx, now); err != nil && ctx.Err() == nil {
				n.log.Warn("collecting artifacts", "error", err)
			}
			if !n.data.BallastHeld() {
				n.data.RestoreBallast()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(upkeepPause):
		}
	}
}

// try proposes a command of the leader's own; nil if nothing came of it.
func (n *Node) try(ctx context.Context, c fsm.Command) *fsm.Result {
	r, err := n.proposeAs(ctx, n.member.Name, c)
	if err != nil {
		n.log.Debug("upkeep", "error", err)
		return nil
	}
	return r
}

// membership brings the state up to date with who is there.
func (n *Node) membership(ctx context.Context, now time.Time) {
	n.register(ctx)
	n.follow(ctx, now)
	n.configure(ctx)
	n.admitVoters(ctx, now)
	n.versions(ctx, now)
}

// expire forgets what is over.
func (n *Node) expire(ctx context.Context) {
	for r := n.try(ctx, &fsm.Expire{}); r != nil && r.Expired > 0; {
		r = n.try(ctx, &fsm.Expire{})
	}
}

// anchor fixes the heads of the audit chains.
func (n *Node) anchor(ctx context.Context, now time.Time) {
	if h := n.audit.Head(); h.Sequence > 0 {
		n.try(ctx, &fsm.AuditAnchor{NodeID: n.id, Sequence: h.Sequence, Head: fsm.Digest(h.Digest)})
	}
	for id, r := range n.reports.fresh(now) {
		if r.audit > 0 {
			n.try(ctx, &fsm.AuditAnchor{NodeID: id, Sequence: r.audit, Head: r.head})
		}
	}
}

// register makes the founder a member, which has let itself in, and follows changes of its
// addresses.
func (n *Node) register(ctx context.Context) {
	var m *fsm.Member
	n.machine.View(func(s *fsm.State) { m, _ = s.Member(n.id) })
	if m != nil && m.APIAddress == n.APIAddress() && m.GossipAddress == n.GossipAddress() && m.Version == n.cfg.Version {
		return
	}
	if m == nil {
		n.registerOperator(ctx)
	}
	n.try(ctx, &fsm.PutMember{
		NodeID: n.id, Name: n.member.Name, Role: fsm.RoleVoter, PublicKey: fsm.SPKI(publicKey(n.key)),
		APIAddress: n.APIAddress(), GossipAddress: n.GossipAddress(), Version: n.cfg.Version,
	})
}

// follow keeps the records of nodes that have moved, or run another release, by their own
// word.
func (n *Node) follow(ctx context.Context, now time.Time) {
	said := n.reports.fresh(now)
	var members []*fsm.Member
	n.machine.View(func(s *fsm.State) { members = s.Members() })
	for _, m := range members {
		r, ok := said[m.ID]
		if !ok || r.api == "" || r.api == m.APIAddress && r.gossip == m.GossipAddress && r.release == m.Version {
			continue
		}
		n.try(ctx, &fsm.PutMember{
			NodeID: m.ID, Name: m.Name, Role: m.Role, Tenant: m.Tenant, PublicKey: m.PublicKey,
			APIAddress: r.api, GossipAddress: r.gossip, Version: r.release,
		})
	}
}

// configure has the cluster agree on the limits of whoever leads: it is the leader's
// scheduler, too, that admits.
func (n *Node) configure(ctx context.Context) {
	var now fsm.Configuration
	n.machine.View(func(s *fsm.State) { now = s.Configuration() })
	want := now
	want.LiveJobsMax = uint32(n.cfg.Config.Limits.QueueJobs)
	want.JobsPerTenantMax = uint32(n.cfg.Config.Limits.TenantJobs)
	want.RetentionMS = time.Duration(n.cfg.Config.Store.KeepProofs).Milliseconds()
	if want != now {
		n.try(ctx, &fsm.Configure{Configuration: want})
	}
}

// admitVoters gives the log to voters that have joined and are up. They get a vote when
// they have caught up, which is the pilot's business.
func (n *Node) admitVoters(ctx context.Context, now time.Time) {
	known := map[string]bool{}
	for _, s := range n.raft.Servers() {
		known[s.ID] = true
		// One that is being removed may just have been given the log again.
		if id, err := identity.ParseNodeID(s.ID); err == nil && n.revoked(id) {
			if err := n.raft.Remove(ctx, s.ID); err != nil {
				n.log.Warn("a voter that was removed still gets the log", "voter", s.ID, "error", err)
			}
		}
	}
	up := n.reports.fresh(now)
	var members []*fsm.Member
	n.machine.View(func(s *fsm.State) { members = s.Members() })
	for _, m := range members {
		if _, ok := up[m.ID]; !ok || m.Role != fsm.RoleVoter || known[m.ID.String()] || n.leaving.has(m.ID) {
			continue
		}
		if err := n.raft.AddNonvoter(ctx, m.ID.String(), m.APIAddress); err != nil {
			n.log.Warn("a voter that joined does not get the log yet", "voter", m.Name, "error", err)
		}
	}
}

// versions announces which commands each voter executes.
func (n *Node) versions(ctx context.Context, now time.Time) {
	announced := n.reports.fresh(now)
	announced[n.id] = report{version: fsm.CommandVersion}
	var members []*fsm.Member
	n.machine.View(func(s *fsm.State) { members = s.Members() })
	for _, m := range members {
		if r, ok := announced[m.ID]; ok && r.version != 0 && r.version != m.CommandVersion {
			n.try(ctx, &fsm.AnnounceVersion{NodeID: m.ID, CommandVersion: r.version})
		}
	}
}

// referenced is the set of artifacts that the state needs.
func (n *Node) referenced() map[artifact.Digest]artifact.Kind {
	set := map[artifact.Digest]artifact.Kind{}
	n.machine.View(func(s *fsm.State) {
		s.References(func(k fsm.ArtifactKind, d fsm.Digest) {
			switch k {
			case fsm.WitnessArtifact:
				set[artifact.Digest(d)] = artifact.Witness
			case fsm.ProofArtifact:
				set[artifact.Digest(d)] = artifact.Proof
			default:
				set[artifact.Digest(d)] = artifact.Key
			}
		})
	})
	return set
}

// collect deletes what nothing refers to, by a plan that is written down first. A state that
// is behind the leader's, as at the start, does not know of jobs whose bytes are here; what
// is put later is pinned.
func (n *Node) collect(ctx context.Context, now time.Time) error {
	if n.catchUp(ctx) != nil {
		return nil
	}
	keep, err := n.keyIndex.Blobs()
	if err != nil {
		return err
	}
	refs := n.referenced()
	referenced := func(d artifact.Digest) bool { _, ok := refs[d]; return ok || keep[d] }
	plan, pending, err := n.artifacts.PendingPlan()
	if err != nil {
		return err
	}
	if !pending {
		if plan, err = n.artifacts.Plan(now, referenced); err != nil {
			return err
		}
	}
	if len(plan.Items) == 0 {
		return nil
	}
	done, err := n.artifacts.Execute(ctx, plan, referenced)
	if done.DeletedCount > 0 {
		n.log.Info("artifacts collected", "count", done.DeletedCount, "bytes", done.DeletedBytes)
	}
	return err
}

// repairs gets what the state refers to and this node lacks: it was away, or in the
// minority, when the bytes were handed out, or has lost them since.
func (n *Node) repairs(ctx context.Context) {
	events := n.machine.Subscribe(1024)
	defer events.Close()
	due := map[fsm.JobID]bool{}
	all := true
	timer := time.NewTicker(repairPause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events.C:
			switch e.Kind {
			case fsm.Reread:
				all = true
				n.keys.Kick()
			case fsm.KeysChanged:
				n.keys.Kick()
			case fsm.JobChanged:
				due[e.Job] = true
			}
			continue
		case <-timer.C:
		}
		if all {
			all = !n.repairAll(ctx)
		}
		for id := range due {
			if n.repairJob(ctx, id) {
				delete(due, id)
			}
		}
	}
}

// repairJob says whether the node holds what the job needs.
func (n *Node) repairJob(ctx context.Context, id fsm.JobID) bool {
	var j *fsm.Job
	n.machine.View(func(s *fsm.State) { j, _ = s.Job(id) })
	switch {
	case j == nil:
		return true
	case j.Live():
		return n.repair(ctx, artifact.Witness, j.WitnessDigest)
	case j.Release != nil:
		return n.repair(ctx, artifact.Proof, j.Release.ProofDigest)
	}
	return true
}

func (n *Node) repair(ctx context.Context, kind artifact.Kind, d fsm.Digest) bool {
	if have, err := n.artifacts.Has(artifact.Digest(d)); err == nil && have {
		return true
	}
	if err := n.fetch(ctx, kind, d); err != nil {
		n.log.Debug("repair", "kind", kind, "artifact", d, "error", err)
		return false
	}
	n.tracker.Recovered(kind.String(), d.String())
	n.log.Info("artifact fetched", "kind", kind, "artifact", d)
	return true
}

func (n *Node) repairAll(ctx context.Context) bool {
	whole := true
	for d, kind := range n.referenced() {
		if ctx.Err() != nil {
			return false
		}
		if kind != artifact.Key && !n.repair(ctx, kind, fsm.Digest(d)) {
			whole = false
		}
	}
	return whole
}

// checks reads, every hour, everything that the state refers to: what is damaged is set
// aside, and fetched again.
func (n *Node) checks(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkPause):
		}
		if err := n.Check(ctx); err != nil && !errors.Is(err, context.Canceled) {
			n.log.Error("check", "error", err)
		}
	}
}

// Check reads everything that the state refers to and gets what is missing or damaged.
func (n *Node) Check(ctx context.Context) error {
	var refs []artifact.Digest
	for d := range n.referenced() {
		refs = append(refs, d)
	}
	found, err := n.artifacts.Check(ctx, refs)
	if err != nil {
		return err
	}
	if len(found.Corrupt)+len(found.Missing) > 0 {
		n.log.Warn("check", "corrupt", len(found.Corrupt), "missing", len(found.Missing))
		n.repairAll(ctx)
		n.keys.Kick()
	}
	return nil
}
