package fsm

import "testing"

func TestSmoke(t *testing.T) {
	m := NewMachine("c1", func(err error) { t.Fatal(err) })
	b, err := Encode(&SubmitJob{Header: Header{NowMS: 5, Actor: "a"}, Tenant: "t", IdempotencyKey: "k", Statement: Statement{Spec: []byte("spec")}})
	if err != nil {
		t.Fatal(err)
	}
	r := m.Apply(2, b).(Result)
	if r.Err != nil || r.Job == nil {
		t.Fatal(r)
	}
	m.View(func(s *State) {
		if err := CheckInvariants(s); err != nil {
			t.Fatal(err)
		}
	})
}
