package fsm

import (
	"encoding/binary"
	"fmt"
	"testing"

	"rpp-node/cluster/fault"
)

func (l *lab) must(t testing.TB, c Command) Result {
	t.Helper()
	r := l.do(c)
	if r.Err != nil {
		t.Fatalf("%T: %v", c, r.Err)
	}
	return r
}

func (l *lab) refuses(t testing.TB, c Command, want fault.Code) {
	t.Helper()
	before := body(l.s)
	if r := l.do(c); !fault.Is(r.Err, want) {
		t.Errorf("%T: %v, want %s", c, r.Err, want)
	}
	if body(l.s) != before {
		t.Errorf("%T: the refused command changed something", c)
	}
}

// numbered is the i-th of many different names.
func numbered[T ~[32]byte](i int) (id T) {
	binary.BigEndian.PutUint64(id[:], uint64(i)+1)
	return id
}

func TestLiveJobsAreLimited(t *testing.T) {
	l := newLab()
	l.must(t, &Configure{Configuration: Configuration{JobsPerTenantMax: 2, LiveJobsMax: 3, FinishedJobsMax: 10, RetentionMS: 1000}})
	l.must(t, submit(0, "a", "0"))
	l.must(t, submit(1, "a", "1"))
	l.refuses(t, submit(2, "a", "2"), fault.CodeTenantQuota)
	l.must(t, submit(0, "a", "another key")) // the same job
	l.must(t, submit(2, "b", "2"))
	l.refuses(t, submit(2, "a", "2"), fault.CodeTenantQuota) // a third job for a
	l.refuses(t, submit(3, "c", "3"), fault.CodeQueueFull)
	l.must(t, submit(2, "c", "2")) // no more jobs than before
	l.must(t, release(0, d(50), 0, 1))
	l.must(t, submit(3, "c", "3"))
	l.must(t, submit(0, "c", "0")) // released: no work
	l.must(t, cancel("a", "1"))
	l.must(t, submit(4, "a", "4"))
	l.refuses(t, submit(1, "b", "1"), fault.CodeQueueFull) // to be revived
	if c := l.s.Counters(); c.Live != 3 || c.Finished != 2 || l.s.LiveJobsOf("a") != 1 || l.s.LiveJobsOf("c") != 2 {
		t.Errorf("%+v", c)
	}
}

func TestFinishedJobsAreLimited(t *testing.T) {
	l := newLab()
	conf := l.s.Configuration()
	conf.FinishedJobsMax = 2
	l.must(t, &Configure{Configuration: conf})
	for i := range 3 {
		l.must(t, submit(i, "a", fmt.Sprint(i)))
	}
	l.must(t, cancel("a", "1"))
	l.must(t, cancel("a", "0"))
	r := l.must(t, cancel("a", "2"))
	if _, ok := l.s.Job(job(1)); ok || l.s.Counters().Finished != 2 || len(r.Changes) != 2 || r.Changes[1].Kind != JobForgotten {
		t.Errorf("the oldest was not forgotten: %+v", r.Changes)
	}
}

func TestSubscriptionsAreLimited(t *testing.T) {
	l := newLab()
	for i := range maxTenantSubscriptions {
		l.must(t, submit(0, "a", fmt.Sprint(i)))
	}
	l.refuses(t, submit(0, "a", "one more"), fault.CodeTenantQuota)
	l.must(t, submit(0, "a", "0"))
	for i := maxTenantSubscriptions; i < maxSubscriptions; i++ {
		l.must(t, submit(0, fmt.Sprint("tenant ", i), "k"))
	}
	l.refuses(t, submit(0, "one more", "k"), fault.CodeTenantQuota)
}

func TestEndingsAreLimited(t *testing.T) {
	l := newLab()
	for range maxEndings + 3 {
		l.must(t, submit(0, "a", "k"))
		l.must(t, cancel("a", "k"))
	}
	r := l.must(t, submit(0, "a", "k"))
	if r.Job.Revived != maxEndings+3 || len(r.Job.Endings) != maxEndings {
		t.Errorf("revived %d, %d endings", r.Job.Revived, len(r.Job.Endings))
	}
	if err := CheckInvariants(l.s); err != nil {
		t.Error(err)
	}
}

