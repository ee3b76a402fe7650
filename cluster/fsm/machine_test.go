package fsm

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"rpp-node/cluster/fault"
)

// followed is a machine that has applied a lab's log, and what stopped it.
type followed struct {
	*Machine
	fatal []error
}

func follow(l *lab) *followed {
	f := &followed{}
	f.Machine = NewMachine("cluster-1", func(err error) { f.fatal = append(f.fatal, err) })
	f.SetVoters(1, []NodeID{n(0), n(1), n(2)})
	for i, b := range l.log {
		f.Apply(uint64(i+2), b)
	}
	return f
}

func (f *followed) digest() (d Digest) {
	f.View(func(s *State) { d = s.Digest() })
	return d
}

func TestMachineFollowsTheLog(t *testing.T) {
	l := sampleLab(t)
	f := follow(l)
	if f.digest() != l.s.Digest() || f.Err() != nil {
		t.Errorf("another state, %v", f.Err())
	}
}

// What a node cannot follow stops it once, and for good.
func TestFatal(t *testing.T) {
	next, err := Encode(&Drain{Header: Header{NowMS: 1}, NodeID: n(0), Draining: true})
	if err != nil {
		t.Fatal(err)
	}
	l := newLab()
	end := uint64(len(l.log) + 2)
	for _, c := range []struct {
		name string
		do   func(*followed) error
		want error
	}{
		{"later version", func(f *followed) error { return f.Apply(end, []byte{2, 1}).(Result).Err }, ErrUnknownCommand},
		{"unknown kind", func(f *followed) error { return f.Apply(end, []byte{1, 99}).(Result).Err }, ErrUnknownCommand},
		{"damage", func(f *followed) error { return f.Apply(end, next[:5]).(Result).Err }, ErrMalformed},
		{"an index twice", func(f *followed) error { return f.Apply(end-1, next).(Result).Err }, ErrOrder},
		{"too many voters", func(f *followed) error { f.SetVoters(end, make([]NodeID, MaxVoters+1)); return f.Err() }, ErrMalformed},
	} {
		f := follow(l)
		before := f.digest()
		if err := c.do(f); !errors.Is(err, c.want) || len(f.fatal) != 1 || !errors.Is(f.fatal[0], c.want) {
			t.Errorf("%s: %v, told %v", c.name, err, f.fatal)
		}
		if err := f.Apply(end, next).(Result).Err; !errors.Is(err, c.want) {
			t.Errorf("%s: the next entry: %v", c.name, err)
		}
		f.SetVoters(end, nil)
		if _, err := f.Snapshot(); !errors.Is(err, c.want) {
			t.Errorf("%s: snapshot: %v", c.name, err)
		}
		if err := f.Restore(bytes.NewReader(snapshotOf(t, l.s))); !errors.Is(err, c.want) {
			t.Errorf("%s: restore: %v", c.name, err)
		}
		if f.digest() != before || len(f.fatal) != 1 || !errors.Is(f.Err(), c.want) {
			t.Errorf("%s: went on: %v", c.name, f.fatal)
		}
	}
}

// Entries of other kinds leave gaps.
func TestIndexesMayHaveGaps(t *testing.T) {
	l := newLab()
	f := follow(l)
	b, err := Encode(&Expire{Header{NowMS: 1}})
	if err != nil {
		t.Fatal(err)
	}
	f.Apply(100, b)
	f.View(func(s *State) {
		if s.AppliedIndex() != 100 {
			t.Errorf("applied %d, %v", s.AppliedIndex(), f.Err())
		}
	})
}

func TestSnapshotAndTail(t *testing.T) {
	l := sampleLab(t)
	for at := range l.log {
		f := follow(&lab{log: l.log[:at]})
		w, err := f.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := w.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		g := &followed{Machine: NewMachine("cluster-1", func(err error) { t.Error(err) })}
		if err := g.Restore(&b); err != nil {
			t.Fatal(err)
		}
		for i, entry := range l.log[at:] {
			g.Apply(uint64(at+i+2), entry)
		}
		if g.digest() != l.s.Digest() {
			t.Fatalf("snapshot after %d entries and the rest lead to another state", at)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	l := sampleLab(t)
	b := snapshotOf(t, l.s)
	f := follow(newLab())
	before := f.digest()
	if err := f.Restore(bytes.NewReader(b[:len(b)-1])); !errors.Is(err, ErrSnapshot) {
		t.Error(err)
	}
	other := New("cluster-2")
	if err := f.Restore(bytes.NewReader(snapshotOf(t, other))); !fault.Is(err, fault.CodeWrongCluster) {
		t.Error(err)
	}
	if f.digest() != before || f.Err() != nil {
		t.Error("the state has changed")
	}
}

// After a backup was restored, the voters are this cluster's although the state is of a
// later index of another time.
func TestVotersAfterRestore(t *testing.T) {
	f := follow(sampleLab(t))
	f.SetVoters(1, []NodeID{n(4), n(3), n(4)})
	f.View(func(s *State) {
		if v := s.Voters(); len(v) != 2 || compareNodes(v[0], v[1]) >= 0 || s.AppliedIndex() < 10 {
			t.Errorf("voters %v at %d", v, s.AppliedIndex())
		}
	})
}

// Readers, subscribers and snapshots run beside Apply; under -race this proves the locks.
func TestConcurrentUse(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := sampleLab(t)
	f := follow(newLab())
	sub := f.Subscribe(4)
	var wg sync.WaitGroup
	done := make(chan struct{})
	reader := func(read func()) {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					read()
				}
			}
		})
	}
	reader(func() {
		f.View(func(s *State) { s.Jobs(Filter{Tenant: "acme"}, 0, 0); s.LiveJobs(); s.Counters() })
	})
	reader(func() {
		w, err := f.Snapshot()
		if err != nil {
			t.Error(err)
			return
		}
		var b bytes.Buffer
		if _, err := w.WriteTo(&b); err != nil {
			t.Error(err)
		}
		if _, err := ReadSnapshot(&b); err != nil {
			t.Error(err)
		}
	})
	reader(func() { f.Subscribe(1).Close() })
	wg.Go(func() {
		for range sub.C {
		}
	})
	index := uint64(100)
	for range 20 {
		for _, b := range l.log {
			index++
			f.Apply(index, b)
		}
	}
	close(done)
	sub.Close()
	sub.Close()
	wg.Wait()
	f.View(func(s *State) {
		if err := CheckInvariants(s); err != nil {
			t.Error(err)
		}
	})
}
