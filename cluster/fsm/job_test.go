package fsm

import (
	"slices"
	"testing"

	"rpp-node/cluster/fault"
)

func fail(i int) *FailJob {
	return &FailJob{Job: job(i), Code: fault.CodeInvalidWitness, Reason: "constraint 7"}
}

func cancel(tenant, key string) *CancelJob { return &CancelJob{Tenant: tenant, IdempotencyKey: key} }

func TestSubmit(t *testing.T) {
	fresh := func(change func(*SubmitJob)) *SubmitJob {
		c := submit(0, "a", "k")
		change(c)
		return c
	}
	existing := func(want bool) func(*testing.T, *lab, Result) {
		return func(t *testing.T, _ *lab, r Result) {
			t.Helper()
			if r.Existing != want || r.Job.ID != job(0) {
				t.Errorf("existing %v, job %v", r.Existing, r.Job)
			}
		}
	}
	run(t, []row{
		{name: "creates", when: submit(0, "a", "k"), then: func(t *testing.T, l *lab, r Result) {
			existing(false)(t, l, r)
			is(0, Accepted, func(j *Job) bool {
				return j.equal(&submit(0, "", "").Statement) && j.Class == 2 && j.AcceptIndex == 5 && j.AcceptedMS == l.nowMS && j.Wanted("a") && !j.Known("b")
			})(t, l, r)
		}},
		{name: "same key again", given: []Command{submit(0, "a", "k")}, when: submit(0, "a", "k"), then: existing(true)},
		{name: "another key", given: []Command{submit(0, "a", "k")}, when: submit(0, "a", "l"), then: is(0, Accepted, func(j *Job) bool { return len(j.Subscriptions) == 2 })},
		{name: "another tenant", given: []Command{submit(0, "a", "k")}, when: submit(0, "b", "k"), then: is(0, Accepted, func(j *Job) bool { return j.Wanted("a") && j.Wanted("b") })},
		{name: "key of another spec", given: []Command{submit(1, "a", "k")}, when: submit(0, "a", "k"), want: fault.CodeIdemKey},
		{name: "key of another spec that was cancelled", given: []Command{submit(1, "a", "k"), cancel("a", "k")}, when: submit(0, "a", "k"), want: fault.CodeIdemKey},
		{name: "key of another tenant's spec", given: []Command{submit(1, "b", "k")}, when: submit(0, "a", "k")},
		{name: "no tenant", when: submit(0, "", "k"), want: fault.CodeField},
		{name: "no key", when: submit(0, "a", ""), want: fault.CodeField},
		{name: "no spec", when: fresh(func(c *SubmitJob) { c.Spec = nil }), want: fault.CodeField},
		{name: "other fields for the same spec", given: []Command{submit(0, "b", "k")}, when: fresh(func(c *SubmitJob) { c.WitnessDigest = d(9) }), want: fault.CodeField},
		{name: "other estimates for the same spec", given: []Command{submit(0, "b", "k")}, when: fresh(func(c *SubmitJob) { c.Cells = 9 }), then: is(0, Accepted, func(j *Job) bool { return j.Cells == 1<<20 })},
		{name: "released", given: []Command{submit(0, "a", "k"), release(0, d(50), 0, 1)}, when: submit(0, "b", "k"), then: is(0, Released, func(j *Job) bool { return j.Wanted("b") && j.Revived == 0 })},
		{name: "revives a failed job", given: []Command{submit(0, "a", "k"), fail(0)}, when: submit(0, "a", "k"), then: is(0, Accepted, func(j *Job) bool {
			return j.Revived == 1 && j.Code == "" && j.FinishIndex == 0 && len(j.Endings) == 1 && j.Endings[0].State == Failed && j.Endings[0].Code == fault.CodeInvalidWitness && j.AcceptIndex == 7
		})},
		{name: "revives a cancelled job for others", given: []Command{submit(0, "a", "k"), cancel("a", "k")}, when: submit(0, "b", "k"), then: is(0, Accepted, func(j *Job) bool {
			return j.Revived == 1 && !j.Wanted("a") && j.Known("a") && j.Wanted("b")
		})},
		{name: "quarantined", given: []Command{&QuarantineSpec{Tenant: "a", Spec: Digest(job(0)), Reason: "crashes"}}, when: submit(0, "a", "k"), want: fault.CodeQuarantined},
		{name: "quarantined for another tenant", given: []Command{&QuarantineSpec{Tenant: "b", Spec: Digest(job(0))}}, when: submit(0, "a", "k")},
		{name: "revives a quarantined job once lifted", given: []Command{
			submit(0, "a", "k"), &QuarantineSpec{Tenant: "a", Spec: Digest(job(0))}, &LiftQuarantine{Kind: QuarantinedSpec, Subject: job(0).String(), Tenant: "a"},
		}, when: submit(0, "a", "k"), then: is(0, Accepted)},
		{name: "intake closed", given: []Command{&CloseIntake{Tenant: "a", UntilMS: 1_060_000, Reason: "three specs"}}, when: submit(0, "a", "k"), want: fault.CodeIntakeClosed, then: func(t *testing.T, _ *lab, r Result) {
			if after := fault.Of(r.Err).RetryAfter; after.Seconds() != 60 {
				t.Errorf("retry after %s", after)
			}
		}},
		{name: "intake closed, of a job known already", given: []Command{submit(0, "a", "k"), &CloseIntake{Tenant: "a", UntilMS: 1_060_000}}, when: submit(0, "a", "k"), then: existing(true)},
		{name: "intake open again", given: []Command{&CloseIntake{Tenant: "a", UntilMS: 1_060_000}}, when: fresh(func(c *SubmitJob) { c.NowMS = 1_060_000 })},
		{name: "family frozen", given: []Command{&FreezeFamily{Family: "pruning", Reason: "forged proof"}}, when: submit(0, "a", "k"), want: fault.CodeFrozen},
		{name: "key is current", given: []Command{putKey(1)}, when: submit(0, "a", "k")},
		{name: "key is another", given: []Command{putKey(7)}, when: submit(0, "a", "k"), want: fault.CodeKeyEpoch},
		{name: "key is within grace", given: []Command{putKey(1), &RotateKeys{Family: "pruning", Epoch: 2, GraceUntilMS: 1_000_001}, putKey(7)}, when: submit(0, "a", "k")},
		{name: "key's grace is over", given: []Command{putKey(1), &RotateKeys{Family: "pruning", Epoch: 2, GraceUntilMS: 1_000_000}, putKey(7)}, when: submit(0, "a", "k"), want: fault.CodeKeyEpoch},
	})
}

