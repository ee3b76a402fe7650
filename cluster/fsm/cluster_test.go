package fsm

import (
	"crypto/ed25519"
	"crypto/x509"
	"testing"

	"rpp-node/cluster/fault"
)

func rotate(epoch uint64, untilMS int64) *RotateKeys {
	return &RotateKeys{Family: "pruning", Epoch: epoch, GraceUntilMS: untilMS}
}

func TestKeys(t *testing.T) {
	with := func(change func(*PutKey)) *PutKey {
		c := putKey(1)
		change(c)
		return c
	}
	current := func(fingerprint byte, epoch uint64) func(*testing.T, *lab, Result) {
		return func(t *testing.T, l *lab, _ Result) {
			t.Helper()
			if k, ok := l.s.CurrentKey(sampleVariant); ok != (fingerprint != 0) || k.Fingerprint != d(fingerprint) || k.Epoch != epoch {
				t.Errorf("current key %+v, %v", k, ok)
			}
		}
	}
	given := []Command{putKey(1)}
	run(t, []row{
		{name: "first", when: putKey(1), then: current(1, 1)},
		{name: "same again", given: given, when: putKey(1), then: current(1, 1)},
		{name: "other blob", given: given, when: with(func(c *PutKey) { c.ProvingBlob = d(9) }), want: fault.CodeKeyChanged},
		{name: "other verifying blob", given: given, when: with(func(c *PutKey) { c.VerifyingBlob = d(9) }), want: fault.CodeKeyChanged},
		{name: "other blob of another build", given: given, when: with(func(c *PutKey) { c.ProvingBlob, c.Build = d(9), "build-2" }), then: func(t *testing.T, l *lab, _ Result) {
			if k, _ := l.s.CurrentKey(sampleVariant); k.ProvingBlob != d(3) || k.Build != "build-1" {
				t.Errorf("the first derivation did not win: %+v", k)
			}
		}},
		{name: "other fingerprint", given: given, when: putKey(7), want: fault.CodeKeyChanged},
		{name: "other fingerprint of another build", given: given, when: with(func(c *PutKey) { c.Fingerprint, c.Build = d(7), "build-2" }), want: fault.CodeKeyChanged},
		{name: "no family", when: with(func(c *PutKey) { c.Family = "" }), want: fault.CodeField},
		{name: "no hash", when: with(func(c *PutKey) { c.Hash = "" }), want: fault.CodeField},
		{name: "next epoch", given: []Command{putKey(1), rotate(2, 2_000_000)}, when: putKey(7), then: current(7, 2)},
		{name: "same key in the next epoch", given: []Command{putKey(1), rotate(2, 2_000_000)}, when: putKey(1), then: current(1, 2)},
		{name: "rotate", given: given, when: rotate(2, 2_000_000), then: func(t *testing.T, l *lab, r Result) {
			current(0, 0)(t, l, r)
			if f := l.s.Families()[0]; f.Epoch != 2 || f.RotatedMS != l.nowMS {
				t.Errorf("family %+v", f)
			}
			if k := l.s.Keys()[0]; k.GraceUntilMS != 2_000_000 {
				t.Errorf("former key %+v", k)
			}
		}},
		{name: "rotate without grace", given: given, when: rotate(2, 0)},
		{name: "rotate twice keeps the first grace", given: []Command{putKey(1), rotate(2, 2_000_000)}, when: rotate(3, 3_000_000), then: func(t *testing.T, l *lab, _ Result) {
			if k := l.s.Keys()[0]; k.GraceUntilMS != 2_000_000 {
				t.Errorf("former key %+v", k)
			}
		}},
		{name: "rotate to the epoch that is", given: given, when: rotate(1, 2_000_000), want: fault.CodeKeyEpoch},
		{name: "rotate too far", given: given, when: rotate(3, 2_000_000), want: fault.CodeKeyEpoch},
		{name: "rotate nothing", when: rotate(2, 2_000_000), want: fault.CodeNoEntry},
		{name: "freeze", given: given, when: &FreezeFamily{Family: "pruning", Reason: "r"}, then: func(t *testing.T, l *lab, _ Result) {
			if f := l.s.Families()[0]; !f.Frozen || f.Reason != "r" || f.FrozenMS != l.nowMS || f.Epoch != 1 {
				t.Errorf("family %+v", f)
			}
		}},
		{name: "freeze a family without keys", when: &FreezeFamily{Family: "uptime"}},
		{name: "freeze again", given: []Command{&FreezeFamily{Family: "pruning", Reason: "r"}}, when: &FreezeFamily{Family: "pruning", Reason: "s"}, then: func(t *testing.T, l *lab, _ Result) {
			if f := l.s.Families()[0]; f.Reason != "r" {
				t.Errorf("family %+v", f)
			}
		}},
		{name: "freeze nothing", when: &FreezeFamily{}, want: fault.CodeField},
		{name: "unfreeze", given: []Command{putKey(1), &FreezeFamily{Family: "pruning"}}, when: &UnfreezeFamily{Family: "pruning"}, then: func(t *testing.T, l *lab, _ Result) {
			if r := l.do(submit(0, "a", "k")); r.Err != nil {
				t.Error(r.Err)
			}
		}},
		{name: "unfreeze what is not frozen", given: given, when: &UnfreezeFamily{Family: "pruning"}},
		{name: "unfreeze nothing", when: &UnfreezeFamily{Family: "pruning"}, want: fault.CodeNoEntry},
	})
}

