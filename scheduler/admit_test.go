package scheduler

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestOverload: at ten times what the devices can do, the accepted jobs still take less
// than the limit of the wait and their own time; everybody else is told when to ask again,
// and asking then pays.
func TestOverload(t *testing.T) {
	c := DefaultConfig()
	c.WaitMax = 5 * time.Second
	w := newWorld(c)
	w.add("a", &modelDevice{rate: 1000})
	w.add("b", &modelDevice{rate: 1000})
	w.run(2*time.Second, nil)
	n, refused, latest := 0, 0, time.Duration(0)
	for range 600 { // 20 a second, where 2 a second can be done
		v := w.s.Admit(w.now, Ask{Tenant: "t", RateKey: "k", Class: Transaction, Cells: 1000, MemoryBytes: 1})
		if v.OK {
			j := jobNumber(n)
			n++
			j.Accepted = w.now
			w.jobs[j.ID] = &modelJob{spec: j, accepted: w.now}
			w.names = append(w.names, j.ID)
			w.step(JobAccepted{Job: j, Reservation: v.Reservation})
		} else {
			refused++
			if v.Code != CodeOverload || v.RetryAfter < time.Second || v.RetryAfter > 5*time.Second {
				t.Fatalf("refused with %+v", v)
			}
		}
		w.run(50*time.Millisecond, nil)
	}
	w.run(time.Hour, w.allDone)
	for _, j := range w.jobs {
		latest = max(latest, j.end.Sub(j.accepted))
	}
	// Half a second each at full use, after a start with the queue to fill.
	if n < 60 || n > 80 || refused != 600-n {
		t.Errorf("%d accepted, %d refused", n, refused)
	}
	if latest > 2*c.WaitMax {
		t.Errorf("an accepted job took %v", latest)
	}
	if v := w.s.View(); v.Reserved != 0 || v.Backlog != 0 || v.Counters.Refused != uint64(refused) {
		t.Errorf("left: %+v", v)
	}
}

// TestReservations: however admissions, acceptances and releases mix, neither the queue nor
// a tenant's part of it overshoots, and nothing of it is left in the end.
func TestReservations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := DefaultConfig()
		c.JobsMax = rapid.IntRange(1, 30).Draw(t, "jobs")
		c.TenantJobsMax = rapid.IntRange(1, 20).Draw(t, "of a tenant")
		c.TenantJobs = map[string]int{"large": 25}
		s := New(c, 1, start)
		now := start
		var open []uint64
		live := map[string][]JobID{}
		owner := map[uint64]string{}
		for n := range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "pause")) * time.Millisecond)
			tenant := rapid.SampledFrom([]string{"t", "u", "large"}).Draw(t, "tenant")
			class := Class(rapid.IntRange(0, 3).Draw(t, "class"))
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1, 2:
				if v := s.Admit(now, Ask{Tenant: tenant, RateKey: "k", Class: class, Cells: 1}); v.OK {
					open = append(open, v.Reservation)
					owner[v.Reservation] = tenant
				}
			case 3:
				if len(open) > 0 {
					s.Release(open[0])
					s.Release(open[0]) // once is enough
					open = open[1:]
				}
			case 4:
				if len(open) > 0 {
					j := jobNumber(n)
					j.Tenant, j.Class = owner[open[0]], class
					s.Step(now, JobAccepted{Job: j, Reservation: open[0]})
					live[j.Tenant] = append(live[j.Tenant], j.ID)
					open = open[1:]
				}
			}
			checkAll(s)
			if got := s.unfinished(); got > c.JobsMax {
				t.Fatalf("%d unfinished of %d", got, c.JobsMax)
			}
			for _, name := range []string{"t", "u", "large"} {
				if got := s.unfinishedOf(name); got > s.tenantLimit(name) {
					t.Fatalf("tenant %s has %d of %d", name, got, s.tenantLimit(name))
				}
			}
		}
		for _, id := range open {
			s.Release(id)
		}
		for _, name := range []string{"t", "u", "large"} {
			for _, id := range live[name] {
				s.Step(now, JobFinished{ID: id, Released: true})
			}
		}
		checkAll(s)
		if len(s.tenants) > 0 || len(s.jobs) > 0 || len(s.specs) > 0 || s.backlog(classCount-1) > 0 {
			t.Fatalf("left: %d tenants, %d jobs, %d specs, %v", len(s.tenants), len(s.jobs), len(s.specs), s.backlog(classCount-1))
		}
	})
}

