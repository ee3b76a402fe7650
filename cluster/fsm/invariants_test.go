package fsm

import (
	"fmt"
	"strings"
	"testing"
)

// Each rule bites: a sound state is broken in one place, and the rule is named.
func TestInvariantsBite(t *testing.T) {
	live, failedThenLive, cancelled, released, quarantined := job(4), job(1), job(2), job(0), job(3)
	edit := func(id JobID, change func(*Job)) func(*State) {
		return func(s *State) {
			next := *s.jobs[id].clone()
			change(&next)
			s.replace(s.jobs[id], &next)
		}
	}
	for _, c := range []struct {
		want   string
		change func(*State)
	}{
		{"configuration", func(s *State) { s.config.RetentionMS = 0 }},
		{"voters", func(s *State) { s.voters = []NodeID{{2}, {1}} }},
		{"voters", func(s *State) { s.voters = []NodeID{{1}, {1}} }},
		{"keyring", func(s *State) { s.keyring.Step = 0 }},
		{"keyring", func(s *State) { s.keyring.KeyDigests = nil }},
		{"subscription \"\"", edit(live, func(j *Job) { j.Subscriptions[0].Key = "" })},
		{"under 6 idempotency keys", edit(live, func(j *Job) { j.Subscriptions = append(j.Subscriptions, j.Subscriptions[0]) })},
		{"digest of its spec", edit(live, func(j *Job) { j.Spec = []byte("another") })},
		{"state 2", edit(live, func(j *Job) { j.State = 2 })},
		{"nobody subscribed", edit(cancelled, func(j *Job) { j.Subscriptions = nil })},
		{"nobody wants it", edit(live, func(j *Job) { j.Subscriptions[0].Interest = WithdrawnByCancel })},
		{"somebody wants it", edit(cancelled, func(j *Job) { j.Subscriptions[0].Interest = Active })},
		{"somebody wants it", edit(quarantined, func(j *Job) { j.Subscriptions[0].Interest = Active })},
		{"accepted at 0", edit(live, func(j *Job) { j.AcceptIndex = 0 })},
		{"accepted at 9999", edit(live, func(j *Job) { j.AcceptIndex = 9999 })},
		{"accepted at", edit(live, func(j *Job) { j.AcceptedMS = 1 << 40 })},
		{"finished at 3", edit(live, func(j *Job) { j.FinishIndex = 3 })},
		{"accepted, finished", edit(live, func(j *Job) { j.FinishedMS = 3 })},
		{"cancelled, finished at 0", edit(cancelled, func(j *Job) { j.FinishIndex = 0 })},
		{"finished at 2,", edit(cancelled, func(j *Job) { j.FinishIndex = 2 })},
		{"finished at 9999", edit(cancelled, func(j *Job) { j.FinishIndex = 9999 })},
		{"finished at", edit(cancelled, func(j *Job) { j.FinishedMS = 1 })},
		{"finished at", edit(cancelled, func(j *Job) { j.FinishedMS = 1 << 40 })},
		{"release", edit(released, func(j *Job) { j.Release = nil })},
		{"release", edit(cancelled, func(j *Job) { j.Release = &Release{} })},
		{"with code", edit(live, func(j *Job) { j.Code = "C1" })},
		{"with code", edit(cancelled, func(j *Job) { j.Reason = "r" })},
		{"endings", edit(live, func(j *Job) { j.Revived = 1 })},
		{"revived from", edit(failedThenLive, func(j *Job) { j.Endings[0].State = Released })},
		{"by the same entry", func(s *State) {
			edit(live, func(j *Job) { j.AcceptIndex = s.jobs[cancelled].AcceptIndex })(s)
		}},
		{"by the same entry", func(s *State) {
			edit(quarantined, func(j *Job) { j.FinishIndex = s.jobs[cancelled].FinishIndex })(s)
		}},
		{"under 5 idempotency keys", func(s *State) { delete(s.byKey, subscriptionKey{"zeta", "z"}) }},
		{"index: idempotency keys", func(s *State) { s.byKey[subscriptionKey{"zeta", "z"}] = live }},
		{"under 5 idempotency keys", edit(live, func(j *Job) { j.Subscriptions[0].Key = "z" })},
		{"jobs of tenants", func(s *State) { s.tenants["zeta"]++ }},
		{"keys in use", func(s *State) { s.inUse[d(1)]++ }},
		{"counters", func(s *State) { s.count[Failed]++ }},
		{"100001 live jobs", func(s *State) { s.count[Accepted] = maxLiveJobs + 1 }},
		{"finished jobs", func(s *State) { s.count[Accepted] = -maxFinishedJobs }},
		{"1025 variants", func(s *State) {
			for i := range maxVariants {
				s.keys[VariantID{Family: fmt.Sprint(i)}] = nil
			}
		}},
		{"order of jobs", func(s *State) { s.all.entries = s.all.entries[1:] }},
		{"order of live jobs", func(s *State) { s.live.entries = nil }},
		{"order of finished jobs", func(s *State) { s.ended.entries = append(s.ended.entries, s.ended.entries[0]) }},
		{"totals", func(s *State) { s.totals.Accepted++ }},
		{"totals", func(s *State) { s.totals.Cancelled++ }},
		{"family", func(s *State) { s.families["pruning"] = &Family{Name: "pruning"} }},
		{"family", func(s *State) { s.families["x"] = &Family{Name: "y", Epoch: 1} }},
		{"family", func(s *State) { s.families["x"] = &Family{Name: "x", Epoch: 1, Reason: "r"} }},
		{"variant", func(s *State) { delete(s.families, "pruning") }},
		{"variant", func(s *State) { s.keys[sampleVariant] = nil }},
		{"key of epoch", func(s *State) { s.keys[sampleVariant][0].GraceUntilMS = 0 }},
		{"key of epoch", func(s *State) { s.keys[sampleVariant][1].GraceUntilMS = 5 }},
		{"key of epoch", func(s *State) { s.keys[sampleVariant][0].Epoch = 2 }},
		{"key of epoch", func(s *State) { s.keys[sampleVariant][1].Epoch = 3 }},
		{"member", func(s *State) { s.members[n(0)].Name = "" }},
		{"member", func(s *State) { s.members[n(0)].Name = "node-1" }},
		{"member", func(s *State) { s.members[n(0)].ID = n(5) }},
		{"member", func(s *State) { s.members[n(0)].Tenant = "a" }},
		{"member", func(s *State) { s.revoked[n(0)] = &Revocation{ID: n(0)} }},
		{"voter", func(s *State) { s.members[n(0)].PublicKey = nil }},
		{"validator", func(s *State) { s.validators[ValidatorID{1}].Registrations = nil }},
		{"validator", func(s *State) { s.validators[ValidatorID{1}].Registrations[1].Epoch = 5 }},
		{"validator", func(s *State) { s.validators[ValidatorID{1}].Registrations[1].PublicKey = nil }},
		{"validator", func(s *State) { s.validators[ValidatorID{1}].Registrations[1].Reason = "r" }},
		{"token", func(s *State) { s.tokens["tk1"].Spent = false }},
		{"token", func(s *State) { s.tokens["tk3"].Tenant = "a" }},
		{"quarantine", func(s *State) { s.quarantine[specKey("acme", quarantined)].Tenant = "" }},
		{"quarantine", func(s *State) { s.quarantine[tenantKey("acme")].UntilMS = 0 }},
		{"two receipts", func(s *State) {
			r := s.jobs[released].Release
			r.Receipts = append(r.Receipts, r.Receipts[1])
		}},
		{"not valid", func(s *State) { s.jobs[released].Release.Receipts[0].Signature[3] ^= 1 }},
		{"not valid", func(s *State) { s.jobs[released].Release.ProofDigest[3] ^= 1 }},
		{"needed", func(s *State) { s.jobs[released].Release.VoterCount = 5 }},
		{"needed", func(s *State) { s.jobs[released].Release.Receipts = nil }},
	} {
		s := sampleLab(t).s
		c.change(s)
		if err := CheckInvariants(s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, found %v", c.want, err)
		}
	}
}