func TestQuarantine(t *testing.T) {
	bad := &QuarantineSpec{Tenant: "a", Spec: Digest(job(0)), Reason: "crashed three devices"}
	run(t, []row{
		{name: "spec", given: []Command{submit(0, "a", "k")}, when: bad, then: is(0, Quarantined, func(j *Job) bool {
			return j.Code == fault.CodeQuarantined && j.Reason == "crashed three devices"
		})},
		{name: "spec of one tenant of two", given: []Command{submit(0, "a", "k"), submit(0, "b", "k")}, when: bad, then: is(0, Accepted, func(j *Job) bool {
			return !j.Wanted("a") && j.Wanted("b") && j.Code == ""
		})},
		{name: "spec that is not known", when: bad, then: func(t *testing.T, l *lab, _ Result) {
			q := l.s.Quarantine()[0]
			if !l.s.SpecQuarantined("a", job(0)) || l.s.SpecQuarantined("b", job(0)) || q.Reason != bad.Reason || q.By == "" || q.AtMS != l.nowMS {
				t.Errorf("%+v", q)
			}
		}},
		{name: "spec that failed", given: []Command{submit(0, "a", "k"), fail(0)}, when: bad, then: is(0, Failed, func(j *Job) bool { return j.Code == fault.CodeInvalidWitness && !j.Wanted("a") })},
		{name: "spec that is released", given: []Command{submit(0, "a", "k"), release(0, d(50), 0, 1)}, when: bad, want: fault.CodeFinal},
		{name: "spec of no tenant", when: &QuarantineSpec{Spec: Digest(job(0))}, want: fault.CodeField},
		{name: "device", when: &QuarantineDevice{Device: "node-3/0", Node: n(3), Reason: "wrong digest"}, then: func(t *testing.T, l *lab, _ Result) {
			if !l.s.DeviceQuarantined("node-3/0", n(3)) || l.s.DeviceQuarantined("node-3/1", n(3)) {
				t.Error(l.s.Quarantine())
			}
		}},
		{name: "no device", when: &QuarantineDevice{Node: n(3)}, want: fault.CodeField},
		{name: "node", when: &QuarantineNode{Node: n(3), Reason: "two devices"}, then: func(t *testing.T, l *lab, _ Result) {
			if !l.s.DeviceQuarantined("node-3/1", n(3)) || l.s.DeviceQuarantined("node-4/0", n(4)) {
				t.Error(l.s.Quarantine())
			}
		}},
		{name: "intake for longer", given: []Command{&CloseIntake{Tenant: "a", UntilMS: 1_000_010}}, when: &CloseIntake{Tenant: "a", UntilMS: 1_000_020}, then: until(1_000_020)},
		{name: "intake for less", given: []Command{&CloseIntake{Tenant: "a", UntilMS: 1_000_020}}, when: &CloseIntake{Tenant: "a", UntilMS: 1_000_010}, then: until(1_000_020)},
		{name: "intake until now", when: &CloseIntake{Tenant: "a", UntilMS: 1_000_000}, want: fault.CodeField},
		{name: "intake of nobody", when: &CloseIntake{UntilMS: 2_000_000}, want: fault.CodeField},
		{name: "lift a spec", given: []Command{bad}, when: &LiftQuarantine{Kind: QuarantinedSpec, Subject: job(0).String(), Tenant: "a"}, then: nothing},
		{name: "lift a device", given: []Command{&QuarantineDevice{Device: "x/0"}}, when: &LiftQuarantine{Kind: QuarantinedDevice, Subject: "x/0"}, then: nothing},
		{name: "lift a node", given: []Command{&QuarantineNode{Node: n(3)}}, when: &LiftQuarantine{Kind: QuarantinedNode, Subject: n(3).String()}, then: nothing},
		{name: "open an intake", given: []Command{&CloseIntake{Tenant: "a", UntilMS: 2_000_000}}, when: &LiftQuarantine{Kind: ClosedTenant, Subject: "a"}, then: nothing},
		{name: "lift for the wrong tenant", given: []Command{bad}, when: &LiftQuarantine{Kind: QuarantinedSpec, Subject: job(0).String(), Tenant: "b"}, want: fault.CodeNoEntry},
	})
}

