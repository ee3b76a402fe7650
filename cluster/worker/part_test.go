package worker

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zeebo/blake3"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/worker/device"
	"rpp-node/prover/spec"
)

const (
	proved      = internalv1.Outcome_OUTCOME_PROVED
	declinedOut = internalv1.Outcome_OUTCOME_DECLINED
	unavailable = internalv1.Outcome_OUTCOME_UNAVAILABLE
)

func TestProvesAPart(t *testing.T) {
	bubble(t, func(r *rig) {
		c, h := r.accept()
		if h.Version != "v1" || h.Build != "b1" || len(h.Devices) != 1 || h.Devices[0].Name != "cpu0" || len(h.Resident) != 0 {
			t.Errorf("hello %v", h)
		}
		r.welcome(c)
		g := grant(1)
		witness := bytes.Clone(g.Witness)
		c.grant(g)
		b := c.lastBeat(t)
		if d := b.Devices[0]; fenceOf(d.Running) != fence(1) || d.Stage != "trace" || d.RunningMs < 90 || d.ResidentBytes == 0 {
			t.Errorf("heartbeat %v, want the part running", b)
		}
		time.Sleep(250 * time.Millisecond)
		report := c.report(t, fence(1), proved)
		digest := blake3.Sum256(report.ProofFile)
		if !bytes.Equal(report.ProofFile, proofOf(witness)) || !bytes.Equal(report.ProofDigest, digest[:]) || !bytes.Equal(report.Job, g.Job) {
			t.Errorf("report %v", report)
		}
		if report.WallMs != 300 || report.CpuMs != 300 || report.Cells != 1000 || report.PeakBytes != 5 || report.StagesMs["trace"] != 300 {
			t.Errorf("measured %v", report)
		}
		c.taken(fence(1))
		c.quiet(t)
		r.books(func() {
			if len(r.parts) != 0 || len(r.reports) != 0 {
				t.Error("a part that was taken is still in the books")
			}
		})
		if rate := r.Rates()["cpu0"]["pruning"]; rate < 3333 || rate > 3334 {
			t.Errorf("rate %g, want 1000 cells in 0.3 s", rate)
		}
	})
}

// However a part ends, nothing of its witness is left in the worker.
func TestWitnessesAreOverwritten(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		proven, revoked, late, fetched := grant(1), grant(2), grant(3), grant(4)
		var kept [][]byte
		for _, g := range []*internalv1.Grant{proven, revoked, late, fetched} {
			kept = append(kept, g.Witness)
		}
		r.stored(fetched, 500*time.Millisecond)
		r.store.deaf = true
		for _, g := range []*internalv1.Grant{proven, revoked, late, fetched} {
			c.grant(g)
		}
		c.revoke(fence(2), false)
		c.dropped(t, fence(2), false)
		c.revoke(fence(4), false)
		c.dropped(t, fence(4), false) // it arrives all the same
		c.set(func() { c.except[fence(3)] = true })
		time.Sleep(2 * lease)
		c.report(t, fence(1), proved)
		for i, b := range kept {
			if len(bytes.Trim(b, "\x00")) > 0 {
				t.Errorf("the witness of part %d is still there", i+1)
			}
		}
	})
}

func TestFailuresAreReported(t *testing.T) {
	for _, o := range []device.Outcome{device.InvalidWitness, device.Crashed, device.OutOfMemory, device.TimeLimit, device.Declined, device.Unavailable} {
		t.Run(o.String(), func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.dev.fails = &device.Error{Outcome: o, Code: fault.CodeAttempts, Reason: "why", Usage: device.Usage{PeakBytes: 9}}
				c := r.connect()
				c.grant(grant(1))
				time.Sleep(time.Second)
				report := c.report(t, fence(1), internalv1.Outcome(o))
				if report.Code != string(fault.CodeAttempts) || report.Reason != "why" || report.PeakBytes != 9 || report.WallMs != 300 || report.ProofFile != nil {
					t.Errorf("report %v", report)
				}
			})
		})
	}
}

