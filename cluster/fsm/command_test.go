package fsm

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"rpp-node/cluster/fault"
)

func TestDecodeIsTheInverse(t *testing.T) {
	for i, b := range sampleLab(t).log {
		c, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		want := samples()[i]
		*want.Stamp() = *c.Stamp()
		if !reflect.DeepEqual(c, want) {
			t.Errorf("read %+v, written %+v", c, want)
		}
		if again, err := Encode(c); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%T: written again %x, %v", c, again, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := Encode(submit(0, "a", "k"))
	if err != nil {
		t.Fatal(err)
	}
	edit := func(at int, v byte) []byte { b := bytes.Clone(good); b[at] = v; return b }
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"later version", edit(0, 2), ErrUnknownCommand},
		{"version 0", edit(0, 0), ErrUnknownCommand},
		{"unknown kind", edit(1, 200), ErrUnknownCommand},
		{"kind 0", edit(1, 0), ErrUnknownCommand},
		{"empty", nil, ErrMalformed},
		{"no kind", good[:1], ErrMalformed},
		{"more", append(bytes.Clone(good), 0), ErrMalformed},
		{"above 64 KiB", make([]byte, MaxEntryBytes+1), ErrMalformed},
		{"a time before 1970", edit(9, 0xff), ErrMalformed},
	} {
		if _, err := Decode(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	for at := range good {
		if _, err := Decode(good[:at]); !errors.Is(err, ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", at, err)
		}
	}
}

// No text that a user chooses may reach the log if it could not be read back.
func TestEncodeRefuses(t *testing.T) {
	long := strings.Repeat("x", maxReasonBytes+1)
	for _, c := range []struct {
		name string
		c    Command
		want fault.Code
	}{
		{"long spec", &SubmitJob{Statement: Statement{Spec: make([]byte, MaxSpecBytes+1)}}, fault.CodeTooBig},
		{"long tenant", &SubmitJob{Tenant: long}, fault.CodeTooBig},
		{"long key", &SubmitJob{IdempotencyKey: long}, fault.CodeTooBig},
		{"long actor", &Expire{Header{Actor: long}}, fault.CodeTooBig},
		{"long reason", &FailJob{Reason: long}, fault.CodeTooBig},
		{"long device", &QuarantineDevice{Device: long}, fault.CodeTooBig},
		{"long build", &PutKey{Build: long}, fault.CodeTooBig},
		{"long address", &PutMember{Role: RoleWorker, APIAddress: long}, fault.CodeTooBig},
		{"long public key", &PutMember{Role: RoleWorker, PublicKey: make([]byte, maxSPKIBytes+1)}, fault.CodeTooBig},
		{"long validator's key", &RegisterValidator{PublicKey: make([]byte, maxPublicBytes+1)}, fault.CodeTooBig},
		{"many receipts", &ReleaseJob{Receipts: make([]Receipt, MaxVoters+1)}, fault.CodeTooBig},
		{"many keys", &Keyring{GossipKeyring: GossipKeyring{KeyDigests: make([]Digest, maxKeyDigests+1)}}, fault.CodeTooBig},
		{"class", &SubmitJob{Demand: Demand{Class: MaxClass + 1}}, fault.CodeField},
		{"role", &PutMember{}, fault.CodeField},
		{"control character", &SubmitJob{Tenant: "a\nb"}, fault.CodeField},
		{"not UTF-8", &SubmitJob{Tenant: "\xff"}, fault.CodeField},
		{"time", &Expire{Header{NowMS: -1}}, fault.CodeTooBig},
	} {
		if _, err := Encode(c.c); !fault.Is(err, c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	largest := submit(0, strings.Repeat("t", maxNameBytes), strings.Repeat("k", maxKeyBytes))
	largest.Spec = make([]byte, MaxSpecBytes)
	largest.Actor = strings.Repeat("a", maxActorBytes)
	widest := &ReleaseJob{Receipts: make([]Receipt, MaxVoters)}
	for i := range widest.Receipts {
		widest.Receipts[i].Build = strings.Repeat("b", maxBuildBytes)
	}
	for _, c := range []Command{largest, widest} {
		if b, err := Encode(c); err != nil || len(b) > MaxEntryBytes*3/4 {
			t.Errorf("the largest %T: %d bytes, %v", c, len(b), err)
		}
	}
}

// What can be decoded can be applied to any state and leaves it sound.
func FuzzDecode(f *testing.F) {
	for _, b := range sampleLab(f).log {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknownCommand) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if again, err := Encode(c); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%T is written as %x, %v", c, again, err)
		}
		l := newLab()
		l.do(submit(0, "a", "k"))
		before := body(l.s)
		r := Apply(l.s, l.index+1, c)
		if r.Err != nil && body(l.s) != before {
			t.Fatalf("refused with %v, and yet changed something", r.Err)
		}
		if err := CheckInvariants(l.s); err != nil {
			t.Fatal(err)
		}
	})
}

// The coder's own refusals, reached through every command: no bit of an entry can be
// turned without being noticed or read as another command.
func TestNoTwoEncodings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, b := range sampleLab(t).log {
		for range 200 {
			bad := bytes.Clone(b)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			c, err := Decode(bad)
			if err != nil {
				continue
			}
			if again, err := Encode(c); err != nil || !bytes.Equal(again, bad) {
				t.Fatalf("%x is read, and written as %x, %v", bad, again, err)
			}
		}
	}
}
