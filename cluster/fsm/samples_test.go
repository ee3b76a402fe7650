package fsm

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files again")

// samples has one command of each kind, in an order in which all are accepted.
func samples() []Command {
	return []Command{
		member(0), member(1), member(2), member(3),
		&Configure{Configuration: Configuration{500, 5000, 9000, 3_600_000}},
		&Keyring{GossipKeyring: GossipKeyring{1, KeyRemoved, []Digest{d(200)}}},
		&AnnounceVersion{NodeID: n(0), CommandVersion: 1},
		&AuditAnchor{NodeID: n(0), Sequence: 17, Head: d(201)},
		&Drain{NodeID: n(1), Draining: true},
		token(),
		&SpendToken{ID: "tk1", SecretHash: d(7), Node: n(3)},
		&CreateToken{ID: "tk2", SecretHash: d(8), Role: RoleValidator, Tenant: "acme", ExpiresMS: 1_700_000},
		&RevokeToken{ID: "tk2"},
		&CreateToken{ID: "tk3", SecretHash: d(9), Role: RoleAuditor, ExpiresMS: 1_800_000},
		putKey(1),
		submit(0, "acme", "block-1"), submit(1, "acme", "block-2"), submit(2, "acme", "block-3"), submit(3, "acme", "block-4"), submit(4, "zeta", "größe"),
		release(0, d(50), 0, 1),
		fail(1),
		submit(1, "zeta", "z"),
		&CancelJob{Tenant: "acme", IdempotencyKey: "block-3"},
		&QuarantineSpec{Tenant: "acme", Spec: Digest(job(3)), Reason: "crashed three devices"},
		&QuarantineDevice{Device: "node-3/0", Node: n(3), Reason: "another digest"},
		&QuarantineNode{Node: n(3), Reason: "two devices"},
		&CloseIntake{Tenant: "acme", UntilMS: 1_600_000, Reason: "three specs"},
		&LiftQuarantine{Kind: QuarantinedNode, Subject: n(3).String()},
		&RotateKeys{Family: "pruning", Epoch: 2, GraceUntilMS: 2_000_000},
		putKey(7),
		&FreezeFamily{Family: "uptime", Reason: "forged proof"},
		&FreezeFamily{Family: "state"},
		&UnfreezeFamily{Family: "state"},
		&RegisterValidator{ID: ValidatorID{1}, PublicKey: []byte("public key"), VRFRoot: d(30), Epoch: 5},
		&RegisterValidator{ID: ValidatorID{1}, PublicKey: []byte("public key"), VRFRoot: d(31), Epoch: 6},
		&RevokeVRFRoot{ID: ValidatorID{1}, VRFRoot: d(30), Reason: "leaked"},
		&RemoveMember{NodeID: n(3)},
		&Expire{},
	}
}

// sampleLab has applied all samples.
func sampleLab(t testing.TB) *lab {
	l := &lab{s: New("cluster-1"), index: 1, nowMS: 1_000_000}
	SetVoters(l.s, 1, []NodeID{n(0), n(1), n(2)})
	for i, c := range samples() {
		l.nowMS++
		if r := l.do(c); r.Err != nil {
			t.Fatalf("sample %d, %T: %v", i, c, r.Err)
		}
	}
	if err := CheckInvariants(l.s); err != nil {
		t.Fatal(err)
	}
	return l
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs. Bytes of a released version never change: make a new version.", path)
	}
}

func TestGoldenCommands(t *testing.T) {
	var text strings.Builder
	kinds := map[kind]bool{}
	for i, b := range sampleLab(t).log {
		c := samples()[i]
		kinds[c.kind()] = true
		fmt.Fprintf(&text, "%s %x\n", reflect.TypeOf(c).Elem().Name(), b)
	}
	if len(kinds) != len(commands) {
		t.Errorf("samples of %d kinds of %d", len(kinds), len(commands))
	}
	golden(t, "commands.v1.txt", []byte(text.String()))
}

func TestGoldenSnapshot(t *testing.T) {
	var b bytes.Buffer
	l := sampleLab(t)
	if _, err := l.s.Freeze().WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "state.v1.snapshot", b.Bytes())
	s, err := ReadSnapshot(&b)
	if err != nil {
		t.Fatal(err)
	}
	if s.Digest() != l.s.Digest() {
		t.Error("the state that is read is another")
	}
}

func TestKindsAreTheirCommands(t *testing.T) {
	for k, empty := range commands {
		if got := empty().kind(); got != k {
			t.Errorf("%T has kind %d, decoded from %d", empty(), got, k)
		}
	}
}