// TestBacklogByClass: a class waits only for what is at least as urgent.
func TestBacklogByClass(t *testing.T) {
	c := DefaultConfig()
	c.HoldOff = 0
	s := New(c, 1, start)
	s.Step(start, joinOf("w", 1))
	for i := range 60 {
		s.Step(start, JobAccepted{Job: jobNumber(i)})
	}
	for class, want := range []bool{true, true, true, false} {
		v := s.Admit(start, Ask{Tenant: "u", RateKey: "k", Class: Class(class), Cells: 1000, Spec: named(fmt.Sprint(class))})
		if v.OK != want {
			t.Errorf("%s: %+v", Class(class), v)
		}
	}
}

// TestView: what status shows agrees with what happened.
func TestView(t *testing.T) {
	w := newWorld(DefaultConfig())
	w.add("a", &modelDevice{rate: 1000})
	w.add("b", &modelDevice{rate: 500})
	for i := range 20 {
		w.submit(jobNumber(i))
	}
	if v := w.s.View(); !v.HeldOff || v.Queued != 20 || v.Backlog != 0 && v.Leased != 0 {
		t.Errorf("before the first grant: %+v", v)
	}
	w.run(5500*time.Millisecond, nil)
	v := w.s.View()
	if v.HeldOff || v.Leased == 0 || v.Queued == 0 || v.OldestUnproven < 4*time.Second || v.OldestUnproven > 6*time.Second {
		t.Errorf("midway: %+v", v)
	}
	if q := v.Classes[Transaction]; q.Queued != v.Queued || q.WaitP50 < time.Second || q.WaitP99 < q.WaitP95 || q.WaitP95 < q.WaitP50 {
		t.Errorf("waits: %+v", q)
	}
	for _, d := range v.Devices {
		if d.Running == (JobID{}) || !d.FreeAt.After(v.Now) || d.Proved == 0 || d.Standing != "" {
			t.Errorf("device: %+v", d)
		}
	}
	if a, b := v.Devices[0].Rates["k"], v.Devices[1].Rates["k"]; a < 990 || a > 1010 || b < 495 || b > 505 {
		t.Errorf("rates %v and %v", a, b)
	}
	newest := v.Decisions[0]
	if newest.At.Before(v.Decisions[len(v.Decisions)-1].At) || newest.Reason == "" {
		t.Errorf("decisions: %+v", newest)
	}
	w.run(time.Hour, w.allDone)
	if v := w.s.View(); v.Counters.Released != 20 || v.OldestUnproven != 0 || v.Backlog != 0 {
		t.Errorf("in the end: %+v", v)
	}
}

// Full says what Admit would say of the counts, and reserves nothing.
func TestFull(t *testing.T) {
	c := DefaultConfig()
	c.HoldOff, c.JobsMax, c.TenantJobsMax = 0, 10, 4
	now := time.Unix(1000, 0)
	s := New(c, 1, now)
	for i := range 9 {
		tenant := []string{"a", "b", "c"}[i/3]
		for range 3 {
			if v := s.Full(now, tenant, Transaction); !v.OK {
				t.Fatalf("job %d: %+v", i, v)
			}
		}
		if v := s.Admit(now, Ask{Tenant: tenant, Spec: [32]byte{byte(i)}, Class: Transaction, Cells: 1}); !v.OK {
			t.Fatalf("job %d: %+v", i, v)
		}
	}
	for _, q := range []struct {
		tenant string
		class  Class
		code   string
	}{{"a", Transaction, CodeQueueFull}, {"d", Pruning, CodeQueueFull}, {"d", Consensus, ""}} {
		v := s.Full(now, q.tenant, q.class)
		if v.OK != (q.code == "") || v.Code != q.code || !v.OK && v.RetryAfter <= 0 {
			t.Errorf("%+v: %+v", q, v)
		}
	}
	if v := s.Admit(now, Ask{Tenant: "a", Spec: [32]byte{100}, Class: Consensus, Cells: 1}); !v.OK {
		t.Fatalf("the last place: %+v", v)
	}
	if v := s.Full(now, "a", Consensus); v.OK || v.Code != CodeQueueFull {
		t.Errorf("%+v", v)
	}
	c.JobsMax = 100
	s = New(c, 1, now)
	for i := range 4 {
		s.Admit(now, Ask{Tenant: "a", Spec: [32]byte{byte(i)}, Class: Transaction, Cells: 1})
	}
	if v := s.Full(now, "a", Transaction); v.OK || v.Code != CodeTenantQuota || v.RetryAfter <= 0 {
		t.Errorf("%+v", v)
	}
}