func until(ms int64) func(*testing.T, *lab, Result) {
	return func(t *testing.T, l *lab, _ Result) {
		t.Helper()
		if q := l.s.Quarantine(); len(q) != 1 || q[0].UntilMS != ms {
			t.Errorf("%+v", q)
		}
	}
}

func nothing(t *testing.T, l *lab, _ Result) {
	t.Helper()
	if q := l.s.Quarantine(); len(q) != 0 {
		t.Errorf("%+v", q)
	}
}

func TestValidators(t *testing.T) {
	register := func(epoch uint64, root byte) *RegisterValidator {
		return &RegisterValidator{ID: ValidatorID{1}, PublicKey: []byte("pk"), VRFRoot: d(root), Epoch: epoch}
	}
	// serving lists the roots that serve in epochs 10 to 15, 0 for none.
	serving := func(want ...byte) func(*testing.T, *lab, Result) {
		return func(t *testing.T, l *lab, _ Result) {
			t.Helper()
			v, _ := l.s.Validator(ValidatorID{1})
			for i, root := range want {
				if r, ok := v.Serving(uint64(10 + i)); ok != (root != 0) || ok && r.VRFRoot != d(root) {
					t.Errorf("in epoch %d serves %v, %v; want %d", 10+i, r.VRFRoot, ok, root)
				}
			}
		}
	}
	run(t, []row{
		{name: "first root", when: register(10, 1), then: serving(0, 0, 1, 1, 1, 1)},
		{name: "next root", given: []Command{register(10, 1)}, when: register(11, 2), then: serving(0, 0, 1, 2, 2, 2)},
		{name: "later root", given: []Command{register(10, 1)}, when: register(13, 2), then: serving(0, 0, 1, 1, 1, 2)},
		{name: "two in an epoch", given: []Command{register(10, 1)}, when: register(10, 2), want: fault.CodeField},
		{name: "earlier epoch", given: []Command{register(10, 1)}, when: register(9, 2), want: fault.CodeField},
		{name: "no public key", when: &RegisterValidator{ID: ValidatorID{1}, VRFRoot: d(1), Epoch: 10}, want: fault.CodeField},
		{name: "last epoch there is", when: register(^uint64(0), 1), then: serving(0, 0, 0)},
		{name: "revoke", given: []Command{register(10, 1)}, when: &RevokeVRFRoot{ID: ValidatorID{1}, VRFRoot: d(1), Reason: "leaked"}, then: serving(0, 0, 0, 0)},
		{name: "revoke the later root", given: []Command{register(10, 1), register(11, 2)}, when: &RevokeVRFRoot{ID: ValidatorID{1}, VRFRoot: d(2)}, then: serving(0, 0, 1, 0, 0)},
		{name: "revoke the earlier root", given: []Command{register(10, 1), register(11, 2)}, when: &RevokeVRFRoot{ID: ValidatorID{1}, VRFRoot: d(1)}, then: serving(0, 0, 0, 2, 2)},
		{name: "revoke another root", given: []Command{register(10, 1)}, when: &RevokeVRFRoot{ID: ValidatorID{1}, VRFRoot: d(9)}, want: fault.CodeNoEntry},
		{name: "revoke of nobody", when: &RevokeVRFRoot{ID: ValidatorID{1}, VRFRoot: d(1)}, want: fault.CodeNoEntry},
	})
}

