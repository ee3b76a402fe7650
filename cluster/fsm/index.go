package fsm

// index is what can be computed from the jobs. It is kept beside them, never written.
type index struct {
	byKey   map[subscriptionKey]JobID
	tenants map[string]int // live jobs that a tenant wants
	inUse   map[Digest]int // live jobs by the fingerprint of their key
	count   [Quarantined + 1]int
	all     timeline // by AcceptIndex
	live    timeline // by AcceptIndex
	ended   timeline // by FinishIndex
}

// subscriptionKey is what a client knows of a job.
type subscriptionKey struct{ tenant, key string }

func newIndex() index {
	return index{byKey: map[subscriptionKey]JobID{}, tenants: map[string]int{}, inUse: map[Digest]int{}}
}

// replace puts the new record of a job in the place of the old one. Either may be nil.
// Every change of a job comes through here.
func (s *State) replace(old, new *Job) {
	if old != nil {
		s.uncount(old)
		delete(s.jobs, old.ID)
	}
	if new != nil {
		s.jobs[new.ID] = new
		s.recount(new)
		if old == nil || old.AcceptIndex != new.AcceptIndex {
			s.all.add(new.AcceptIndex, new.ID)
		}
		if new.Live() && (old == nil || !old.Live()) {
			s.live.add(new.AcceptIndex, new.ID)
		}
		if !new.Live() && (old == nil || old.Live()) {
			s.ended.add(new.FinishIndex, new.ID)
		}
	}
	if old == nil {
		return
	}
	if new == nil || old.AcceptIndex != new.AcceptIndex {
		s.all.drop(s.holdsAll)
	}
	if old.Live() && (new == nil || !new.Live()) {
		s.live.drop(s.holdsLive)
	}
	if !old.Live() && (new == nil || new.Live()) {
		s.ended.drop(s.holdsEnded)
	}
}

func (s *State) recount(j *Job) {
	s.count[j.State]++
	for _, sub := range j.Subscriptions {
		s.byKey[subscriptionKey{sub.Tenant, sub.Key}] = j.ID
	}
	if j.Live() {
		s.inUse[j.Fingerprint]++
		for _, t := range j.active() {
			s.tenants[t]++
		}
	}
}

func (s *State) uncount(j *Job) {
	s.count[j.State]--
	for _, sub := range j.Subscriptions {
		delete(s.byKey, subscriptionKey{sub.Tenant, sub.Key})
	}
	if j.Live() {
		if s.inUse[j.Fingerprint]--; s.inUse[j.Fingerprint] == 0 {
			delete(s.inUse, j.Fingerprint)
		}
		for _, t := range j.active() {
			if s.tenants[t]--; s.tenants[t] == 0 {
				delete(s.tenants, t)
			}
		}
	}
}

func (s *State) holdsAll(e entry) bool {
	j := s.jobs[e.id]
	return j != nil && j.AcceptIndex == e.index
}

func (s *State) holdsLive(e entry) bool {
	j := s.jobs[e.id]
	return j != nil && j.Live() && j.AcceptIndex == e.index
}

func (s *State) holdsEnded(e entry) bool {
	j := s.jobs[e.id]
	return j != nil && !j.Live() && j.FinishIndex == e.index
}

// oldestEnded is the job that ended first, nil without one.
func (s *State) oldestEnded() *Job {
	for _, e := range s.ended.entries {
		if s.holdsEnded(e) {
			return s.jobs[e.id]
		}
	}
	return nil
}
