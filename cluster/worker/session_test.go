package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// A part runs on while its worker has no leader, and is reported under the fence that the
// next one gives it.
func TestReconnectWhileComputing(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = 800 * time.Millisecond
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(2))
		time.Sleep(500 * time.Millisecond)
		c.Close()
		c, h := r.accept()
		if len(h.Resident) != 2 || !h.Resident[0].Started || h.Resident[0].Finished || h.Resident[1].Started || h.Resident[0].Device != "cpu0" {
			t.Fatalf("resident %v", h.Resident)
		}
		r.welcome(c, keep(fence(1), Fence{2, 1}), keep(fence(2), Fence{2, 2}))
		time.Sleep(500 * time.Millisecond)
		c.report(t, Fence{2, 1}, proved)
		time.Sleep(time.Second)
		c.report(t, Fence{2, 2}, proved)
		if begun, killed := r.dev.count(); begun != 2 || killed != 0 {
			t.Errorf("%d begun, %d killed", begun, killed)
		}
	})
}

// A report is sent in every session until it is taken.
func TestReportsAreResent(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		c.grant(grant(1))
		time.Sleep(200 * time.Millisecond)
		r.net.cut(true)
		c.Close()
		time.Sleep(500 * time.Millisecond) // proved meanwhile
		r.net.cut(false)
		for term := range uint64(3) {
			var h *internalv1.Hello
			c, h = r.accept()
			if len(h.Resident) != 1 || !h.Resident[0].Finished {
				t.Fatalf("resident %v", h.Resident)
			}
			was := fenceOf(h.Resident[0].Fence)
			r.welcome(c, keep(was, Fence{term + 2, 1}))
			c.report(t, Fence{term + 2, 1}, proved)
			if term < 2 {
				c.Close()
			}
		}
		c.taken(Fence{4, 1})
		synctest.Wait()
		c.Close()
		if _, h := r.accept(); len(h.Resident) != 0 {
			t.Errorf("resident %v after the report was taken", h.Resident)
		}
	})
}

// What a new leader does not want kept is given up, whatever it is at.
func TestDirectives(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = 600 * time.Millisecond
		c := r.connect()
		for n := range 4 {
			c.grant(grant(n + 1))
		}
		time.Sleep(700 * time.Millisecond) // 1 is finished, 2 runs, 3 and 4 wait
		c.report(t, fence(1), proved)
		c.Close()
		c, h := r.accept()
		if len(h.Resident) != 4 || !h.Resident[0].Finished || !h.Resident[1].Started || h.Resident[2].Started {
			t.Fatalf("resident %v", h.Resident)
		}
		r.welcome(c,
			&internalv1.Directive{Fence: fence(2).message(), Order: internalv1.Order_ORDER_CANCEL_STALE},
			&internalv1.Directive{Order: internalv1.Order_ORDER_IDLE},
			keep(fence(4), fence(4)),
		)
		if begun, killed := r.dev.count(); killed != 1 || begun != 3 {
			t.Errorf("%d begun, %d killed, want the stale one killed and the kept one begun", begun, killed)
		}
		time.Sleep(700 * time.Millisecond)
		c.report(t, fence(4), proved)
		if order := r.dev.order(); !slices.Equal(order, []byte{1, 2, 4}) {
			t.Errorf("parts were begun in order %v, want 4 kept", order)
		}
	})
}

// Directives may exchange the fences of two parts.
func TestRenewedFencesMayCross(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = 500 * time.Millisecond
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(2))
		synctest.Wait()
		c.Close()
		c, _ = r.accept()
		r.welcome(c, keep(fence(1), fence(2)), keep(fence(2), fence(1)))
		time.Sleep(600 * time.Millisecond)
		if got := c.report(t, fence(2), proved); got.ProofFile[9] != 1 {
			t.Error("the first job is not under the second fence")
		}
		time.Sleep(600 * time.Millisecond)
		c.report(t, fence(1), proved)
	})
}

// A worker that hears nothing stops within a lease of its last renewal, and looks for
// another leader.
func TestCutOff(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = time.Hour
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(2))
		time.Sleep(3 * time.Second) // renewed all the while
		if _, killed := r.dev.count(); killed != 0 {
			t.Fatal("given up though renewed")
		}
		start := time.Now()
		c.set(func() { c.mute = true })
		r.net.cut(true)
		for {
			if _, killed := r.dev.count(); killed == 1 {
				break
			}
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		if took := time.Since(start); took > lease+10*time.Millisecond {
			t.Errorf("computing went on for %s, a lease is %s", took, lease)
		}
		r.books(func() {
			if len(r.parts) != 0 {
				t.Error("a part without a lease is in the books")
			}
		})
		time.Sleep(lease)
		select {
		case <-c.closed:
		default:
			t.Error("the silent session is still open")
		}
		r.net.cut(false)
		if _, h := r.accept(); len(h.Resident) != 0 {
			t.Errorf("resident %v", h.Resident)
		}
	})
}

