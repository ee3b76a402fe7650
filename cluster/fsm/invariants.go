package fsm

import (
	"fmt"
	"maps"
	"slices"
)

// CheckInvariants says what is wrong with a state, if anything is: the first of what
// always holds that does not, every released job's receipts verified again.
func CheckInvariants(s *State) error {
	if err := s.checkStructure(); err != nil {
		return err
	}
	if err := s.checkIndex(); err != nil {
		return err
	}
	for j := range s.ended.jobs() {
		if j.State == Released {
			if err := j.Release.check(s.cluster, j); err != nil {
				return fmt.Errorf("job %s: %w", j.ID, err)
			}
		}
	}
	return nil
}

// checkStructure checks the records themselves, but not signatures.
func (s *State) checkStructure() error {
	if err := s.config.check(); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if !slices.IsSortedFunc(s.voters, compareNodes) || len(slices.Compact(slices.Clone(s.voters))) != len(s.voters) || len(s.voters) > MaxVoters {
		return fmt.Errorf("voters: not a sorted set of at most %d", MaxVoters)
	}
	if (s.keyring.Version == 0) != (s.keyring.Step == 0) || (s.keyring.Version == 0) != (len(s.keyring.KeyDigests) == 0) {
		return fmt.Errorf("keyring: version %d, step %d, %d keys", s.keyring.Version, s.keyring.Step, len(s.keyring.KeyDigests))
	}
	for _, check := range []func() error{s.checkJobs, s.checkTotals, s.checkKeys, s.checkMembers, s.checkRest} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) checkJobs() error {
	var accepts, finishes []uint64
	subscriptions := 0
	for id, j := range s.jobs {
		if err := s.checkJob(id, j); err != nil {
			return fmt.Errorf("job %s: %w", id, err)
		}
		accepts = append(accepts, j.AcceptIndex)
		if !j.Live() {
			finishes = append(finishes, j.FinishIndex)
		}
		subscriptions += len(j.Subscriptions)
	}
	if hasTwice(accepts) || hasTwice(finishes) {
		return fmt.Errorf("jobs: two were accepted or finished by the same entry")
	}
	if subscriptions != len(s.byKey) {
		return fmt.Errorf("jobs: %d subscriptions under %d idempotency keys", subscriptions, len(s.byKey))
	}
	if n := s.count[Accepted]; n > maxLiveJobs {
		return fmt.Errorf("%d live jobs", n)
	}
	if n := len(s.jobs) - s.count[Accepted]; n > maxFinishedJobs {
		return fmt.Errorf("%d finished jobs", n)
	}
	return nil
}

func (s *State) checkJob(id JobID, j *Job) error {
	wanted := false
	for _, sub := range j.Subscriptions {
		if sub.Tenant == "" || sub.Key == "" {
			return fmt.Errorf("subscription %q of %q", sub.Key, sub.Tenant)
		}
		wanted = wanted || sub.Interest == Active
	}
	final := j.FinishIndex != 0
	verdict := j.Code != "" || j.Reason != ""
	switch {
	case id != JobIDOf(j.Spec) || id != j.ID:
		return fmt.Errorf("is not the digest of its spec")
	case j.State != Accepted && j.State != Released && j.State != Failed && j.State != Cancelled && j.State != Quarantined:
		return fmt.Errorf("state %d", j.State)
	case len(j.Subscriptions) == 0:
		return fmt.Errorf("nobody subscribed")
	case j.Live() && !wanted:
		return fmt.Errorf("live, and nobody wants it")
	case (j.State == Cancelled || j.State == Quarantined) && wanted:
		return fmt.Errorf("%s, and somebody wants it", j.State)
	case j.AcceptIndex == 0 || j.AcceptIndex > s.applied || j.AcceptedMS > s.nowMS:
		return fmt.Errorf("accepted at %d, applied is %d", j.AcceptIndex, s.applied)
	case j.Live() == final || j.Live() && j.FinishedMS != 0:
		return fmt.Errorf("%s, finished at %d", j.State, j.FinishIndex)
	case final && (j.FinishIndex <= j.AcceptIndex || j.FinishIndex > s.applied || j.FinishedMS < j.AcceptedMS || j.FinishedMS > s.nowMS):
		return fmt.Errorf("accepted at %d, finished at %d, applied is %d", j.AcceptIndex, j.FinishIndex, s.applied)
	case (j.State == Released) != (j.Release != nil):
		return fmt.Errorf("%s, release %v", j.State, j.Release)
	case verdict && j.State != Failed && j.State != Quarantined || j.State == Failed && j.Code == "":
		return fmt.Errorf("%s with code %q", j.State, j.Code)
	case len(j.Endings) != min(int(j.Revived), maxEndings):
		return fmt.Errorf("revived %d times, %d endings", j.Revived, len(j.Endings))
	}
	for _, e := range j.Endings {
		if e.State != Failed && e.State != Cancelled && e.State != Quarantined {
			return fmt.Errorf("revived from %s", e.State)
		}
	}
	return nil
}