func TestInputs(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *rig, g *internalv1.Grant)
		want   internalv1.Outcome
		code   fault.Code
	}{
		"fetched":         {func(r *rig, g *internalv1.Grant) { r.stored(g, time.Millisecond) }, proved, ""},
		"nobody has it":   {func(r *rig, g *internalv1.Grant) { g.Witness = nil }, unavailable, fault.CodeInternal},
		"damaged":         {func(r *rig, g *internalv1.Grant) { r.stored(g, 0); r.store.witness[[32]byte(g.Job)][3] ^= 1 }, unavailable, fault.CodeCorrupt},
		"damaged on wire": {func(r *rig, g *internalv1.Grant) { g.Witness[0] ^= 1 }, unavailable, fault.CodeCorrupt},
		"too large":       {func(r *rig, g *internalv1.Grant) { g.Witness = make([]byte, 64<<20+1) }, unavailable, fault.CodeTooBig},
		"no key":          {func(r *rig, g *internalv1.Grant) { r.store.noKey = true }, unavailable, fault.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				con := r.connect()
				g := grant(1)
				c.change(r, g)
				con.grant(g)
				time.Sleep(500 * time.Millisecond)
				if got := con.report(t, fence(1), c.want); got.Code != string(c.code) {
					t.Errorf("code %q, want %q", got.Code, c.code)
				}
			})
		})
	}
}

// While a part runs, the inputs of the next ones are fetched, and a slow one is overtaken:
// the device does not idle.
func TestFetchesAhead(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		for n, delay := range map[int]time.Duration{1: 0, 2: 5 * time.Second, 3: 200 * time.Millisecond, 4: 250 * time.Millisecond} {
			r.stored(grant(n), delay)
		}
		for n := range 4 {
			g := grant(n + 1)
			g.Witness = nil
			c.grant(g)
		}
		time.Sleep(1500 * time.Millisecond)
		if begun, _ := r.dev.count(); begun != 3 {
			t.Fatalf("%d parts begun, want all but the slow one", begun)
		}
		r.dev.set(func() {
			for i, gap := range r.dev.gaps {
				if gap > 0 {
					t.Errorf("the device idled %s before task %d", gap, i+2)
				}
			}
		})
		time.Sleep(4 * time.Second)
		if order := r.dev.order(); !slices.Equal(order, []byte{1, 3, 4, 2}) {
			t.Errorf("parts were begun in order %v, want the slow one last", order)
		}
	})
}

func TestDeclines(t *testing.T) {
	other := func(change func(*spec.Spec)) func(*internalv1.Grant) {
		return func(g *internalv1.Grant) {
			s, err := spec.Decode(g.Spec)
			if err != nil {
				t.Fatal(err)
			}
			change(s)
			*g = *grantOf(s, g.Witness, fenceOf(g.Fence))
		}
	}
	for name, c := range map[string]struct {
		change func(*internalv1.Grant)
		code   fault.Code
	}{
		"no such device":  {func(g *internalv1.Grant) { g.Device = "gpu7" }, fault.CodeNoDevice},
		"no spec":         {func(g *internalv1.Grant) { g.Spec = g.Spec[1:] }, fault.CodeField},
		"another job":     {func(g *internalv1.Grant) { g.Job[0] ^= 1 }, fault.CodeField},
		"no job":          {func(g *internalv1.Grant) { g.Job = nil }, fault.CodeField},
		"another witness": {func(g *internalv1.Grant) { g.WitnessDigest = make([]byte, 32) }, fault.CodeField},
		"does not fit":    {other(func(s *spec.Spec) { s.Variant = "huge" }), fault.CodeNoDevice},
		"unknown variant": {other(func(s *spec.Spec) { s.Variant = "unknown" }), fault.CodeFamily},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				con := r.connect()
				g := grant(1)
				c.change(g)
				con.grant(g)
				if got := con.report(t, fence(1), declinedOut); got.Code != string(c.code) || got.Reason == "" {
					t.Errorf("%s: %s, want %s", got.Code, got.Reason, c.code)
				}
				r.books(func() {
					if len(r.parts) != 0 {
						t.Error("a declined part is in the books")
					}
				})
			})
		})
	}
}

func TestQueueIsBounded(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = time.Hour
		c := r.connect()
		for n := range 1 + MaxWaiting {
			c.grant(grant(n + 1))
		}
		c.quiet(t)
		c.grant(grant(9))
		if got := c.report(t, fence(9), declinedOut); got.Code != string(fault.CodeOverload) {
			t.Errorf("code %s", got.Code)
		}
		b := c.lastBeat(t)
		if len(b.Devices[0].Waiting) != MaxWaiting {
			t.Errorf("%d parts wait, want %d", len(b.Devices[0].Waiting), MaxWaiting)
		}
	})
}

