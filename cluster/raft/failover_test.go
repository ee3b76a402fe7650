package raft_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rpp-node/cluster/raft"
)

var isolations = flag.Int("isolations", 120, "leaders to isolate in TestFailover")

// From the moment that a leader is cut off to the first command that the others commit.
func TestFailover(t *testing.T) {
	total := *isolations
	if testing.Short() {
		total = 30
	}
	var took []time.Duration
	for seed := uint64(0); len(took) < total; seed++ {
		bubble(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 7))
			c := newCluster(t, 3, nil)
			defer c.close()
			c.net.Delay(200*time.Microsecond, 2*time.Millisecond)
			for i := range 10 {
				l := c.leader()
				c.apply(l, numbered("before", i))
				time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
				l = c.leader()
				term := l.node.Term()
				c.net.Isolate(address(l.id))
				start := time.Now()
				for !commits(c.others(l), "after") {
					time.Sleep(2 * time.Millisecond)
				}
				took = append(took, time.Since(start))
				// Pre-votes keep it from raising the term and unseating the others later.
				time.Sleep(2 * time.Second)
				if l.node.Term() > term+1 {
					t.Errorf("the isolated leader went from term %d to %d", term, l.node.Term())
				}
				if l.node.State() == raft.Leader {
					t.Error("it still thinks that it leads")
				}
				c.net.Heal()
				c.agree()
			}
		})
	}
	slices.Sort(took)
	at := func(q int) time.Duration { return took[len(took)*q/100].Round(time.Millisecond) }
	t.Logf("n=%d p50=%v p90=%v p99=%v max=%v", len(took), at(50), at(90), at(99), took[len(took)-1].Round(time.Millisecond))
	if at(99) >= 1500*time.Millisecond {
		t.Errorf("p99 is %v", at(99))
	}
}

func commits(among []*member, s string) bool {
	for _, m := range among {
		if m.node.State() == raft.Leader {
			if _, _, err := m.node.Apply(short(), []byte(s)); err == nil {
				return true
			}
		}
	}
	return false
}

// Whatever a leader without a majority is told, it never says that it is done, and none of
// it survives.
func TestMinority(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 5, nil)
		defer c.close()
		l := c.leader()
		c.apply(l, "kept")
		friend := c.others(l)[0]
		c.net.Partition(address(l.id), address(friend.id))
		uncertain, refused := 0, 0
		for start := time.Now(); time.Since(start) < 2*time.Second; {
			for _, m := range []*member{l, friend} {
				_, _, err := m.node.Apply(within(100*time.Millisecond), []byte("lost"))
				switch {
				case errors.Is(err, raft.ErrUncertain):
					uncertain++
				case errors.Is(err, raft.ErrNotLeader):
					refused++
				default:
					t.Errorf("%s: %v", m.id, err)
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		if uncertain == 0 || refused == 0 {
			t.Errorf("%d uncertain, %d refused", uncertain, refused)
		}
		if err := l.node.ReadBarrier(short()); !errors.Is(err, raft.ErrNotLeader) {
			t.Errorf("a minority lets read: %v", err)
		}
		l2 := c.leader(c.others(l)[1:]...)
		c.apply(l2, "won")
		c.net.Heal()
		time.Sleep(time.Second)
		if got := c.agree(); !slices.Equal(got, []string{"kept", "won"}) {
			t.Errorf("%v", got)
		}
	})
}

// Cut off one way, a follower that hears nothing cannot disturb the others, and a leader
// whose messages do not arrive steps down.
func TestOneWay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		l := c.leader()
		deaf := c.others(l)[0]
		for _, m := range c.others(deaf) {
			c.net.Cut(address(m.id), address(deaf.id))
		}
		term := l.node.Term()
		for i := range 100 {
			c.apply(l, numbered("e", i))
			time.Sleep(20 * time.Millisecond)
		}
		if l.node.State() != raft.Leader || l.node.Term() != term {
			t.Errorf("%v in term %d, was the leader of %d", l.node.State(), l.node.Term(), term)
		}
		c.net.Heal()
		for _, m := range c.others(l) {
			c.net.Cut(address(l.id), address(m.id))
		}
		l2 := c.leader(c.others(l)...)
		if l.node.State() == raft.Leader {
			t.Error("the mute leader still leads")
		}
		c.apply(l2, "next")
		c.net.Heal()
		if got := c.agree(); len(got) != 101 {
			t.Errorf("%d entries", len(got))
		}
	})
}