func TestCancel(t *testing.T) {
	run(t, []row{
		{name: "last subscription", given: []Command{submit(0, "a", "k")}, when: cancel("a", "k"), then: func(t *testing.T, l *lab, r Result) {
			is(0, Cancelled, func(j *Job) bool { return j.FinishIndex == 6 && j.FinishedMS == l.nowMS && !j.Wanted("a") })(t, l, r)
			if j, ok := l.s.ByKey("a", "k"); !ok || j.State != Cancelled || r.Job.State != Cancelled {
				t.Errorf("its owner finds %v", j)
			}
		}},
		{name: "one of two", given: []Command{submit(0, "a", "k"), submit(0, "b", "k")}, when: cancel("a", "k"), then: is(0, Accepted, func(j *Job) bool { return !j.Wanted("a") && j.Wanted("b") })},
		{name: "one key of two", given: []Command{submit(0, "a", "k"), submit(0, "a", "l")}, when: cancel("a", "k"), then: is(0, Accepted, func(j *Job) bool { return j.Wanted("a") })},
		{name: "all of the tenant's", given: []Command{submit(0, "a", "k"), submit(0, "a", "l")}, when: &CancelJob{Tenant: "a", Job: job(0)}, then: is(0, Cancelled)},
		{name: "all of the tenant's, not of others", given: []Command{submit(0, "a", "k"), submit(0, "b", "l")}, when: &CancelJob{Tenant: "a", Job: job(0)}, then: is(0, Accepted)},
		{name: "failed", given: []Command{submit(0, "a", "k"), fail(0)}, when: cancel("a", "k"), then: is(0, Failed, func(j *Job) bool { return !j.Wanted("a") })},
		{name: "released", given: []Command{submit(0, "a", "k"), release(0, d(50), 0, 1)}, when: cancel("a", "k"), want: fault.CodeFinal},
		{name: "unknown key", given: []Command{submit(0, "a", "k")}, when: cancel("a", "l"), want: fault.CodeNoJob},
		{name: "another tenant's key", given: []Command{submit(0, "a", "k")}, when: cancel("b", "k"), want: fault.CodeNoJob},
		{name: "another tenant's job", given: []Command{submit(0, "a", "k")}, when: &CancelJob{Tenant: "b", Job: job(0)}, want: fault.CodeNoJob},
		{name: "unknown job", when: &CancelJob{Tenant: "a", Job: job(0)}, want: fault.CodeNoJob},
	})
}

