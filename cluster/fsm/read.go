package fsm

import (
	"cmp"
	"slices"
	"sort"

	"rpp-node/cluster/fsm/internal/wire"
)

// Cluster is the cluster's name.
func (s *State) Cluster() string { return s.cluster }

// AppliedIndex is the index of the last entry in the state.
func (s *State) AppliedIndex() uint64 { return s.applied }

// NowMS is the latest time that a leader has told.
func (s *State) NowMS() int64 { return s.nowMS }

// Configuration is what the cluster has agreed to be bound by.
func (s *State) Configuration() Configuration { return s.config }

// Voters are those of Raft's configuration, sorted.
func (s *State) Voters() []NodeID { return slices.Clone(s.voters) }

// Digest is that of the state. It costs as much as writing a snapshot: take
// Machine.Snapshot's, outside of View, if the state may be large.
func (s *State) Digest() Digest { return s.Freeze().Digest() }

// CommandVersion is the newest version of commands that may be proposed: every voter has
// announced it.
func (s *State) CommandVersion() uint32 {
	if len(s.voters) == 0 {
		return 1
	}
	version := ^uint32(0)
	for _, id := range s.voters {
		announced := uint32(1) // every release reads version 1
		if m := s.members[id]; m != nil {
			announced = max(announced, m.CommandVersion)
		}
		version = min(version, announced)
	}
	return version
}

// Job is the job of that name.
func (s *State) Job(id JobID) (*Job, bool) {
	if j := s.jobs[id]; j != nil {
		return j.clone(), true
	}
	return nil, false
}

// ByKey is the job that the tenant submitted under that key.
func (s *State) ByKey(tenant, key string) (*Job, bool) {
	return s.Job(s.byKey[subscriptionKey{tenant, key}])
}

// Filter chooses jobs; what is zero chooses all.
type Filter struct {
	Tenant string
	State  JobState
	Family string
}

func (f *Filter) matches(j *Job) bool {
	return (f.State == 0 || j.State == f.State) && (f.Family == "" || j.Family == f.Family) &&
		(f.Tenant == "" || j.Known(f.Tenant))
}

// Jobs lists jobs, the one accepted last first. Page is 0 for the first page, then what
// the last call returned as next; next is 0 after the last page. A page may be short, or
// empty, and yet not be the last.
func (s *State) Jobs(f Filter, page uint64, limit int) (jobs []*Job, next uint64) {
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, maxPage)
	entries := s.all.entries
	if page != 0 {
		entries = entries[:sort.Search(len(entries), func(i int) bool { return entries[i].index >= page })]
	}
	for looked := 0; len(entries) > 0; looked++ {
		if len(jobs) == limit || looked == maxPageScan {
			return jobs, next
		}
		last := entries[len(entries)-1]
		entries = entries[:len(entries)-1]
		next = last.index
		if j := s.all.holder(last); j != nil && f.matches(j) {
			jobs = append(jobs, j.clone())
		}
	}
	return jobs, 0
}

// LiveJobs lists the live jobs in the order in which they were accepted.
func (s *State) LiveJobs() []*Job { return clones(s.liveRecords()) }

// LiveJobs lists the live jobs in the order in which they were accepted. Apply waits for
// a small part of the work only.
func (m *Machine) LiveJobs() []*Job {
	var live []*Job
	m.View(func(s *State) { live = s.liveRecords() })
	return clones(live)
}

func (s *State) liveRecords() []*Job {
	return slices.AppendSeq(make([]*Job, 0, s.count[Accepted]), s.live.jobs())
}

func clones(records []*Job) []*Job {
	jobs := make([]*Job, len(records))
	for i, j := range records {
		jobs[i] = j.clone()
	}
	return jobs
}

// Totals count what has ever happened to jobs.
type Totals struct {
	Accepted, Revived, Released, Failed, Cancelled, Quarantined uint64
}

func (t *Totals) walk(w *wire.Coder) {
	for _, p := range []*uint64{&t.Accepted, &t.Revived, &t.Released, &t.Failed, &t.Cancelled, &t.Quarantined} {
		w.U64(p, "totals")
	}
}

// Counters tell how much there is.
type Counters struct {
	Live         int
	Finished     int   // still remembered
	OldestLiveMS int64 // when the oldest live job was accepted, 0 without one
	Totals       Totals
}

