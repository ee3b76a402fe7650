package fsm

import (
	"testing"

	"rpp-node/cluster/fault"
)

func TestConfigure(t *testing.T) {
	with := func(change func(*Configuration)) *Configure {
		c := &Configure{Configuration: New("c").Configuration()}
		change(&c.Configuration)
		return c
	}
	var rows []row
	for name, change := range map[string]func(*Configuration){
		"jobs per tenant: none":     func(c *Configuration) { c.JobsPerTenantMax = 0 },
		"jobs per tenant: too many": func(c *Configuration) { c.JobsPerTenantMax = maxLiveJobs + 1 },
		"live jobs: none":           func(c *Configuration) { c.LiveJobsMax = 0 },
		"live jobs: too many":       func(c *Configuration) { c.LiveJobsMax = maxLiveJobs + 1 },
		"finished jobs: none":       func(c *Configuration) { c.FinishedJobsMax = 0 },
		"finished jobs: too many":   func(c *Configuration) { c.FinishedJobsMax = maxFinishedJobs + 1 },
		"retention: none":           func(c *Configuration) { c.RetentionMS = 0 },
		"retention: too long":       func(c *Configuration) { c.RetentionMS = maxRetention.Milliseconds() + 1 },
	} {
		rows = append(rows, row{name: name, when: with(change), want: fault.CodeField})
	}
	run(t, append(rows,
		row{name: "as it is", when: with(func(*Configuration) {})},
		row{name: "smallest", when: &Configure{Configuration: Configuration{1, 1, 1, 1}}, then: func(t *testing.T, l *lab, _ Result) {
			if c := l.s.Configuration(); c != (Configuration{1, 1, 1, 1}) {
				t.Errorf("%+v", c)
			}
		}},
	))
}

func TestKeyring(t *testing.T) {
	step := func(version uint64, s KeyringStep, keys ...Digest) *Keyring {
		return &Keyring{GossipKeyring: GossipKeyring{Version: version, Step: s, KeyDigests: keys}}
	}
	first := step(1, KeyRemoved, d(1))
	run(t, []row{
		{name: "first", when: first, then: func(t *testing.T, l *lab, _ Result) {
			if k := l.s.Keyring(); k.Version != 1 || k.Step != KeyRemoved || len(k.KeyDigests) != 1 {
				t.Errorf("%+v", k)
			}
		}},
		{name: "install", given: []Command{first}, when: step(2, KeyInstalled, d(1), d(2))},
		{name: "use", given: []Command{first, step(2, KeyInstalled, d(1), d(2))}, when: step(2, KeyUsed, d(1), d(2))},
		{name: "remove", given: []Command{first, step(2, KeyInstalled, d(1), d(2)), step(2, KeyUsed, d(1), d(2))}, when: step(2, KeyRemoved, d(2))},
		{name: "install gives up an installed key", given: []Command{first, step(2, KeyInstalled, d(1), d(2))}, when: step(3, KeyInstalled, d(1), d(3))},
		{name: "use without installing", given: []Command{first}, when: step(2, KeyUsed, d(2)), want: fault.CodeKeyring},
		{name: "remove without using", given: []Command{first, step(2, KeyInstalled, d(1), d(2))}, when: step(2, KeyRemoved, d(2)), want: fault.CodeKeyring},
		{name: "install while another is in use", given: []Command{first, step(2, KeyInstalled, d(1), d(2)), step(2, KeyUsed, d(1), d(2))}, when: step(3, KeyInstalled, d(3)), want: fault.CodeKeyring},
		{name: "a version is left out", given: []Command{first}, when: step(3, KeyInstalled, d(1)), want: fault.CodeKeyring},
		{name: "a former version", given: []Command{first, step(2, KeyInstalled, d(1), d(2))}, when: step(1, KeyUsed, d(1)), want: fault.CodeKeyring},
		{name: "other keys in the same step", given: []Command{first}, when: step(1, KeyRemoved, d(9)), want: fault.CodeKeyring},
		{name: "no keys", when: step(1, KeyInstalled), want: fault.CodeField},
		{name: "no step", when: step(1, 0, d(1)), want: fault.CodeField},
	})
}