func token() *CreateToken {
	return &CreateToken{ID: "tk1", SecretHash: d(7), Role: RoleWorker, ExpiresMS: 1_600_000}
}

func TestTokens(t *testing.T) {
	spend := func(node int) *SpendToken { return &SpendToken{ID: "tk1", SecretHash: d(7), Node: n(node)} }
	late := func(c Command) Command { c.Stamp().NowMS = 1_600_000; return c }
	given := []Command{token()}
	spentBy := func(node int) func(*testing.T, *lab, Result) {
		return func(t *testing.T, l *lab, r Result) {
			t.Helper()
			if k := l.s.Tokens()[0]; !k.Spent || k.SpentBy != n(node) || r.Token == nil || *r.Token != k || k.Role != RoleWorker {
				t.Errorf("%+v, result %+v", k, r.Token)
			}
		}
	}
	run(t, []row{
		{name: "create", when: token(), then: func(t *testing.T, l *lab, _ Result) {
			if k := l.s.Tokens()[0]; k.CreatedBy != "rpp://cluster-1/operator/test" || k.CreatedMS != l.nowMS || k.Spent {
				t.Errorf("%+v", k)
			}
		}},
		{name: "create another of that name", given: given, when: &CreateToken{ID: "tk1", SecretHash: d(8), Role: RoleWorker, ExpiresMS: 1_600_000}, want: fault.CodeNameTaken},
		{name: "create without name", when: &CreateToken{Role: RoleWorker, ExpiresMS: 1_600_000}, want: fault.CodeField},
		{name: "create for a validator without tenant", when: &CreateToken{ID: "x", Role: RoleValidator, ExpiresMS: 1_600_000}, want: fault.CodeField},
		{name: "create for a worker with tenant", when: &CreateToken{ID: "x", Role: RoleWorker, Tenant: "a", ExpiresMS: 1_600_000}, want: fault.CodeField},
		{name: "create for a validator", when: &CreateToken{ID: "x", Role: RoleValidator, Tenant: "a", ExpiresMS: 1_600_000}},
		{name: "create too late", when: &CreateToken{ID: "x", Role: RoleWorker, ExpiresMS: 1_000_000}, want: fault.CodeField},
		{name: "spend", given: given, when: spend(3), then: spentBy(3)},
		{name: "spend again", given: []Command{token(), spend(3)}, when: late(spend(3)), then: spentBy(3)},
		{name: "spend by another", given: []Command{token(), spend(3)}, when: spend(4), want: fault.CodeTokenSpent},
		{name: "spend too late", given: given, when: late(spend(3)), want: fault.CodeTokenExpired},
		{name: "spend with a wrong secret", given: given, when: &SpendToken{ID: "tk1", SecretHash: d(8), Node: n(3)}, want: fault.CodeToken},
		{name: "spend what is not", when: spend(3), want: fault.CodeToken},
		{name: "spend by a removed node", given: []Command{token(), &RemoveMember{NodeID: n(2)}}, when: spend(2), want: fault.CodeRevoked},
		{name: "revoke", given: given, when: &RevokeToken{ID: "tk1"}, then: func(t *testing.T, l *lab, _ Result) {
			if r := l.do(spend(3)); !fault.Is(r.Err, fault.CodeToken) {
				t.Errorf("spent after it was revoked: %v", r.Err)
			}
		}},
		{name: "revoke what is not", when: &RevokeToken{ID: "tk1"}, want: fault.CodeNoEntry},
	})
}