// Counters of the state.
func (s *State) Counters() Counters {
	c := Counters{Live: s.count[Accepted], Finished: len(s.jobs) - s.count[Accepted], Totals: s.totals}
	if j := s.live.first(); j != nil {
		c.OldestLiveMS = j.AcceptedMS
	}
	return c
}

// LiveJobsOf counts the live jobs that a tenant wants.
func (s *State) LiveJobsOf(tenant string) int { return s.tenants[tenant] }

// Families lists the families that have keys or are frozen, by name.
func (s *State) Families() []Family {
	return sorted(s.families, func(f *Family) Family { return *f }, func(a, b Family) int { return cmp.Compare(a.Name, b.Name) })
}

// Keys lists the keys of all epochs that are kept, by variant and epoch.
func (s *State) Keys() []Key {
	var list []Key
	for _, keys := range s.keys {
		for _, k := range keys {
			list = append(list, *k)
		}
	}
	slices.SortFunc(list, func(a, b Key) int { return compareKeys(&a, &b) })
	return list
}

// CurrentKey is a variant's key of its family's present epoch, if there is one yet.
func (s *State) CurrentKey(id VariantID) (Key, bool) {
	if k := newest(s.keys[id]); k != nil && k.GraceUntilMS == 0 {
		return *k, true
	}
	return Key{}, false
}

// Validator is the validator of that name.
func (s *State) Validator(id ValidatorID) (*Validator, bool) {
	if v := s.validators[id]; v != nil {
		return v.clone(), true
	}
	return nil, false
}

// Validators lists all, by name.
func (s *State) Validators() []*Validator {
	return sorted(s.validators, (*Validator).clone, func(a, b *Validator) int { return slices.Compare(a.ID[:], b.ID[:]) })
}

// Tokens lists those that may be spent and those that were, by name.
func (s *State) Tokens() []Token {
	return sorted(s.tokens, func(k *Token) Token { return *k }, func(a, b Token) int { return cmp.Compare(a.ID, b.ID) })
}

// Member is the member of that name.
func (s *State) Member(id NodeID) (*Member, bool) {
	if m := s.members[id]; m != nil {
		return m.clone(), true
	}
	return nil, false
}

// Members lists all, by their own names.
func (s *State) Members() []*Member {
	return sorted(s.members, (*Member).clone, func(a, b *Member) int { return cmp.Compare(a.Name, b.Name) })
}

// Revoked says whether a node was removed.
func (s *State) Revoked(id NodeID) bool { return s.revoked[id] != nil }

// Revocations lists the removed nodes.
func (s *State) Revocations() []Revocation {
	return sorted(s.revoked, func(r *Revocation) Revocation { return *r }, func(a, b Revocation) int { return compareNodes(a.ID, b.ID) })
}

// Quarantine lists what is quarantined, by kind, tenant and subject.
func (s *State) Quarantine() []Quarantine {
	return sorted(s.quarantine, func(q *Quarantine) Quarantine { return *q }, func(a, b Quarantine) int { return compareQuarantine(&a, &b) })
}

// SpecQuarantined says whether a tenant's spec is quarantined.
func (s *State) SpecQuarantined(tenant string, id JobID) bool {
	return s.quarantine[specKey(tenant, id)] != nil
}

// DeviceQuarantined says whether a device, or its node, is quarantined.
func (s *State) DeviceQuarantined(device string, node NodeID) bool {
	return s.quarantine[quarantineKey{kind: QuarantinedDevice, subject: device}] != nil ||
		s.quarantine[quarantineKey{kind: QuarantinedNode, subject: node.String()}] != nil
}

// Keyring is how far the rotation of the gossip key has come.
func (s *State) Keyring() GossipKeyring {
	k := s.keyring
	k.KeyDigests = slices.Clone(k.KeyDigests)
	return k
}

// sorted copies a map's values in order.
func sorted[K comparable, V, T any](m map[K]V, copy func(V) T, compare func(a, b T) int) []T {
	list := make([]T, 0, len(m))
	for _, v := range m {
		list = append(list, copy(v))
	}
	slices.SortFunc(list, compare)
	return list
}
