package gossip

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var clock = time.Unix(1_700_000_000, 0)

func tableOf(self ID) *table {
	return newTable(&Config{ID: self, Now: func() time.Time { return clock }, ProbeInterval: time.Second, StaleAfter: time.Minute})
}

// advance moves the tests' clock and puts it back afterwards.
func advance(t *testing.T, d time.Duration) {
	before := clock
	clock = clock.Add(d)
	t.Cleanup(func() { clock = before })
}

func TestNewestWins(t *testing.T) {
	tb := tableOf(ID{1})
	if news := tb.merge([]NodeStatus{{ID: ID{2}, Sequence: 5, Payload: []byte("five")}}); len(news) != 1 {
		t.Errorf("%v", news)
	}
	for _, s := range []uint64{4, 5} {
		if news := tb.merge([]NodeStatus{{ID: ID{2}, Sequence: s, Payload: []byte("old")}}); len(news) != 0 {
			t.Errorf("%v", news)
		}
	}
	advance(t, time.Minute+time.Second)
	if s, ok := tb.status(ID{2}); !ok || string(s.Payload) != "five" || !s.Stale {
		t.Errorf("%+v", s)
	}
	tb.merge([]NodeStatus{{ID: ID{2}, Sequence: 6, Payload: []byte("six")}})
	if s, _ := tb.status(ID{2}); string(s.Payload) != "six" || s.Stale || !s.Seen.Equal(clock) {
		t.Errorf("%+v", s)
	}
	if _, ok := tb.status(ID{3}); ok {
		t.Error("a status of nobody")
	}
}

// What others claim to have from us never replaces what we say, and we go beyond it.
func TestOwnStatus(t *testing.T) {
	tb := tableOf(ID{1})
	lie := uint64(clock.UnixMilli()) + 1e9
	tb.merge([]NodeStatus{{ID: ID{1}, Sequence: lie - 5, Payload: []byte("before a restart")}})
	tb.setOwn([]byte("own"))
	s, _ := tb.status(ID{1})
	if string(s.Payload) != "own" || s.Sequence != lie-4 {
		t.Errorf("%+v", s)
	}
	tb.merge([]NodeStatus{{ID: ID{1}, Sequence: lie, Payload: []byte("a lie")}})
	if s, _ := tb.status(ID{1}); string(s.Payload) != "own" || s.Sequence <= lie {
		t.Errorf("%+v", s)
	}
	advance(t, -time.Hour) // a clock that goes back does not bring back old sequences
	before, _ := tb.status(ID{1})
	tb.setOwn([]byte("later"))
	if s, _ := tb.status(ID{1}); s.Sequence <= before.Sequence {
		t.Errorf("%d after %d", s.Sequence, before.Sequence)
	}
}

// The table keeps at most so many statuses and so many bytes of them, the latest ones and its
// own, and what it pushes can always be read.
func TestStatusLimits(t *testing.T) {
	tb := tableOf(ID{0xff})
	tb.setOwn([]byte("own"))
	large := make([]byte, StatusBytesMax)
	for i := range 2 * MemberCountMax {
		clock = clock.Add(time.Second)
		tb.merge([]NodeStatus{{ID: ID{byte(i >> 8), byte(i)}, Sequence: 1, Payload: large[:i%len(large)]}})
	}
	if len(tb.statuses) != MemberCountMax {
		t.Errorf("%d statuses", len(tb.statuses))
	}
	for i := range 2 * MemberCountMax {
		clock = clock.Add(time.Second)
		tb.merge([]NodeStatus{{ID: ID{byte(i >> 8), byte(i)}, Sequence: 2, Payload: large}})
	}
	b := tb.state()
	list, err := decodeState(b)
	if err != nil || len(b) < StateBytesMax-2*StatusBytesMax {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	total := stateHeaderBytes
	for _, s := range list {
		total += statusFixedBytes + len(s.Payload)
	}
	if total != len(b) || tb.bytes != total-stateHeaderBytes {
		t.Errorf("%d bytes counted, %d pushed", tb.bytes, len(b))
	}
	if _, ok := tb.status(ID{0xff}); !ok {
		t.Error("our own is gone")
	}
	last := 2*MemberCountMax - 1
	if _, ok := tb.status(ID{byte(last >> 8), byte(last)}); !ok {
		t.Error("the latest is gone")
	}
}

// Members that are up are never pushed out; those that are gone make room, and are forgotten
// after a while.
func TestMemberLimits(t *testing.T) {
	tb := tableOf(ID{1})
	name := func(i int) string { return fmt.Sprint("n", i) }
	for i := range MemberCountMax {
		if !tb.room(name(i)) {
			t.Fatalf("no room for %d", i)
		}
		tb.join(name(i), "x", nil)
	}
	if tb.room("more") {
		t.Error("room for one too many")
	}
	if !tb.room(name(3)) {
		t.Error("no room for one that is known")
	}
	tb.leave(name(7))
	advance(t, time.Second)
	tb.leave(name(8))
	if !tb.room("more") {
		t.Error("no room although two are gone")
	}
	tb.join("more", "x", nil)
	if _, ok := tb.member(name(7)); ok || len(tb.members) != MemberCountMax {
		t.Errorf("%d members", len(tb.members))
	}
	if m, _ := tb.member(name(8)); m.Liveness != Dead {
		t.Errorf("%+v", m)
	}
	advance(t, forgetAfter+time.Second)
	if n := len(tb.list()); n != MemberCountMax-1 {
		t.Errorf("%d members", n)
	}
}

func TestLiveness(t *testing.T) {
	tb := tableOf(ID{1})
	m := Meta{ID: ID{2}, Role: Voter}
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	tb.join("b", "x", b)
	tb.join("c", "x", nil)
	since := clock
	advance(t, 6*time.Second) // two members: 2·2 intervals and one more
	if m, _ := tb.byID(ID{2}); m.Liveness != Suspect || !m.up() || !m.Since.Equal(since) {
		t.Errorf("%+v", m)
	}
	tb.answer("b")
	if m, _ := tb.byID(ID{2}); m.Liveness != Alive {
		t.Errorf("%+v", m)
	}
	m.Leaving = true
	b, _ = m.Encode()
	tb.update("b", "y", b)
	tb.leave("b")
	tb.leave("c")
	tb.leave("nobody")
	tb.answer("nobody")
	tb.update("nobody", "", nil)
	if m, _ := tb.byID(ID{2}); m.Liveness != Left || m.Address != "y" || !m.Since.Equal(clock) {
		t.Errorf("%+v", m)
	}
	if m, _ := tb.member("c"); m.Liveness != Dead || m.MetaErr == nil {
		t.Errorf("%+v", m)
	}
	m.Leaving = false // another name with the same id: the one that is up counts
	b, _ = m.Encode()
	tb.join("d", "z", b)
	if m, _ := tb.byID(ID{2}); m.Name != "d" || m.Liveness != Alive {
		t.Errorf("%+v", m)
	}
}

func TestLog(t *testing.T) {
	var out strings.Builder
	l := newLogger(testLogger(&out))
	l.Printf("[WARN] memberlist: Refuting a suspect message (from: %s)", "b")
	l.Printf("[ERR] memberlist: Decrypt packet failed")
	l.Printf("[DEBUG] memberlist: hidden")
	l.Printf("Err: Could not set the deadline")
	want := "WARN Refuting a suspect message (from: b)\nWARN Decrypt packet failed\nINFO Err: Could not set the deadline\n"
	if out.String() != want {
		t.Errorf("%q", out.String())
	}
}