// Of a hundred that join with one token, the first in the log wins.
func TestTokenRace(t *testing.T) {
	l := newLab()
	l.do(token())
	winners := 0
	for i := range 100 {
		if r := l.do(&SpendToken{ID: "tk1", SecretHash: d(7), Node: NodeID{byte(i)}}); r.Err == nil {
			winners++
		} else if !fault.Is(r.Err, fault.CodeTokenSpent) {
			t.Fatal(r.Err)
		}
	}
	if winners != 1 {
		t.Errorf("%d joined with one token", winners)
	}
}

func TestMembers(t *testing.T) {
	with := func(i int, change func(*PutMember)) *PutMember {
		c := member(i)
		change(c)
		return c
	}
	anchor := func(sequence uint64, head byte) *AuditAnchor {
		return &AuditAnchor{NodeID: n(0), Sequence: sequence, Head: d(head)}
	}
	run(t, []row{
		{name: "join", when: member(3), then: func(t *testing.T, l *lab, _ Result) {
			if m, ok := l.s.Member(n(3)); !ok || m.Name != "node-3" || m.JoinedMS != l.nowMS || m.APIAddress != "10.0.0.1:7000" || len(l.s.Members()) != 4 {
				t.Errorf("%+v", m)
			}
		}},
		{name: "move", given: []Command{&Drain{NodeID: n(0), Draining: true}}, when: with(0, func(c *PutMember) { c.APIAddress, c.NowMS = "10.0.0.9:1", 1_000_001 }), then: func(t *testing.T, l *lab, _ Result) {
			if m, _ := l.s.Member(n(0)); m.APIAddress != "10.0.0.9:1" || !m.Draining || m.JoinedMS != 1_000_000 {
				t.Errorf("%+v", m)
			}
		}},
		{name: "new key", when: with(0, func(c *PutMember) { c.PublicKey = nodes[5].spki })},
		{name: "first key of another", when: with(3, func(c *PutMember) { c.PublicKey = nodes[5].spki }), want: fault.CodeField},
		{name: "voter without Ed25519", when: with(0, func(c *PutMember) { c.PublicKey = []byte("rsa") }), want: fault.CodeField},
		{name: "name of another", when: with(3, func(c *PutMember) { c.Name = "node-0" }), want: fault.CodeNameTaken},
		{name: "no name", when: with(3, func(c *PutMember) { c.Name = "" }), want: fault.CodeField},
		{name: "validator without tenant", when: with(3, func(c *PutMember) { c.Role = RoleValidator }), want: fault.CodeField},
		{name: "operator with tenant", when: with(3, func(c *PutMember) { c.Role, c.Tenant = RoleOperator, "a" }), want: fault.CodeField},
		{name: "removed node", given: []Command{&RemoveMember{NodeID: n(2)}}, when: member(2), want: fault.CodeRevoked},
		{name: "name of a removed node", given: []Command{&RemoveMember{NodeID: n(2)}}, when: with(3, func(c *PutMember) { c.Name = "node-2" })},
		{name: "remove", when: &RemoveMember{NodeID: n(2)}, then: func(t *testing.T, l *lab, _ Result) {
			if _, ok := l.s.Member(n(2)); ok || !l.s.Revoked(n(2)) || l.s.Revoked(n(1)) || len(l.s.Revocations()) != 1 {
				t.Error("not removed, or not revoked")
			}
		}},
		{name: "remove what is not", when: &RemoveMember{NodeID: n(3)}, want: fault.CodeNoMember},
		{name: "drain", when: &Drain{NodeID: n(0), Draining: true}},
		{name: "drain back", given: []Command{&Drain{NodeID: n(0), Draining: true}}, when: &Drain{NodeID: n(0)}},
		{name: "drain what is not", when: &Drain{NodeID: n(3), Draining: true}, want: fault.CodeNoMember},
		{name: "announce", when: &AnnounceVersion{NodeID: n(0), CommandVersion: 2}},
		{name: "announce of nobody", when: &AnnounceVersion{NodeID: n(3), CommandVersion: 2}, want: fault.CodeNoMember},
		{name: "anchor", when: anchor(1, 1)},
		{name: "later anchor", given: []Command{anchor(1, 1)}, when: anchor(5, 2), then: func(t *testing.T, l *lab, _ Result) {
			if m, _ := l.s.Member(n(0)); m.AuditSequence != 5 || m.AuditHead != d(2) || m.AuditMS != l.nowMS {
				t.Errorf("%+v", m)
			}
		}},
		{name: "anchor of a rewritten chain", given: []Command{anchor(5, 1)}, when: anchor(5, 2), want: fault.CodeCorrupt},
		{name: "anchor of a shortened chain", given: []Command{anchor(5, 1)}, when: anchor(4, 2), want: fault.CodeCorrupt},
		{name: "anchor of nobody", when: &AuditAnchor{NodeID: n(3), Sequence: 1}, want: fault.CodeNoMember},
	})
}

