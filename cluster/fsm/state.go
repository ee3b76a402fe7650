package fsm

import (
	"slices"
)

// State is what the cluster has agreed on, up to an index of its log. It is not safe for
// concurrent use; Machine is.
type State struct {
	cluster string
	applied uint64
	nowMS   int64
	config  Configuration
	voters  []NodeID // sorted

	jobs   map[JobID]*Job
	totals Totals

	families   map[string]*Family
	keys       map[VariantID][]*Key // by epoch
	validators map[ValidatorID]*Validator
	tokens     map[string]*Token
	members    map[NodeID]*Member
	revoked    map[NodeID]*Revocation
	quarantine map[quarantineKey]*Quarantine
	keyring    GossipKeyring

	index
}

// New is the state of a cluster whose log is empty.
func New(cluster string) *State {
	return &State{
		cluster: cluster,
		config: Configuration{
			JobsPerTenantMax: defaultJobsPerTenant,
			LiveJobsMax:      maxLiveJobs,
			FinishedJobsMax:  maxFinishedJobs,
			RetentionMS:      defaultRetention.Milliseconds(),
		},
		jobs:       map[JobID]*Job{},
		families:   map[string]*Family{},
		keys:       map[VariantID][]*Key{},
		validators: map[ValidatorID]*Validator{},
		tokens:     map[string]*Token{},
		members:    map[NodeID]*Member{},
		revoked:    map[NodeID]*Revocation{},
		quarantine: map[quarantineKey]*Quarantine{},
		index:      newIndex(),
	}
}

// SetVoters takes over the voters of Raft's configuration, which the entry at that index
// named. They are what counts even if the state is of a later index: it may come from a
// backup of another time.
func SetVoters(s *State, index uint64, voters []NodeID) {
	v := slices.Clone(voters)
	slices.SortFunc(v, compareNodes)
	s.voters = slices.Compact(v)
	s.applied = max(s.applied, index)
}

// quorum is how many voters are a majority.
func quorum(voters int) int { return voters/2 + 1 }
