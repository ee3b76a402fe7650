package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"runtime"
	"time"

	"rpp-node/cluster/api"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/health"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/keys"
	"rpp-node/cluster/leader"
	"rpp-node/cluster/raft"
	"rpp-node/cluster/transport"
	"rpp-node/prover/proving"
	"rpp-node/scheduler"
	"rpp-node/store"
	"rpp-node/store/artifact"
	"rpp-node/store/audit"
	"rpp-node/store/keycache"
	"rpp-node/store/raftlog"
)

func (n *Node) openMembership() (err error) {
	if n.member, err = ReadMembership(n.cfg.Disk, string(n.dir)); err != nil {
		return err
	}
	n.role, err = n.member.role()
	if err == nil && !n.role.Node() {
		err = fmt.Errorf("%s holds the identity of a %s, not of a node", n.dir, n.role)
	}
	return err
}

func (n *Node) openIdentity() error {
	dir := identity.OpenDir(n.cfg.Disk, n.dir.identity())
	c, err := dir.Load(n.member.Cluster)
	if err != nil {
		return err
	}
	n.key, n.id = c.Key(), fsm.NodeID(c.Identity().ID)
	if end := c.Identity().NotAfter; n.role != identity.Voter && !n.cfg.Now().Before(end) {
		// A voter signs its own. Whoever has to ask for one must be let in to ask.
		return fault.New(fault.CodeUnauthenticated, "the certificate ended at %s, while this node was down: remove the node and let it join again, in a new data directory", end.Format(time.RFC3339))
	}
	if n.role == identity.Voter {
		n.issuer, err = dir.LoadIssuer(n.member.Cluster, n.cfg.Now, n.cfg.Rand)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	n.keeper = identity.NewKeeper(identity.KeeperConfig{
		Credential: c, Save: dir.Save, Now: n.cfg.Now, Rand: n.newRand(), Log: n.log,
	})
	// The issuer of a voter that was removed goes on to count: the founder's stands above
	// that of every other voter, and without it nobody would believe anybody.
	n.verifier = identity.NewVerifier(identity.Trust{
		Cluster: n.member.Cluster, Roots: c.Roots(), Now: n.cfg.Now, Revoked: n.revoked,
	})
	return nil
}

// database opens one of the node's stores. Damage stops Raft's, for good; of the data, one
// artifact is set aside when it is read.
func (n *Node) database(dir string, ballast int64, stop bool) (*store.DB, error) {
	s := n.cfg.Config.Store
	db, err := store.Open(store.Options{
		Dir: dir, Log: n.log, CacheBytes: int64(s.Cache), BallastBytes: ballast,
		Headroom:         store.Headroom{MinFreeBytes: uint64(s.MinFree), MinFreeFraction: s.MinFreeShare},
		StopOnCorruption: stop,
		OnFault: func(f store.Fault) {
			n.log.Error("store", "dir", dir, "kind", f.Kind, "stopped", f.Stopped, "error", f.Err)
			if f.Stopped {
				n.faults.add(storeError(fmt.Errorf("store %s: %w", dir, f.Err)))
			}
		},
	})
	if err != nil {
		return nil, err
	}
	n.onClose(dir, db.Close)
	return db, nil
}

// storeError says what to do about a store that is damaged. A voter must not go on with
// less than it has promised to keep, so nothing is cut off or repaired in place.
func storeError(err error) error {
	if store.IsCorruption(err) {
		return fault.New(fault.CodeStore, "%w", err)
	}
	return err
}

func (n *Node) openData() (err error) {
	if n.data, err = n.database(n.dir.data(), int64(n.cfg.Config.Store.Ballast), false); err != nil {
		return err
	}
	seal, made, err := sealer(n.cfg.Disk, n.dir, n.cfg.Rand)
	if err != nil {
		return err
	}
	quota := int64(n.cfg.Config.Store.Quota)
	if quota == 0 {
		quota = 1 << 60 // the head-room is the limit
	}
	n.artifacts, err = artifact.New(n.data, artifact.Options{QuotaBytes: quota, Now: n.cfg.Now, Rand: n.cfg.Rand, Sealer: seal,
		// What nothing refers to any more, such as the witness of a job that has ended.
		Grace: time.Duration(n.cfg.Config.Store.KeepWitnesses),
	})
	if err != nil {
		return err
	}
	if made {
		if err := dropWitnesses(n.artifacts); err != nil {
			return err
		}
	}
	if n.keyIndex, err = keycache.New(n.data, n.artifacts); err != nil {
		return err
	}
	n.audit, err = audit.New(n.data, n.cfg.Now)
	return err
}

func (n *Node) openKeys() error {
	n.judge = proving.NewVerifier(n.member.SecurityFloor)
	n.keys = keys.New(keys.Config{
		Index: n.keyIndex, Blobs: n.artifacts, Registry: registry{n}, Peers: blobs{n}, Observer: keyObserver{n},
		Log: n.log, Workers: runtime.GOMAXPROCS(0),
	})
	return nil
}

func (n *Node) openState() (err error) {
	if n.role != identity.Voter {
		return nil
	}
	n.machine = fsm.NewMachine(n.member.Cluster, func(err error) { n.faults.add(err) })
	if n.raftDB, err = n.database(n.dir.raft(), 0, true); err != nil {
		return err
	}
	n.raftLog, err = raftlog.Open(n.raftDB)
	return err
}

func (n *Node) openNetwork() error {
	base, err := n.cfg.Listen(n.cfg.Config.Listen.API)
	if err != nil {
		return fmt.Errorf("listen.api: %w", err)
	}
	n.listener = transport.Listen(base, transport.Config{Credentials: n.keeper, Verifier: n.verifier, Now: n.cfg.Now, Log: n.log})
	n.onClose("listener", n.listener.Close)
	n.dialer = transport.NewDialer(transport.DialerConfig{Base: n.cfg.Dial, Credentials: n.keeper, Verifier: n.verifier})
	http := n.dialer.HTTPClient(transport.WantRole(identity.Voter))
	n.onClose("calls", func() error { http.CloseIdleConnections(); return nil })
	n.cluster = api.NewClient(api.ClientConfig{HTTP: http, Addresses: n.voterAddresses(), Rand: n.newRand()})
	n.onClose("peers", n.peers.close)
	return nil
}

func (n *Node) openGossip() error {
	g, err := readGossipKeys(n.cfg.Disk, n.dir)
	if err != nil {
		return err
	}
	var cidrs []netip.Prefix
	for _, s := range n.cfg.Config.Cluster.GossipCIDRs {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return fmt.Errorf("cluster.gossip_cidrs: %w", err)
		}
		cidrs = append(cidrs, p)
	}
	n.gossip, err = gossip.Open(gossip.Config{
		ID: gossip.ID(n.id), Name: n.member.Name, Cluster: n.member.Cluster, Keys: g.keys, Meta: n.meta(health.Healthy),
		Bind: n.cfg.Config.Listen.Gossip, Advertise: n.cfg.Config.Listen.AdvertiseGossip, CIDRsAllowed: cidrs,
		Log: n.log, Now: n.cfg.Now,
	})
	if err != nil {
		return err
	}
	n.onClose("gossip", func() error {
		if n.killed.Load() {
			return n.gossip.Close()
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		n.gossip.Leave(ctx)
		return n.gossip.Close()
	})
	return nil
}

func (n *Node) openRaft() (err error) {
	if n.role != identity.Voter {
		return nil
	}
	if err := n.checkLog(); err != nil {
		return err
	}
	advertise := address(n.APIAddress())
	var first []raft.Server
	if n.member.Founder {
		first = []raft.Server{{ID: n.id.String(), Address: string(advertise), Voter: true}}
	}
	election := time.Duration(n.cfg.Config.Advanced.Election)
	n.raft, err = raft.Open(raft.Config{
		ID: n.id.String(), Address: string(advertise), Machine: machine{n.machine, n.logBegan},
		Logs: n.raftLog, Stable: n.raftLog, Snapshots: n.raftLog,
		Stream:  transport.NewRaftLayer(n.listener, n.dialer, advertise),
		Resolve: n.raftAddress, Bootstrap: first, IsCorrupt: store.IsCorruption,
		OnFault:          func(err error) { n.faults.add(err) },
		CheckBackup:      checkBackup(n.member.Cluster),
		HeartbeatTimeout: election, ElectionTimeout: election, LeaseTimeout: election / 2,
		Pilot: &raft.Pilot{Liveness: liveness{n}, StableFor: time.Second, Interval: 250 * time.Millisecond},
		Log:   n.log, Now: n.cfg.Now,
	})
	if err != nil {
		return storeError(err)
	}
	n.onClose("raft", n.raft.Close)
	if n.member.Founder {
		// Only once: a founder that has lost its log must not found a second cluster.
		if err := n.noteMember(func(m *Membership) { m.Founder = false }); err != nil {
			return err
		}
	}
	n.leader = leader.New(leader.Config{
		Node: n.id, Name: n.member.Name, Now: n.cfg.Now, Log: n.log,
		Raft: raftAdapter{n.raft}, Machine: n.machine, Voters: voters{n}, Witnesses: witnesses{n}, Reference: reference{n},
		Scheduler: n.schedulerConfig(), Heartbeat: time.Duration(n.cfg.Config.Advanced.Heartbeat), Observer: leaderObserver{n},
	})
	return nil
}

func (n *Node) schedulerConfig() scheduler.Config {
	c := scheduler.DefaultConfig()
	c.Build = n.cfg.Build
	c.Lease = time.Duration(n.cfg.Config.Advanced.Lease)
	c.SilentAfter = min(c.SilentAfter, c.Lease)
	c.DeliveryGrace = min(c.DeliveryGrace, c.Lease)
	c.JobsMax = n.cfg.Config.Limits.QueueJobs
	c.TenantJobsMax = n.cfg.Config.Limits.TenantJobs
	c.TimeLimitMax = time.Duration(n.cfg.Config.Devices.TimeLimit)
	c.TimeLimitMin = min(c.TimeLimitMin, c.TimeLimitMax)
	return c
}

// address is a host:port as a net.Addr.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }
