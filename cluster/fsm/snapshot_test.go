package fsm

import (
	"bytes"
	"errors"
	"testing"

	"github.com/zeebo/blake3"
)

func snapshotOf(t testing.TB, s *State) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := s.Freeze().WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d bytes of %d, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestSnapshotIsWhole(t *testing.T) {
	l := sampleLab(t)
	b := snapshotOf(t, l.s)
	s, err := ReadSnapshot(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckInvariants(s); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(snapshotOf(t, s), b) || s.AppliedIndex() != l.index || s.NowMS() != l.nowMS {
		t.Error("it is written again as another")
	}
	// The digest is that of the bytes, which end with it.
	if got := blake3.Sum256(b[:len(b)-32]); Digest(got) != l.s.Digest() || !bytes.Equal(got[:], b[len(b)-32:]) {
		t.Error("the digest is another")
	}
}

// A frozen state does not see what happens after it.
func TestFrozenStaysAsItWas(t *testing.T) {
	l := &lab{s: New("cluster-1"), index: 1, nowMS: 1_000_000}
	SetVoters(l.s, 1, []NodeID{n(0), n(1), n(2)})
	type kept struct {
		f *Frozen
		b []byte
	}
	var list []kept
	for _, c := range samples() {
		list = append(list, kept{l.s.Freeze(), snapshotOf(t, l.s)})
		l.nowMS++
		l.do(c)
	}
	for i, k := range list {
		var b bytes.Buffer
		if _, err := k.f.WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), k.b) {
			t.Errorf("the state before sample %d has changed", i)
		}
	}
}

// What a caller does to an answer does not reach the state.
func TestReadsAreCopies(t *testing.T) {
	l := sampleLab(t)
	before := l.s.Digest()
	jobs, _ := l.s.Jobs(Filter{}, 0, 0)
	for _, j := range append(jobs, l.s.LiveJobs()...) {
		j.Spec[0] ^= 1
		j.Subscriptions[0].Tenant = "x"
		if len(j.Endings) > 0 {
			j.Endings[0].Reason = "x"
		}
		if j.Release != nil {
			j.Release.Receipts[0].Build = "x"
			j.Release.ProofBytes = 0
		}
	}
	for _, m := range l.s.Members() {
		m.PublicKey[20] ^= 1
	}
	for _, v := range l.s.Validators() {
		v.Registrations[0].PublicKey[0] ^= 1
		v.Registrations[1].Epoch = 0
		r, _ := v.Serving(8)
		r.PublicKey[0] ^= 1
	}
	l.s.Voters()[0] = NodeID{}
	l.s.Keyring().KeyDigests[0] = Digest{}
	for i := range l.s.Keys() {
		l.s.Keys()[i].Epoch = 0
	}
	if l.s.Digest() != before {
		t.Error("the state has changed")
	}
}

func TestSnapshotIsRefused(t *testing.T) {
	b := snapshotOf(t, sampleLab(t).s)
	refused := func(name string, b []byte) {
		t.Helper()
		if _, err := ReadSnapshot(bytes.NewReader(b)); !errors.Is(err, ErrSnapshot) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for at := range b {
		refused("cut", b[:at])
		bad := bytes.Clone(b)
		bad[at] ^= 0x10
		refused("a bit turned", bad)
	}
	refused("longer", append(bytes.Clone(b), 0))
	later := bytes.Clone(b)
	later[len(snapshotMagic)] = snapshotVersion + 1
	refused("of a later version", reseal(later))
	if _, err := readSnapshot(bytes.NewReader(b), int64(len(b))-1); !errors.Is(err, ErrSnapshot) {
		t.Errorf("above the limit: %v", err)
	}
	if _, err := readSnapshot(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

// reseal puts the right digest at the end, as an attacker would.
func reseal(b []byte) []byte {
	digest := blake3.Sum256(b[:len(b)-32])
	return append(bytes.Clone(b[:len(b)-32]), digest[:]...)
}

// Whatever is read under a right digest is sound and has one encoding.
func FuzzReadSnapshot(f *testing.F) {
	for _, l := range []*lab{sampleLab(f), newLab(), {s: New("c")}} {
		b := snapshotOf(f, l.s)
		f.Add(b[:len(b)-32])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := reseal(append(bytes.Clone(body), make([]byte, 32)...))
		s, err := ReadSnapshot(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ErrSnapshot) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if err := s.checkIndex(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(snapshotOf(t, s), b) {
			t.Fatal("it is written again as another")
		}
	})
}

// A bit of each byte is either noticed under a right digest, or read and written as it is.
func TestSnapshotHasOneEncoding(t *testing.T) {
	b := snapshotOf(t, sampleLab(t).s)
	read := 0
	for at := range len(b) - 32 {
		bad := bytes.Clone(b)
		bad[at] ^= 1 << (at % 8)
		bad = reseal(bad)
		s, err := ReadSnapshot(bytes.NewReader(bad))
		if err != nil {
			continue
		}
		read++
		if !bytes.Equal(snapshotOf(t, s), bad) {
			t.Fatalf("a bit of byte %d", at)
		}
	}
	if read == 0 {
		t.Error("every one was refused: this test sees nothing")
	}
}