// A part that must be alone waits for those before it, and nothing joins it.
func TestAlone(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		c.grant(grant(1))
		c.grant(r.stored(grant(2), time.Second)) // later than the third
		alone := grant(3)
		alone.Alone = true
		c.grant(alone)
		c.quiet(t)
		c.grant(grant(4))
		if got := c.report(t, fence(4), declinedOut); !strings.Contains(got.Reason, "alone") {
			t.Errorf("reason %q", got.Reason)
		}
		time.Sleep(2 * time.Second)
		if len(c.take()) != 3 {
			t.Error("not all parts are reported")
		}
		if order := r.dev.order(); !slices.Equal(order, []byte{1, 2, 3}) {
			t.Errorf("tasks ran in order %v", order)
		}
		r.dev.set(func() {
			if !r.dev.tasks[2].Alone || r.dev.tasks[1].Alone {
				t.Error("the device was not asked to be alone for the third task only")
			}
		})
	})
}

func TestRevoke(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(2))
		synctest.Wait()
		c.revoke(fence(2), false) // waits
		c.dropped(t, fence(2), false)
		c.revoke(fence(1), true) // runs, and may go on
		c.dropped(t, fence(1), true)
		time.Sleep(400 * time.Millisecond)
		c.report(t, fence(1), proved)
		c.revoke(fence(1), false) // finished: nothing to give up
		c.dropped(t, fence(1), true)
		r.books(func() {
			if len(r.reports) != 1 {
				t.Error("a report that was not taken is gone")
			}
		})
		c.grant(grant(3))
		synctest.Wait()
		c.revoke(fence(3), false) // runs
		c.dropped(t, fence(3), true)
		if begun, killed := r.dev.count(); begun != 2 || killed != 1 {
			t.Errorf("%d begun, %d killed, want 2 and 1", begun, killed)
		}
		c.revoke(fence(8), false) // unknown
		c.dropped(t, fence(8), false)
		time.Sleep(time.Second)
		c.quiet(t)
		c.grant(grant(4)) // the device goes on
		time.Sleep(400 * time.Millisecond)
		c.report(t, fence(4), proved)
	})
}

func TestDuplicateGrants(t *testing.T) {
	bubble(t, func(r *rig) {
		c := r.connect()
		c.grant(grant(1))
		c.grant(grant(1))
		time.Sleep(400 * time.Millisecond)
		c.report(t, fence(1), proved)
		c.grant(grant(1)) // the leader has not heard: told again, not proved again
		c.report(t, fence(1), proved)
		c.grant(under(1, Fence{2, 1})) // the same job, leased anew
		c.report(t, Fence{2, 1}, proved)
		c.grant(under(1, fence(5))) // an older lease, late
		if got := c.report(t, fence(5), declinedOut); got.Code != string(fault.CodeStaleFence) {
			t.Errorf("code %s", got.Code)
		}
		c.grant(grant(2))
		synctest.Wait()
		c.grant(under(2, Fence{2, 2})) // while it runs
		time.Sleep(400 * time.Millisecond)
		c.report(t, Fence{2, 2}, proved)
		if begun, killed := r.dev.count(); begun != 2 || killed != 0 {
			t.Errorf("%d begun, %d killed, want one run for each job", begun, killed)
		}
	})
}

func TestReportsAreBounded(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dev.takes = time.Millisecond
		c := r.connect()
		for n := range MaxReports + 3 {
			c.grant(grant(n + 1))
			time.Sleep(5 * time.Millisecond)
		}
		if got := len(c.take()); got != MaxReports+3 {
			t.Fatalf("%d reports, want all once", got)
		}
		r.books(func() {
			if len(r.reports) != MaxReports || r.reports[0].fence != fence(4) || len(r.parts) != MaxReports {
				t.Errorf("%d reports are kept from %s on, want %d from 1.4 on", len(r.reports), r.reports[0].fence, MaxReports)
			}
		})
		r.dev.set(func() { r.dev.fails = errors.New("a device of another kind of error") })
		c.grant(grant(50))
		time.Sleep(5 * time.Millisecond)
		c.report(t, fence(50), unavailable)
	})
	// Bytes count as well.
	w := &Worker{cfg: Config{Log: discard}, parts: map[Fence]*part{}}
	s := &slot{}
	for n := range 3 {
		p := &part{slot: s, fence: fence(n), state: finished, cancel: func() {}, report: &internalv1.PartReport{ProofFile: make([]byte, MaxReportBytes/2)}}
		w.parts[p.fence] = p
		w.reports = append(w.reports, p)
	}
	w.bound()
	if len(w.reports) != 2 || w.reports[0].fence != fence(1) {
		t.Errorf("%d reports are kept, want two", len(w.reports))
	}
}