func TestTablesAreLimited(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(*State)
		next Command
	}{
		{"members", func(s *State) {
			for i := range maxMembers {
				s.members[numbered[NodeID](i)] = &Member{ID: numbered[NodeID](i), Name: fmt.Sprint(i)}
			}
		}, member(3)},
		{"revocations", func(s *State) {
			for i := range maxRevoked {
				s.revoked[numbered[NodeID](i)] = &Revocation{ID: numbered[NodeID](i)}
			}
		}, &RemoveMember{NodeID: n(1)}},
		{"tokens", func(s *State) {
			for i := range maxTokens {
				s.tokens[fmt.Sprint(i)] = &Token{ID: fmt.Sprint(i), Role: RoleWorker}
			}
		}, token()},
		{"quarantine", fillQuarantine, &QuarantineNode{Node: n(3)}},
		{"quarantine, by a spec", fillQuarantine, &QuarantineSpec{Tenant: "a"}},
		{"families, by a key", fillFamilies, putKey(1)},
		{"families, by a freeze", fillFamilies, &FreezeFamily{Family: "x"}},
		{"variants", func(s *State) {
			for i := range maxVariants {
				id := VariantID{"f", fmt.Sprint(i), "p", "h"}
				s.keys[id] = []*Key{{VariantID: id, Epoch: 1}}
			}
		}, putKey(1)},
		{"validators", func(s *State) {
			for i := range maxValidators {
				s.validators[numbered[ValidatorID](i)] = &Validator{ID: numbered[ValidatorID](i), Registrations: []Registration{{}}}
			}
		}, &RegisterValidator{PublicKey: []byte{1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab()
			c.fill(l.s)
			if r := l.do(c.next); !fault.Is(r.Err, fault.CodeTooBig) || len(r.Changes) > 0 {
				t.Errorf("%v, want %s", r.Err, fault.CodeTooBig)
			}
		})
	}
}

func fillQuarantine(s *State) {
	for i := range maxQuarantine {
		q := &Quarantine{Kind: QuarantinedNode, Subject: numbered[NodeID](i).String()}
		s.quarantine[q.key()] = q
	}
}

func fillFamilies(s *State) {
	for i := range maxFamilies {
		s.families[fmt.Sprint(i)] = &Family{Name: fmt.Sprint(i), Epoch: 1}
	}
}

func TestEpochsAreLimited(t *testing.T) {
	l := newLab()
	for i := range maxEpochs {
		l.must(t, putKey(byte(i)))
		l.must(t, rotate(uint64(i+2), 1_000_001))
	}
	l.refuses(t, putKey(99), fault.CodeTooBig)
	l.must(t, &Expire{Header{NowMS: 1_000_001}})
	l.must(t, putKey(99))
}

func TestRegistrationsAreLimited(t *testing.T) {
	l := newLab()
	for i := range maxRegistrations + 2 {
		l.must(t, &RegisterValidator{PublicKey: []byte{1}, VRFRoot: d(byte(i)), Epoch: uint64(i)})
	}
	v, _ := l.s.Validator(ValidatorID{})
	if len(v.Registrations) != maxRegistrations || v.Registrations[0].Epoch != 2 {
		t.Errorf("%d registrations from epoch %d", len(v.Registrations), v.Registrations[0].Epoch)
	}
}

// A tenant that fills the quarantine pushes out only its own.
func TestQuarantineOfATenantIsLimited(t *testing.T) {
	l := newLab()
	l.must(t, &QuarantineSpec{Tenant: "b", Spec: d(1)})
	for i := range maxQuarantinePerTenant + 1 {
		l.must(t, &QuarantineSpec{Tenant: "a", Spec: numbered[Digest](i)})
	}
	if l.s.SpecQuarantined("a", numbered[JobID](0)) || !l.s.SpecQuarantined("a", numbered[JobID](1)) || !l.s.SpecQuarantined("b", JobID(d(1))) {
		t.Error("another entry made room than the tenant's oldest")
	}
	if got := len(l.s.Quarantine()); got != maxQuarantinePerTenant+1 {
		t.Errorf("%d entries", got)
	}
	l.must(t, &QuarantineSpec{Tenant: "a", Spec: numbered[Digest](5)}) // known: nothing makes room
	if !l.s.SpecQuarantined("a", numbered[JobID](1)) {
		t.Error("an entry that was there pushed another out")
	}
}