func TestLastVoterStays(t *testing.T) {
	l := newLab()
	l.index++
	SetVoters(l.s, l.index, []NodeID{n(0)})
	if r := l.do(&RemoveMember{NodeID: n(0)}); !fault.Is(r.Err, fault.CodeLastVoter) {
		t.Error(r.Err)
	}
	if r := l.do(&RemoveMember{NodeID: n(1)}); r.Err != nil {
		t.Error(r.Err)
	}
}

// A version counts once the last voter has announced it, and no longer when one takes it
// back.
func TestCommandVersion(t *testing.T) {
	l := newLab()
	for _, step := range []struct {
		node     int
		announce uint32
		want     uint32
	}{{0, 2, 1}, {1, 3, 1}, {2, 2, 2}, {1, 1, 1}, {1, 2, 2}} {
		l.do(&AnnounceVersion{NodeID: n(step.node), CommandVersion: step.announce})
		if got := l.s.CommandVersion(); got != step.want {
			t.Errorf("node %d announced %d: version %d, want %d", step.node, step.announce, got, step.want)
		}
	}
	l.index++
	SetVoters(l.s, l.index, []NodeID{n(0), n(1), n(2), n(3)})
	if got := l.s.CommandVersion(); got != 1 {
		t.Errorf("with a voter that has not joined: %d", got)
	}
	if got := New("c").CommandVersion(); got != 1 {
		t.Errorf("without voters: %d", got)
	}
}

func TestSPKI(t *testing.T) {
	der, err := x509.MarshalPKIXPublicKey(nodes[0].key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if string(der) != string(nodes[0].spki) {
		t.Errorf("SPKI %x, want %x", nodes[0].spki, der)
	}
	if key, ok := ed25519Key(der); !ok || !nodes[0].key.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(key[:])) {
		t.Error("the key does not come back")
	}
	if _, ok := ed25519Key(der[:len(der)-1]); ok {
		t.Error("a short key is taken")
	}
}