// A renewal ends what the heartbeat announced and it does not list, and nothing else: a
// part granted since is not meant.
func TestNotRenewed(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = 2 * time.Second
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(2))
		time.Sleep(beatEvery / 2)
		c.set(func() { c.mute = true })
		const late = beatEvery / 4
		time.Sleep(beatEvery/2 + late)
		synctest.Wait()
		c.mu.Lock()
		last := c.beats[len(c.beats)-1]
		c.mu.Unlock()
		c.grant(grant(3))
		synctest.Wait()
		c.send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Renewal{Renewal: &internalv1.Renewal{
			Heartbeat: last.Sequence, LeaseMs: 5000, Fences: []*internalv1.Fence{fence(2).message()},
		}}})
		r.books(func() {
			if r.parts[fence(1)] != nil || r.parts[fence(2)] == nil || r.parts[fence(3)] == nil {
				t.Errorf("parts %v, want 2 and 3", r.parts)
			}
		})
		if _, killed := r.dev.count(); killed != 1 {
			t.Error("the part that was not renewed runs on")
		}
		r.books(func() {
			if got := time.Until(r.parts[fence(2)].deadline); got != 5*time.Second-late {
				t.Errorf("the lease runs %s, want 5 s from the heartbeat, %s ago", got, late)
			}
		})
		c.send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Renewal{Renewal: &internalv1.Renewal{Heartbeat: 77, LeaseMs: 1}}})
		r.books(func() {
			if r.parts[fence(2)] == nil {
				t.Error("the answer to a heartbeat that was never sent ended a lease")
			}
		})
	})
}

func TestLeaderChange(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = 900 * time.Millisecond
		c := r.connect()
		c.grant(grant(1))
		time.Sleep(300 * time.Millisecond)
		c.Close()
		r.net.cut(true)
		time.Sleep(200 * time.Millisecond)
		r.net.cut(false)
		start := time.Now()
		second, _ := r.accept()
		if took := time.Since(start); took > pauseMax {
			t.Errorf("the new leader was found after %s", took)
		}
		second.Close() // it is not the leader after all
		third, h := r.accept()
		if len(h.Resident) != 1 {
			t.Fatalf("resident %v", h.Resident)
		}
		r.welcome(third, keep(fence(1), Fence{3, 1}))
		time.Sleep(time.Second)
		third.report(t, Fence{3, 1}, proved)
		if begun, killed := r.dev.count(); begun != 1 || killed != 0 {
			t.Errorf("%d begun, %d killed", begun, killed)
		}
	})
}

// While no leader is known, the worker asks again and again, but not too often, and not in
// step with others.
func TestPauses(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		r.net.cut(true)
		c.Close()
		time.Sleep(20 * time.Second)
		r.net.mu.Lock()
		dials := r.net.dials
		r.net.mu.Unlock()
		if dials < 20 || dials > 50 {
			t.Errorf("%d attempts in 20 s", dials)
		}
	})
	for failures := range 20 {
		low, high := pauseFor(failures, 0), pauseFor(failures, 1)
		if low < pauseMin/2 || high > pauseMax || high != 2*low {
			t.Errorf("after %d failures: %s to %s", failures, low, high)
		}
	}
}

func TestBadLeaders(t *testing.T) {
	welcome := func(beat, lease int64) *internalv1.LeaderMessage {
		return &internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Welcome{Welcome: &internalv1.Welcome{HeartbeatMs: beat, LeaseMs: lease}}}
	}
	for name, m := range map[string]*internalv1.LeaderMessage{
		"no welcome":            {Of: &internalv1.LeaderMessage_Taken{Taken: &internalv1.Taken{}}},
		"nothing":               {},
		"no heartbeat":          welcome(0, 1000),
		"lease below heartbeat": welcome(500, 100),
		"endless lease":         welcome(500, 10*MaxLease.Milliseconds()),
		"silence":               nil,
		"twice welcome":         welcome(100, 1000),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				c, _ := r.accept()
				if m != nil {
					c.send(m)
				}
				if name == "twice welcome" {
					go c.listen()
					c.send(m)
				}
				time.Sleep(welcomeTimeout + time.Millisecond)
				select {
				case <-c.closed:
				default:
					t.Error("the session is still open")
				}
				c, _ = r.accept() // and the worker goes on
				r.welcome(c)
				c.grant(grant(1))
				time.Sleep(400 * time.Millisecond)
				c.report(t, fence(1), proved)
			})
		})
	}
}