func TestTransfer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		c.net.Delay(200*time.Microsecond, 2*time.Millisecond)
		var worst time.Duration
		for i := range 20 {
			l := c.leader()
			to := c.others(l)[i%2]
			id := to.id
			if i%4 == 3 {
				id = "" // whoever is furthest
			}
			start := time.Now()
			if err := l.node.TransferLeadership(short(), id); err != nil {
				t.Fatal(err)
			}
			for !commits(c.others(l), numbered("e", i)) {
				time.Sleep(time.Millisecond)
			}
			worst = max(worst, time.Since(start))
			if id != "" && to.node.State() != raft.Leader {
				t.Errorf("%s is %s", id, to.node.State())
			}
		}
		t.Log("slowest until the next commit:", worst)
		if worst > 300*time.Millisecond {
			t.Errorf("took %v", worst)
		}
		l := c.leader()
		if err := l.node.TransferLeadership(short(), "z"); !errors.Is(err, raft.ErrNoServer) {
			t.Errorf("to nobody: %v", err)
		}
		if err := l.node.TransferLeadership(short(), l.id); err != nil {
			t.Errorf("to itself: %v", err)
		}
		gone := c.others(l)[0]
		c.net.Kill(address(gone.id))
		if err := l.node.TransferLeadership(short(), gone.id); err == nil {
			t.Error("to a dead one")
		}
		if err := c.others(l)[1].node.TransferLeadership(short(), ""); !errors.Is(err, raft.ErrNotLeader) {
			t.Errorf("by a follower: %v", err)
		}
	})
}

// Leadership never leaves its reader with an old state.
func TestLeadership(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		slow := c.leader()
		for range 6 {
			l := c.leader()
			to := slow
			if l == slow {
				to = c.others(slow)[0]
			}
			if err := l.node.TransferLeadership(short(), to.id); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		for _, m := range c.members {
			var last bool
			for {
				select {
				case last = <-m.node.Leadership():
					continue
				default:
				}
				break
			}
			if last != (m.node.State() == raft.Leader) {
				t.Errorf("%s was told %v and is %s", m.id, last, m.node.State())
			}
		}
	})
}

// Every way that a call can end without an answer.
func TestUncertain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 3, nil)
		defer c.close()
		l := c.leader()
		others := c.others(l)
		c.net.Delay(30*time.Millisecond, 40*time.Millisecond)
		if _, _, err := l.node.Apply(within(20*time.Millisecond), []byte("given up")); !errors.Is(err, raft.ErrUncertain) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		// It may commit after all: here it does.
		for start := time.Now(); !slices.Equal(others[0].machine.all(), []string{"given up"}); time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > 5*time.Second {
				t.Fatal("it never committed")
			}
		}
		c.net.Delay(0, 0)
		l = c.leader()
		c.net.Isolate(address(l.id))
		if _, _, err := l.node.Apply(short(), []byte("deposed")); !errors.Is(err, raft.ErrUncertain) {
			t.Errorf("%v", err)
		}
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		if _, _, err := l.node.Apply(gone, []byte("x")); err == nil || errors.Is(err, raft.ErrUncertain) {
			t.Errorf("cancelled before: %v", err)
		}
		c.net.Heal()
		c.agree()
		l = c.leader()
		id := l.node
		if err := id.Close(); err != nil {
			t.Error(err)
		}
		if _, _, err := id.Apply(short(), []byte("x")); !errors.Is(err, raft.ErrClosed) || errors.Is(err, raft.ErrUncertain) {
			t.Errorf("closed: %v", err)
		}
		if id.State() != raft.Stopped {
			t.Errorf("%s", id.State())
		}
	})
}

// Close under load answers everybody and leaves no goroutine: the bubble would not end.
func TestCloseUnderLoad(t *testing.T) {
	for range 5 {
		bubble(t, func(t *testing.T) {
			c := newCluster(t, 3, nil)
			c.net.Delay(time.Millisecond, 2*time.Millisecond)
			l := c.leader()
			done := make(chan int)
			for range 20 {
				go func() {
					n := 0
					for {
						_, _, err := l.node.Apply(context.Background(), []byte("x"))
						if err == nil {
							n++
							continue
						}
						if !errors.Is(err, raft.ErrClosed) && !errors.Is(err, raft.ErrUncertain) && !errors.Is(err, raft.ErrNotLeader) {
							t.Error(err)
						}
						done <- n
						return
					}
				}()
			}
			time.Sleep(50 * time.Millisecond)
			_ = l.node.Close()
			acked := 0
			for range 20 {
				acked += <-done
			}
			if acked == 0 {
				t.Error("nothing was applied")
			}
			if got := len(l.machine.all()); got < acked {
				t.Errorf("%d applied, %d acknowledged", got, acked)
			}
			c.close()
		})
	}
}

func TestLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 1, nil)
		defer c.close()
		l := c.leader()
		if _, _, err := l.node.Apply(short(), make([]byte, raft.EntryBytesMax)); err != nil {
			t.Error(err)
		}
		if _, _, err := l.node.Apply(short(), make([]byte, raft.EntryBytesMax+1)); !errors.Is(err, raft.ErrTooBig) {
			t.Errorf("%v", err)
		}
		long := string(make([]byte, raft.NameBytesMax+1))
		if err := l.node.AddNonvoter(short(), long, "x"); err == nil {
			t.Error("a long id")
		}
		if err := l.node.AddNonvoter(short(), "x", ""); err == nil {
			t.Error("no address")
		}
		for i := range raft.ServerCountMax - 1 {
			id := numbered("n", i)
			if err := l.node.AddNonvoter(short(), id, address(id)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.node.AddNonvoter(short(), "more", address("more")); err == nil {
			t.Error("one too many")
		}
		if err := l.node.AddNonvoter(short(), "n-0", "elsewhere:1"); err != nil {
			t.Errorf("a new address: %v", err)
		}
	})
}
