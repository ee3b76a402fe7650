package fsm

// index is what can be computed from the jobs. It is kept beside them, never written.
type index struct {
	byKey   map[subscriptionKey]JobID
	tenants map[string]int // live jobs that a tenant wants
	inUse   map[Digest]int // live jobs by the fingerprint of their key
	count   [Quarantined + 1]int
	all     timeline // in the order in which they were accepted
	live    timeline // of all, those that are live
	ended   timeline // in the order in which they finished
}

// subscriptionKey is what a client knows of a job.
type subscriptionKey struct{ tenant, key string }

func newIndex() index {
	return index{
		byKey:   map[subscriptionKey]JobID{},
		tenants: map[string]int{},
		inUse:   map[Digest]int{},
		all:     timeline{place: func(j *Job) uint64 { return j.AcceptIndex }},
		live: timeline{place: func(j *Job) uint64 {
			if j.Live() {
				return j.AcceptIndex
			}
			return 0
		}},
		ended: timeline{place: func(j *Job) uint64 { return j.FinishIndex }},
	}
}

// replace puts the new record of a job in the place of the old one. Either may be nil.
// Every change of a job comes through here.
func (s *State) replace(old, new *Job) {
	at := &seat{}
	if old != nil {
		at = old.seat
		s.uncount(old)
		delete(s.jobs, old.ID)
	}
	at.job = new
	if new != nil {
		new.seat = at
		s.jobs[new.ID] = new
		s.recount(new)
	}
	s.all.move(at, old, new)
	s.live.move(at, old, new)
	s.ended.move(at, old, new)
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