func hasTwice(list []uint64) bool {
	slices.Sort(list)
	return len(slices.Compact(list)) != len(list)
}

// checkIndex compares what is kept beside the jobs with a recount.
func (s *State) checkIndex() error {
	fresh := &State{jobs: map[JobID]*Job{}, index: newIndex()}
	for _, j := range s.jobs {
		fresh.replace(nil, j.clone())
	}
	switch {
	case !maps.Equal(fresh.byKey, s.byKey):
		return fmt.Errorf("index: idempotency keys")
	case !maps.Equal(fresh.tenants, s.tenants):
		return fmt.Errorf("index: jobs of tenants")
	case !maps.Equal(fresh.inUse, s.inUse):
		return fmt.Errorf("index: keys in use")
	case fresh.count != s.count:
		return fmt.Errorf("index: counters %v, recounted %v", s.count, fresh.count)
	case !slices.Equal(fresh.all.order(), names(&s.all)):
		return fmt.Errorf("index: order of jobs")
	case !slices.Equal(fresh.live.order(), names(&s.live)):
		return fmt.Errorf("index: order of live jobs")
	case !slices.Equal(fresh.ended.order(), names(&s.ended)):
		return fmt.Errorf("index: order of finished jobs")
	}
	return nil
}

// order lists the jobs in the order that their places give, whatever it is now.
func (t *timeline) order() []JobID {
	slices.SortFunc(t.entries, compareEntries)
	return names(t)
}

func names(t *timeline) (list []JobID) {
	for j := range t.jobs() {
		list = append(list, j.ID)
	}
	return list
}

func (s *State) checkTotals() error {
	t := s.totals
	if begun, ended := t.Accepted+t.Revived, t.Released+t.Failed+t.Cancelled+t.Quarantined; begun-ended != uint64(s.count[Accepted]) {
		return fmt.Errorf("totals: %d begun, %d ended, %d live", begun, ended, s.count[Accepted])
	}
	return nil
}

func (s *State) checkKeys() error {
	for name, f := range s.families {
		if name == "" || name != f.Name || f.Epoch == 0 || !f.Frozen && (f.Reason != "" || f.FrozenMS != 0) {
			return fmt.Errorf("family %q: %+v", name, *f)
		}
	}
	if len(s.keys) > maxVariants {
		return fmt.Errorf("%d variants", len(s.keys))
	}
	for id, list := range s.keys {
		f := s.families[id.Family]
		if f == nil || len(list) == 0 || len(list) > maxEpochs {
			return fmt.Errorf("variant %s: %d keys, family %v", id, len(list), f)
		}
		for i, k := range list {
			former := k.Epoch < f.Epoch
			if k.VariantID != id || k.Epoch == 0 || k.Epoch > f.Epoch || former != (k.GraceUntilMS != 0) || i > 0 && k.Epoch <= list[i-1].Epoch {
				return fmt.Errorf("key of epoch %d of %s: grace until %d, family in epoch %d", k.Epoch, id, k.GraceUntilMS, f.Epoch)
			}
		}
	}
	return nil
}

func (s *State) checkMembers() error {
	names := map[string]bool{}
	for id, m := range s.members {
		if m.ID != id || m.Name == "" || names[m.Name] || s.revoked[id] != nil || (m.Role == RoleValidator) != (m.Tenant != "") {
			return fmt.Errorf("member %s: %q, %s", id, m.Name, m.Role)
		}
		if _, ok := ed25519Key(m.PublicKey); m.Role == RoleVoter && !ok {
			return fmt.Errorf("voter %s: no Ed25519 key", m.Name)
		}
		names[m.Name] = true
	}
	return nil
}

func (s *State) checkRest() error {
	for id, v := range s.validators {
		if len(v.Registrations) == 0 {
			return fmt.Errorf("validator %s: no registration", id)
		}
		for i, r := range v.Registrations {
			if i > 0 && r.Epoch <= v.Registrations[i-1].Epoch || len(r.PublicKey) == 0 || !r.Revoked && r.Reason != "" {
				return fmt.Errorf("validator %s: registration of epoch %d", id, r.Epoch)
			}
		}
	}
	for id, k := range s.tokens {
		if id == "" || (k.Role == RoleValidator) != (k.Tenant != "") || !k.Spent && (k.SpentBy != NodeID{} || k.SpentMS != 0) {
			return fmt.Errorf("token %s: role %s, spent %v", id, k.Role, k.Spent)
		}
	}
	for key, q := range s.quarantine {
		if q.Subject == "" || (q.Kind == ClosedTenant) != (q.UntilMS != 0) || (q.Kind == QuarantinedSpec) != (q.Tenant != "") {
			return fmt.Errorf("quarantine: %v", key)
		}
	}
	return nil
}