func TestFail(t *testing.T) {
	run(t, []row{
		{name: "live", given: []Command{submit(0, "a", "k")}, when: fail(0), then: is(0, Failed, func(j *Job) bool {
			return j.Code == fault.CodeInvalidWitness && j.Reason == "constraint 7" && j.Wanted("a")
		})},
		{name: "failed already", given: []Command{submit(0, "a", "k"), &FailJob{Job: job(0), Code: fault.CodeAttempts}}, when: fail(0), then: is(0, Failed, func(j *Job) bool { return j.Code == fault.CodeAttempts })},
		{name: "a code of a later release", given: []Command{submit(0, "a", "k")}, when: &FailJob{Job: job(0), Code: "C499-of-tomorrow"}, then: is(0, Failed)},
		{name: "this life", given: []Command{submit(0, "a", "k")}, when: &FailJob{Job: job(0), AcceptIndex: 5, Code: fault.CodeAttempts}, then: is(0, Failed)},
		{name: "an earlier life", given: []Command{submit(0, "a", "k"), fail(0), submit(0, "a", "k")}, when: &FailJob{Job: job(0), AcceptIndex: 5, Code: fault.CodeAttempts}, want: fault.CodeFinal},
		{name: "no code", given: []Command{submit(0, "a", "k")}, when: &FailJob{Job: job(0)}, want: fault.CodeField},
		{name: "released", given: []Command{submit(0, "a", "k"), release(0, d(50), 0, 1)}, when: fail(0), want: fault.CodeFinal},
		{name: "cancelled", given: []Command{submit(0, "a", "k"), cancel("a", "k")}, when: fail(0), want: fault.CodeFinal},
		{name: "unknown", when: fail(0), want: fault.CodeNoJob},
	})
}

func TestRelease(t *testing.T) {
	forged := func(change func(*ReleaseJob)) *ReleaseJob {
		c := release(0, d(50), 1, 2)
		change(c)
		return c
	}
	claim := func(change func(*ReceiptClaim)) *ReleaseJob {
		return forged(func(c *ReleaseJob) {
			m := ReceiptClaim{Cluster: "cluster-1", Job: job(0), Spec: Digest(job(0)), Proof: d(50), Fingerprint: d(1), Build: "build-1"}
			change(&m)
			c.Receipts[0] = SignReceipt(nodes[1].key, n(1), m)
		})
	}
	given := []Command{submit(0, "a", "k")}
	accepted := is(0, Released, func(j *Job) bool {
		r := j.Release
		return r.ProofDigest == d(50) && r.ProofBytes == 70_000 && r.Assembler == n(0) && r.VoterCount == 3 && j.FinishIndex == 6 &&
			slices.IsSortedFunc(r.Receipts, func(a, b SignedReceipt) int { return compareNodes(a.Voter, b.Voter) })
	})
	run(t, []row{
		{name: "quorum", given: given, when: release(0, d(50), 1, 2), then: accepted},
		{name: "assembler and one other", given: given, when: release(0, d(50), 0, 1), then: accepted},
		{name: "all", given: given, when: release(0, d(50), 2, 1, 0), then: accepted},
		{name: "same proof again", given: []Command{submit(0, "a", "k"), release(0, d(50), 0, 1)}, when: release(0, d(50), 1, 2), then: func(t *testing.T, _ *lab, r Result) {
			if !r.Existing || r.Job.State != Released {
				t.Errorf("%+v", r)
			}
		}},
		{name: "another proof", given: []Command{submit(0, "a", "k"), release(0, d(50), 0, 1)}, when: release(0, d(51), 1, 2), want: fault.CodeFinal},
		{name: "unknown job", when: release(0, d(50), 1, 2), want: fault.CodeNoJob},
		{name: "cancelled", given: []Command{submit(0, "a", "k"), cancel("a", "k")}, when: release(0, d(50), 1, 2), want: fault.CodeFinal},
		{name: "failed", given: []Command{submit(0, "a", "k"), fail(0)}, when: release(0, d(50), 1, 2), want: fault.CodeFinal},
		{name: "family frozen", given: []Command{submit(0, "a", "k"), &FreezeFamily{Family: "pruning"}}, when: release(0, d(50), 1, 2), want: fault.CodeFrozen},
		{name: "no receipt", given: given, when: release(0, d(50)), want: fault.CodeReceipts},
		{name: "one receipt", given: given, when: release(0, d(50), 1), want: fault.CodeReceipts},
		{name: "one receipt twice", given: given, when: release(0, d(50), 1, 1), want: fault.CodeReceipts},
		{name: "no voter", given: append(slices.Clone(given), member(3)), when: release(0, d(50), 1, 3), want: fault.CodeReceipts},
		{name: "a quorum and one that is no voter", given: append(slices.Clone(given), member(3)), when: release(0, d(50), 1, 2, 3), want: fault.CodeReceipts},
		{name: "a removed voter", given: append(slices.Clone(given), &RemoveMember{NodeID: n(2)}), when: release(0, d(50), 1, 2), want: fault.CodeReceipts},
		{name: "signature of another voter", given: given, when: forged(func(c *ReleaseJob) { c.Receipts[0].Signature = c.Receipts[1].Signature }), want: fault.CodeReceipts},
		{name: "a bit of the signature", given: given, when: forged(func(c *ReleaseJob) { c.Receipts[1].Signature[40] ^= 1 }), want: fault.CodeReceipts},
		{name: "another voter's name", given: given, when: forged(func(c *ReleaseJob) { c.Receipts[0].Voter = n(0) }), want: fault.CodeReceipts},
		{name: "another build", given: given, when: forged(func(c *ReleaseJob) { c.Receipts[0].Build = "build-2" }), want: fault.CodeReceipts},
		{name: "receipts of another proof", given: given, when: forged(func(c *ReleaseJob) { c.ProofDigest = d(51) }), want: fault.CodeReceipts},
		{name: "receipts of another job", given: append(slices.Clone(given), submit(1, "a", "l")), when: forged(func(c *ReleaseJob) { c.Job = job(1) }), want: fault.CodeReceipts},
		{name: "claim of another cluster", given: given, when: claim(func(m *ReceiptClaim) { m.Cluster = "cluster-2" }), want: fault.CodeReceipts},
		{name: "claim of another job", given: given, when: claim(func(m *ReceiptClaim) { m.Job = job(1) }), want: fault.CodeReceipts},
		{name: "claim of another spec", given: given, when: claim(func(m *ReceiptClaim) { m.Spec = d(9) }), want: fault.CodeReceipts},
		{name: "claim of another proof", given: given, when: claim(func(m *ReceiptClaim) { m.Proof = d(9) }), want: fault.CodeReceipts},
		{name: "claim of another key", given: given, when: claim(func(m *ReceiptClaim) { m.Fingerprint = d(9) }), want: fault.CodeReceipts},
		{name: "claim of another build", given: given, when: claim(func(m *ReceiptClaim) { m.Build = "b" }), then: accepted},
		{name: "honest claim", given: given, when: claim(func(*ReceiptClaim) {}), then: accepted},
	})
}

