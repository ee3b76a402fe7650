package fsm

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rpp-node/cluster/fault"
)

// draw makes a command out of few names, so that commands meet.
func draw(t *rapid.T, l *lab) Command {
	l.nowMS += int64(rapid.IntRange(-2, 40).Draw(t, "elapsed")) * 1000
	i := rapid.IntRange(0, 4).Draw(t, "i")
	tenant := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "tenant")
	key := rapid.SampledFrom([]string{"k", "l", "m"}).Draw(t, "key")
	digest := d(byte(rapid.IntRange(1, 3).Draw(t, "digest")))
	soon := l.nowMS + int64(rapid.IntRange(1, 100).Draw(t, "soon"))*1000
	commands := map[string]func() Command{
		"submit":  func() Command { return submit(i, tenant, key) },
		"submit2": func() Command { return submit(i, tenant, fmt.Sprint("key ", i)) },
		"submit3": func() Command { return submit(i, tenant, fmt.Sprint("key ", i)) },
		"cancel":  func() Command { return cancel(tenant, key) },
		"cancelJob": func() Command {
			return &CancelJob{Tenant: tenant, Job: job(i)}
		},
		"fail": func() Command { return fail(i) },
		"release": func() Command {
			c := release(i, digest, rapid.SliceOfN(rapid.IntRange(0, 3), 0, 4).Draw(t, "voters")...)
			if rapid.Bool().Draw(t, "forged") && len(c.Receipts) > 0 {
				c.Receipts[0].Signature[7] ^= 1
			}
			return c
		},
		"release2": func() Command { return release(i, digest, 0, 1) },
		"spec":     func() Command { return &QuarantineSpec{Tenant: tenant, Spec: Digest(job(i)), Reason: "r"} },
		"device":   func() Command { return &QuarantineDevice{Device: key, Node: n(i), Reason: "r"} },
		"node":     func() Command { return &QuarantineNode{Node: n(i)} },
		"close":    func() Command { return &CloseIntake{Tenant: tenant, UntilMS: soon} },
		"lift": func() Command {
			return &LiftQuarantine{Kind: QuarantinedSpec, Subject: job(i).String(), Tenant: tenant}
		},
		"open": func() Command { return &LiftQuarantine{Kind: ClosedTenant, Subject: tenant} },
		"put":  func() Command { return putKey(digest[0]) },
		"rotate": func() Command {
			return &RotateKeys{Family: "pruning", Epoch: uint64(rapid.IntRange(1, 6).Draw(t, "epoch")), GraceUntilMS: soon}
		},
		"freeze":   func() Command { return &FreezeFamily{Family: "pruning", Reason: "r"} },
		"unfreeze": func() Command { return &UnfreezeFamily{Family: "pruning"} },
		"register": func() Command {
			return &RegisterValidator{ID: ValidatorID{byte(i)}, PublicKey: []byte("k"), VRFRoot: digest, Epoch: uint64(l.index / 4)}
		},
		"revokeRoot": func() Command { return &RevokeVRFRoot{ID: ValidatorID{byte(i)}, VRFRoot: digest, Reason: "r"} },
		"token": func() Command {
			return &CreateToken{ID: key, SecretHash: digest, Role: RoleWorker, ExpiresMS: soon}
		},
		"spend":       func() Command { return &SpendToken{ID: key, SecretHash: digest, Node: n(i)} },
		"revokeToken": func() Command { return &RevokeToken{ID: key} },
		"member":      func() Command { return member(i) },
		"remove":      func() Command { return &RemoveMember{NodeID: n(i)} },
		"drain":       func() Command { return &Drain{NodeID: n(i), Draining: rapid.Bool().Draw(t, "draining")} },
		"announce":    func() Command { return &AnnounceVersion{NodeID: n(i), CommandVersion: uint32(digest[0])} },
		"anchor":      func() Command { return &AuditAnchor{NodeID: n(i), Sequence: l.index / 8, Head: digest} },
		"keyring": func() Command {
			return &Keyring{GossipKeyring: GossipKeyring{uint64(rapid.IntRange(1, 3).Draw(t, "version")), KeyringStep(digest[0]), []Digest{digest}}}
		},
		"configure": func() Command {
			return &Configure{Configuration: Configuration{uint32(rapid.IntRange(1, 4).Draw(t, "tenant jobs")), 4, uint32(rapid.IntRange(1, 4).Draw(t, "finished")), 100_000}}
		},
		"expire": func() Command { return &Expire{} },
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range commands {
			if !yield(name) {
				return
			}
		}
	})
	c := commands[rapid.SampledFrom(names).Draw(t, "command")]()
	c.Stamp().NowMS, c.Stamp().Actor = max(0, l.nowMS), "test"
	return c
}

// witness has seen every job's past and says what must not happen.
type witness struct {
	state    map[JobID]JobState
	released map[JobID]Digest
}

func (w *witness) see(s *State) error {
	for id, j := range s.jobs {
		was, known := w.state[id]
		switch {
		case !known, was == j.State:
		case was == Accepted:
		case was != Released && j.State == Accepted:
		default:
			return fmt.Errorf("job %s went from %s to %s", id, was, j.State)
		}
		w.state[id] = j.State
		if j.State == Released {
			if d, ok := w.released[id]; ok && d != j.Release.ProofDigest {
				return fmt.Errorf("job %s was released twice", id)
			}
			w.released[id] = j.Release.ProofDigest
		}
	}
	for id := range w.state {
		if s.jobs[id] == nil { // forgotten: it may begin anew
			delete(w.state, id)
			delete(w.released, id)
		}
	}
	return nil
}

// Any sequence of commands leaves a sound state after each; a refused one changes nothing;
// the log, and a snapshot with the rest of the log, lead to the same digest on any machine.
func TestRandomLogs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLab()
		w := &witness{state: map[JobID]JobState{}, released: map[JobID]Digest{}}
		count := rapid.IntRange(1, 60).Draw(t, "count")
		cut := rapid.IntRange(0, count).Draw(t, "cut")
		var snapshot bytes.Buffer
		var tail int
		for k := range count {
			if k == cut {
				if _, err := l.s.Freeze().WriteTo(&snapshot); err != nil {
					t.Fatal(err)
				}
				tail = len(l.log)
			}
			before := body(l.s)
			c := draw(t, l)
			r := l.do(c)
			if changed := body(l.s) != before; changed != (len(r.Changes) > 0) || changed && r.Err != nil {
				t.Fatalf("%T: changed %v, events %v, error %v", c, changed, r.Changes, r.Err)
			}
			if r.Err != nil && fault.KindOf(fault.Of(r.Err).Code) == fault.Internal {
				t.Fatalf("%T: %v", c, r.Err)
			}
			if err := CheckInvariants(l.s); err != nil {
				t.Fatalf("after %T: %v", c, err)
			}
			if err := w.see(l.s); err != nil {
				t.Fatalf("after %T: %v", c, err)
			}
		}
		replayed := follow(l)
		if replayed.digest() != l.s.Digest() || replayed.Err() != nil {
			t.Fatalf("replay leads elsewhere, %v", replayed.Err())
		}
		if cut == count {
			return
		}
		resumed := &followed{Machine: NewMachine("cluster-1", func(err error) { t.Fatal(err) })}
		if err := resumed.Restore(&snapshot); err != nil {
			t.Fatal(err)
		}
		for i, b := range l.log[tail:] {
			resumed.Apply(uint64(tail+i+2), b)
		}
		if resumed.digest() != l.s.Digest() {
			t.Fatal("snapshot and tail lead elsewhere")
		}
	})
}
