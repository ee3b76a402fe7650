package fsm

import (
	"slices"
	"testing"
)

// drain takes what waits for a subscriber.
func drain(s *Subscriber) (events []Event) {
	for len(s.C) > 0 {
		events = append(events, <-s.C)
	}
	return events
}

func kindsOf(events []Event) (kinds []EventKind) {
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestEventsTellWhatChanged(t *testing.T) {
	l := newLab()
	f := follow(l)
	sub := f.Subscribe(100)
	index := l.index
	tell := func(c Command, want ...EventKind) {
		t.Helper()
		if c.Stamp().NowMS == 0 {
			c.Stamp().NowMS = l.nowMS
		}
		b, err := Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		index++
		f.Apply(index, b)
		events := drain(sub)
		if !slices.Equal(kindsOf(events), want) {
			t.Errorf("%T: %v, want kinds %v", c, events, want)
		}
		for _, e := range events {
			if e.Index != index {
				t.Errorf("%T: index %d, want %d", c, e.Index, index)
			}
		}
	}
	tell(submit(0, "a", "k"), JobChanged)
	tell(submit(0, "a", "k"))
	tell(submit(1, "a", "k"))
	tell(cancel("a", "k"), JobChanged)
	tell(putKey(1), KeysChanged)
	tell(token(), TokensChanged)
	tell(member(3), MembersChanged)
	tell(&QuarantineNode{Node: n(3)}, QuarantineChanged)
	tell(&RegisterValidator{PublicKey: []byte{1}}, ValidatorsChanged)
	tell(&Keyring{GossipKeyring: GossipKeyring{1, KeyRemoved, []Digest{{1}}}}, KeyringChanged)
	tell(&Configure{Configuration: Configuration{1, 1, 1, 1}}, ConfigurationChanged)
	tell(&Expire{Header{NowMS: 1_000_001}}, JobForgotten)
	f.SetVoters(index+1, []NodeID{n(0)})
	if got := drain(sub); len(got) != 1 || got[0] != (Event{Index: index + 1, Kind: VotersChanged}) {
		t.Error(got)
	}
	if err := f.Restore(bytesOf(t, l.s)); err != nil {
		t.Fatal(err)
	}
	if got := drain(sub); len(got) != 1 || got[0] != (Event{Index: l.index, Kind: Reread}) {
		t.Error(got)
	}
	sub.Close()
	if _, open := <-sub.C; open {
		t.Error("still open")
	}
}

func TestJobEventsNameTheJob(t *testing.T) {
	l := newLab()
	r := l.do(submit(0, "a", "k"))
	if want := (Event{Index: l.index, Kind: JobChanged, Job: job(0), State: Accepted}); len(r.Changes) != 1 || r.Changes[0] != want {
		t.Errorf("%+v", r.Changes)
	}
}

// A slow subscriber is told once that it missed something, after what it did not miss,
// and gets events again when it has read that.
func TestSlowSubscriber(t *testing.T) {
	m := NewMachine("c", func(err error) { t.Error(err) })
	sub := m.Subscribe(2)
	send := func(from, to uint64) {
		for i := from; i <= to; i++ {
			m.publish([]Event{{Index: i, Kind: JobChanged}})
		}
	}
	send(1, 5)
	want := []Event{{Index: 1, Kind: JobChanged}, {Index: 2, Kind: JobChanged}, {Index: 3, Kind: Reread}}
	if got := drain(sub); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	send(6, 6)
	if got := drain(sub); !slices.Equal(got, []Event{{Index: 6, Kind: JobChanged}}) {
		t.Errorf("%v", got)
	}
	// Reread that still waits stands for all that follows.
	send(7, 9)
	<-sub.C
	send(10, 10)
	<-sub.C
	send(11, 11)
	if got := drain(sub); !slices.Equal(kindsOf(got), []EventKind{Reread}) {
		t.Errorf("%v", got)
	}
	// A state that was replaced does not make room where there is none.
	send(12, 13)
	m.publish([]Event{{Index: 14, Kind: Reread}, {Index: 15, Kind: Reread}})
	if got := drain(sub); !slices.Equal(kindsOf(got), []EventKind{JobChanged, JobChanged, Reread}) {
		t.Errorf("%v", got)
	}
}