// Heartbeats take no lock of the books, and go before a report that waits to be sent.
func TestHeartbeatsAreNotDelayed(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = time.Hour
		c := r.connect()
		c.grant(grant(1))
		synctest.Wait()
		c.set(func() { c.mute = true; c.beats = nil })
		r.Worker.mu.Lock() // nobody else wants it: there is nothing to do but beat
		time.Sleep(8*beatEvery + beatEvery/2)
		r.Worker.mu.Unlock()
		c.mu.Lock()
		n := len(c.beats)
		c.mu.Unlock()
		if n != 8 {
			t.Errorf("%d heartbeats in the time of 8", n)
		}
	})
	bubble(t, func(r *rig) {
		r.dev.takes = time.Millisecond
		c := r.connect()
		c.set(func() { c.slow = 3 * beatEvery })
		for n := range 3 {
			c.grant(grant(n + 1))
		}
		time.Sleep(20 * beatEvery)
		synctest.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.heard) != 3 {
			t.Fatalf("%d reports", len(c.heard))
		}
		if !bytes.Contains(c.kinds, []byte("mhmhm")) {
			t.Errorf("messages in order %s: no heartbeat between two reports that fill the stream", c.kinds)
		}
	})
}

func TestDrain(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(2))
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- r.Drain(context.Background()) }()
		c.dropped(t, fence(2), false)
		c.grant(grant(3))
		c.report(t, fence(3), declinedOut)
		if !c.lastBeat(t).Draining {
			t.Error("the heartbeat does not say so")
		}
		time.Sleep(300 * time.Millisecond)
		c.report(t, fence(1), proved)
		select {
		case <-done:
			t.Fatal("drained before the report was taken")
		default:
		}
		c.taken(fence(1))
		if err := <-done; err != nil {
			t.Error(err)
		}
		c.Close()
		if _, h := r.accept(); !h.Draining {
			t.Error("hello does not say so")
		}
	})
	bubble(t, func(r *rig) {
		r.dev.takes = time.Hour
		c := r.connect()
		c.grant(grant(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want that the time is over", err)
		}
	})
}

// A machine that will be gone: what waits goes back at once, what runs as late as it may.
func TestReclaim(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = time.Hour
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(2))
		synctest.Wait()
		start := time.Now()
		r.Reclaim(start.Add(30 * time.Second))
		c.dropped(t, fence(2), false)
		if b := c.lastBeat(t); b.ReclaimMs != start.Add(30*time.Second).UnixMilli() || !b.Draining {
			t.Errorf("heartbeat %v", b)
		}
		time.Sleep(time.Until(start.Add(30*time.Second - reclaimMargin - time.Millisecond)))
		c.quiet(t)
		time.Sleep(time.Millisecond)
		c.dropped(t, fence(1), true)
		if _, killed := r.dev.count(); killed != 1 {
			t.Error("the part runs on")
		}
	})
	slow := func(c *Config) { c.Rates = map[string]map[string]float64{"cpu0": {"pruning": 10}} } // 100 s a part
	bubbleWith(t, slow, func(r *rig) {
		r.dev.takes = time.Hour
		c := r.connect()
		c.grant(grant(1))
		synctest.Wait()
		r.Reclaim(time.Now().Add(30 * time.Second))
		c.dropped(t, fence(1), true) // it would not be proved in time
	})
}

func TestCalibration(t *testing.T) {
	bubbleWith(t, func(c *Config) {
		c.Devices[0].(*fake).rate = 5000
		c.Families = []string{"pruning", "state"}
		c.Rates = map[string]map[string]float64{"cpu0": {"state": 7}, "gone": {"state": 1}}
	}, func(r *rig) {
		_, h := r.accept()
		if rates := h.Devices[0].Rates; len(rates) != 2 || rates["pruning"] != 5000 || rates["state"] != 7 {
			t.Errorf("rates %v", rates)
		}
	})
	bubbleWith(t, func(c *Config) { c.Families = []string{"pruning"} }, func(r *rig) {
		if _, h := r.accept(); len(h.Devices[0].Rates) != 0 {
			t.Errorf("rates %v of a device that could not be measured", h.Devices[0].Rates)
		}
	})
}

// Run gives up what it has; nothing of it goes on.
func TestRunEnds(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = time.Hour
		c := r.connect()
		c.grant(grant(1))
		c.grant(r.stored(grant(2), time.Hour))
		synctest.Wait()
		r.stop()
		if _, killed := r.dev.count(); killed != 1 || len(r.parts) != 0 {
			t.Errorf("%d killed, %d in the books", killed, len(r.parts))
		}
	})
}

func TestNewRefuses(t *testing.T) {
	one := &fake{info: Info{Name: "a"}}
	many := make([]Device, MaxDevices+1)
	for name, devices := range map[string][]Device{"none": nil, "same name": {one, one}, "too many": many} {
		if _, err := New(Config{Devices: devices, Log: discard}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
