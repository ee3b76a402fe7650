package fsm

import (
	"fmt"
	"slices"
	"testing"
)

// Lists stand in one order, whatever the order in which things came.
func TestListsAreInOrder(t *testing.T) {
	l := newLab()
	for _, i := range []int{3, 1, 2} {
		name := fmt.Sprint("x", i)
		key := putKey(byte(10 * i))
		key.Family = name
		l.must(t, key)
		l.must(t, &CreateToken{ID: name, Role: RoleWorker, ExpiresMS: 2_000_000})
		l.must(t, &RegisterValidator{ID: ValidatorID{byte(i)}, PublicKey: []byte{1}})
		l.must(t, &QuarantineDevice{Device: name})
	}
	l.must(t, &RotateKeys{Family: "x2", Epoch: 2, GraceUntilMS: 3_000_000})
	l.must(t, &RemoveMember{NodeID: n(0)})
	l.must(t, &RemoveMember{NodeID: n(1)})
	s := l.s
	var got []string
	for _, f := range s.Families() {
		got = append(got, f.Name)
	}
	for _, k := range s.Keys() {
		got = append(got, k.Family, fmt.Sprint(k.GraceUntilMS))
	}
	for _, k := range s.Tokens() {
		got = append(got, k.ID)
	}
	for _, q := range s.Quarantine() {
		got = append(got, q.Subject)
	}
	want := []string{"x1", "x2", "x3", "x1", "0", "x2", "3000000", "x3", "0", "x1", "x2", "x3", "x1", "x2", "x3"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if v := s.Validators(); len(v) != 3 || v[0].ID != (ValidatorID{1}) || v[2].ID != (ValidatorID{3}) {
		t.Errorf("validators %v", v)
	}
	if r := s.Revocations(); len(r) != 2 || compareNodes(r[0].ID, r[1].ID) >= 0 {
		t.Errorf("revocations %v", r)
	}
	if _, ok := s.Validator(ValidatorID{9}); ok || s.Cluster() != "cluster-1" {
		t.Error("finds a validator that is not")
	}
	again, err := ReadSnapshot(bytesOf(t, s))
	if err != nil || again.Digest() != s.Digest() || s.Freeze().AppliedIndex() != l.index {
		t.Error(err)
	}
}

func TestLiveJobsOfAMachine(t *testing.T) {
	l := sampleLab(t)
	jobs := follow(l).LiveJobs()
	if len(jobs) != 2 || jobs[0].ID != job(4) || jobs[1].ID != job(1) {
		t.Errorf("%v", jobs)
	}
}

func TestNames(t *testing.T) {
	var got []string
	for r := Role(0); r <= RoleAuditor; r++ {
		got = append(got, r.String())
	}
	for s := Accepted; s <= Quarantined; s++ {
		got = append(got, s.String())
	}
	for k := QuarantineKind(0); k <= ClosedTenant; k++ {
		got = append(got, k.String())
	}
	want := []string{
		"unknown", "voter", "worker", "validator", "operator", "auditor",
		"accepted", "unknown", "unknown", "released", "failed", "cancelled", "quarantined",
		"unknown", "spec", "device", "node", "tenant",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