// With two voters, both must have verified; alone, a voter may release what it assembled.
func TestReceiptsByVoterCount(t *testing.T) {
	for _, c := range []struct {
		voters, receipts []int
		ok               bool
	}{
		{[]int{0}, []int{0}, true},
		{[]int{0}, nil, false},
		{[]int{0, 1}, []int{0}, false},
		{[]int{0, 1}, []int{0, 1}, true},
		{[]int{0, 1}, []int{1}, false},
		{[]int{0, 1, 2, 3}, []int{1, 2}, false},
		{[]int{0, 1, 2, 3}, []int{1, 2, 3}, true},
		{nil, []int{0}, false},
	} {
		l := newLab()
		l.do(member(3))
		var voters []NodeID
		for _, v := range c.voters {
			voters = append(voters, n(v))
		}
		l.index++
		SetVoters(l.s, l.index, voters)
		l.do(submit(0, "a", "k"))
		if r := l.do(release(0, d(50), c.receipts...)); (r.Err == nil) != c.ok {
			t.Errorf("voters %v, receipts %v: %v", c.voters, c.receipts, r.Err)
		}
	}
}

// Raft may name a voter that joined as something else, with a key that cannot sign.
func TestVoterWithoutKey(t *testing.T) {
	l := newLab()
	odd := &PutMember{NodeID: NodeIDOf([]byte("rsa")), Name: "odd", Role: RoleWorker, PublicKey: []byte("rsa")}
	l.must(t, odd)
	l.must(t, submit(0, "a", "k"))
	l.index++
	SetVoters(l.s, l.index, []NodeID{n(0), n(1), odd.NodeID})
	c := release(0, d(50), 0, 1)
	c.Receipts[1].Voter = odd.NodeID
	l.refuses(t, c, fault.CodeReceipts)
}

// A job keeps its proof when voters leave or change their keys.
func TestReleaseOutlivesVoters(t *testing.T) {
	l := newLab()
	for _, c := range []Command{submit(0, "a", "k"), release(0, d(50), 1, 2), &RemoveMember{NodeID: n(1)}} {
		if r := l.do(c); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	changed := member(2)
	changed.PublicKey = nodes[5].spki
	if r := l.do(changed); r.Err != nil {
		t.Fatal(r.Err)
	}
	if err := CheckInvariants(l.s); err != nil {
		t.Error(err)
	}
}