// One command forgets a bounded number of jobs; the leader asks again.
func TestForgettingIsLimited(t *testing.T) {
	l := newLab()
	conf := l.s.Configuration()
	conf.JobsPerTenantMax = maxLiveJobs
	l.must(t, &Configure{Configuration: conf})
	for i := range maxForgotten + 10 {
		l.must(t, submit(i, "a", fmt.Sprint(i)))
		l.must(t, cancel("a", fmt.Sprint(i)))
	}
	late := &Expire{Header{NowMS: l.nowMS + conf.RetentionMS}}
	for _, want := range []int{maxForgotten, 10, 0} {
		if r := l.must(t, late); r.Expired != want {
			t.Errorf("expired %d, want %d", r.Expired, want)
		}
	}
	if err := CheckInvariants(l.s); err != nil {
		t.Error(err)
	}
}

func TestPages(t *testing.T) {
	l := newLab()
	for i := range 25 {
		l.must(t, submit(i, []string{"a", "b"}[i%2], fmt.Sprint(i)))
	}
	l.must(t, cancel("a", "10"))
	l.must(t, submit(10, "a", "10")) // revived: now the newest
	l.must(t, cancel("b", "3"))
	var order []JobID
	for page, calls := uint64(0), 0; ; calls++ {
		jobs, next := l.s.Jobs(Filter{}, page, 7)
		for _, j := range jobs {
			order = append(order, j.ID)
		}
		if len(jobs) > 7 || calls > 4 {
			t.Fatalf("page %d has %d jobs", calls, len(jobs))
		}
		if next == 0 {
			break
		}
		page = next
	}
	if len(order) != 25 || order[0] != job(10) || order[1] != job(24) || order[24] != job(0) {
		t.Errorf("%d jobs", len(order))
	}
	for _, c := range []struct {
		f    Filter
		want int
	}{
		{Filter{Tenant: "a"}, 13}, {Filter{Tenant: "c"}, 0}, {Filter{State: Cancelled}, 1}, {Filter{State: Accepted}, 24},
		{Filter{Family: "pruning"}, 25}, {Filter{Family: "state"}, 0}, {Filter{Tenant: "b", State: Cancelled}, 1},
	} {
		if jobs, _ := l.s.Jobs(c.f, 0, 100); len(jobs) != c.want {
			t.Errorf("%+v: %d jobs, want %d", c.f, len(jobs), c.want)
		}
	}
	live := l.s.LiveJobs()
	if len(live) != 24 || live[0].ID != job(0) || live[23].ID != job(10) {
		t.Errorf("%d live jobs", len(live))
	}
	if got := l.s.Counters().OldestLiveMS; got != l.nowMS {
		t.Errorf("the oldest was accepted at %d", got)
	}
}

func TestPagesAreLimited(t *testing.T) {
	l := newLab()
	conf := l.s.Configuration()
	conf.JobsPerTenantMax = maxLiveJobs
	l.must(t, &Configure{Configuration: conf})
	l.must(t, submit(0, "rare", "k"))
	for i := range maxPageScan {
		l.must(t, submit(i+1, "a", fmt.Sprint(i)))
	}
	if jobs, next := l.s.Jobs(Filter{}, 0, maxPage+1); len(jobs) != maxPage || next == 0 {
		t.Errorf("%d jobs on a page, next %d", len(jobs), next)
	}
	if jobs, _ := l.s.Jobs(Filter{}, 0, 0); len(jobs) != defaultPage {
		t.Errorf("%d jobs on a page of no size", len(jobs))
	}
	jobs, next := l.s.Jobs(Filter{Tenant: "rare"}, 0, 1)
	if len(jobs) != 0 || next == 0 {
		t.Fatalf("found %d at once, next %d", len(jobs), next)
	}
	if jobs, _ := l.s.Jobs(Filter{Tenant: "rare"}, next, 1); len(jobs) != 1 {
		t.Errorf("%d jobs on the second page", len(jobs))
	}
}