func TestExpire(t *testing.T) {
	at := func(ms int64) *Expire { return &Expire{Header{NowMS: ms}} }
	day := int64(86_400_000)
	expired := func(want int) func(*testing.T, *lab, Result) {
		return func(t *testing.T, _ *lab, r Result) {
			t.Helper()
			if r.Expired != want {
				t.Errorf("expired %d, want %d", r.Expired, want)
			}
		}
	}
	keys := func(want int) func(*testing.T, *lab, Result) {
		return func(t *testing.T, l *lab, _ Result) {
			t.Helper()
			if got := len(l.s.Keys()); got != want {
				t.Errorf("%d keys, want %d", got, want)
			}
		}
	}
	rotated := []Command{putKey(1), rotate(2, 2_000_000), putKey(7)}
	run(t, []row{
		{name: "nothing", given: []Command{token(), submit(0, "a", "k")}, when: at(1_000_001), then: expired(0)},
		{name: "token is still listed", given: []Command{token()}, when: at(1_600_000 + tokenKeptMS - 1), then: expired(0)},
		{name: "token", given: []Command{token()}, when: at(1_600_000 + tokenKeptMS), then: expired(1)},
		{name: "closed intake", given: []Command{&CloseIntake{Tenant: "a", UntilMS: 1_060_000}}, when: at(1_060_000), then: expired(1)},
		{name: "closed intake, not yet", given: []Command{&CloseIntake{Tenant: "a", UntilMS: 1_060_000}}, when: at(1_059_999), then: expired(0)},
		{name: "other quarantine stays", given: []Command{&QuarantineNode{Node: n(3)}}, when: at(1_000 * day), then: expired(0)},
		{name: "live job stays", given: []Command{submit(0, "a", "k")}, when: at(1_000 * day), then: is(0, Accepted)},
		{name: "finished job, not yet", given: []Command{submit(0, "a", "k"), cancel("a", "k")}, when: at(1_000_000 + day - 1), then: expired(0)},
		{name: "finished jobs", given: []Command{submit(0, "a", "k"), cancel("a", "k"), submit(1, "a", "l"), release(1, d(50), 0, 1)}, when: at(1_000_000 + day), then: func(t *testing.T, l *lab, r Result) {
			expired(2)(t, l, r)
			if _, ok := l.s.ByKey("a", "k"); ok || l.s.Counters().Finished != 0 {
				t.Error("a job is left")
			}
			if r := l.do(submit(2, "a", "k")); r.Err != nil {
				t.Errorf("its key is not free: %v", r.Err)
			}
		}},
		{name: "key within grace", given: rotated, when: at(1_999_999), then: keys(2)},
		{name: "key", given: rotated, when: at(2_000_000), then: keys(1)},
		{name: "key that a live job needs", given: append([]Command{submit(0, "a", "k")}, rotated...), when: at(2_000_000), then: keys(2)},
		{name: "last key of a variant", given: rotated[:2], when: at(2_000_000), then: func(t *testing.T, l *lab, _ Result) {
			keys(1)(t, l, Result{})
			if r := l.do(submit(0, "a", "k")); !fault.Is(r.Err, fault.CodeKeyEpoch) {
				t.Errorf("a job under a key whose grace is over: %v", r.Err)
			}
		}},
	})
}

// Time never goes back, whatever a new leader's clock says.
func TestClockIsMonotone(t *testing.T) {
	l := newLab()
	l.do(token())
	l.do(&Expire{Header{NowMS: 1_600_000}})
	r := l.do(&SpendToken{Header: Header{NowMS: 1_000_000}, ID: "tk1", SecretHash: d(7), Node: n(3)})
	if !fault.Is(r.Err, fault.CodeTokenExpired) || l.s.NowMS() != 1_600_000 {
		t.Errorf("%v at %d", r.Err, l.s.NowMS())
	}
}

func TestReferences(t *testing.T) {
	l := newLab()
	list := func() map[ArtifactKind][]Digest {
		m := map[ArtifactKind][]Digest{}
		l.s.References(func(k ArtifactKind, d Digest) { m[k] = append(m[k], d) })
		return m
	}
	want := func(when string, witnesses, proofs, verifying, proving int) {
		t.Helper()
		m := list()
		if len(m[WitnessArtifact]) != witnesses || len(m[ProofArtifact]) != proofs || len(m[VerifyingKeyArtifact]) != verifying || len(m[ProvingKeyArtifact]) != proving {
			t.Errorf("%s: %v", when, m)
		}
	}
	do := func(c Command) {
		t.Helper()
		if r := l.do(c); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	do(putKey(1))
	for i := range 4 {
		do(submit(i, "a", string(rune('k'+i))))
	}
	want("four live jobs", 4, 0, 1, 1)
	do(cancel("a", "l"))
	do(fail(2))
	do(release(3, d(50), 0, 1))
	want("one live, one released", 1, 1, 1, 1)
	if m := list(); m[WitnessArtifact][0] != d(100) || m[ProofArtifact][0] != d(50) || m[VerifyingKeyArtifact][0] != d(2) || m[ProvingKeyArtifact][0] != d(3) {
		t.Error(m)
	}
	do(rotate(2, 1_000_010))
	do(putKey(7))
	want("two epochs", 1, 1, 2, 2)
	l.nowMS = 1_000_010
	do(&Drain{NodeID: n(0), Draining: true})
	want("grace is over, one job needs the key", 1, 1, 2, 2)
	do(cancel("a", "k"))
	want("no job needs it", 0, 1, 1, 1)
	do(&Expire{Header{NowMS: 1_000_010 + 86_400_000}})
	want("retention is over", 0, 0, 1, 1)
}
