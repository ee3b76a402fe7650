package scheduler

import (
	"fmt"
	"testing"
	"time"
)

func jobNumber(i int) Job {
	return Job{ID: named(fmt.Sprintf("job-%d", i)), Spec: named(fmt.Sprintf("job-%d", i)), Tenant: "t", RateKey: "k", Class: Transaction, Cells: 1000, MemoryBytes: 1}
}

// makespan is how long 200 equal jobs of one second take.
func makespan(t *testing.T, devices ...*modelDevice) (time.Duration, Counters) {
	t.Helper()
	w := newWorld(DefaultConfig())
	for i, d := range devices {
		w.add(WorkerID(fmt.Sprintf("w%d", i)), d)
	}
	for i := range 200 {
		w.submit(jobNumber(i))
	}
	w.run(time.Hour, w.allDone)
	var last time.Time
	for _, j := range w.jobs {
		if !j.released {
			t.Fatalf("job %s was not released: %s", j.spec.ID, j.code)
		}
		if j.end.After(last) {
			last = j.end
		}
	}
	return last.Sub(start), w.s.View().Counters
}

// TestSlowDevice: a device ten times slower, whether it says so or not, must not stretch
// the whole beyond half as long again as without it.
func TestSlowDevice(t *testing.T) {
	alone, _ := makespan(t, &modelDevice{rate: 1000})
	two, _ := makespan(t, &modelDevice{rate: 1000}, &modelDevice{rate: 1000})
	honest, _ := makespan(t, &modelDevice{rate: 1000}, &modelDevice{rate: 100})
	secret, c := makespan(t, &modelDevice{rate: 1000}, &modelDevice{rate: 100, offers: 1000})
	t.Logf("alone %v, two %v, a slow second %v, one that does not say so %v: %d steals, %d hedges", alone, two, honest, secret, c.Steals, c.Hedges)
	if two > 104*time.Second {
		t.Errorf("two devices take %v for 100 s of work each", two)
	}
	for _, d := range []time.Duration{honest, secret} {
		if d > alone {
			t.Errorf("with a slow second device %v, without it %v", d, alone)
		}
	}
	// The best possible is 200 s / 1.1.
	if secret > 195*time.Second {
		t.Errorf("with a secretly slow device %v", secret)
	}
}

// TestSlowedMidway: a device that becomes slow while it works loses its tail by steals and
// its running part by a hedge.
func TestSlowedMidway(t *testing.T) {
	w := newWorld(DefaultConfig())
	slow := &modelDevice{rate: 1000}
	w.add("a", slow)
	w.add("b", &modelDevice{rate: 1000})
	for i := range 40 {
		w.submit(jobNumber(i))
	}
	w.run(17500*time.Millisecond, nil)
	slow.rate = 10 // what starts now takes 100 s
	w.run(time.Hour, w.allDone)
	if took := w.now.Sub(start); took > 35*time.Second {
		t.Errorf("took %v", took)
	}
	if c := w.s.View().Counters; c.Hedges == 0 {
		t.Errorf("no hedge: %+v", c)
	}
}

// TestThroughput: devices never idle while jobs wait.
func TestThroughput(t *testing.T) {
	w := newWorld(DefaultConfig())
	w.latency = 20 * time.Millisecond
	for i := range 8 {
		w.add(WorkerID(fmt.Sprintf("w%d", i)), &modelDevice{rate: 10_000})
	}
	for i := range 800 {
		w.submit(jobNumber(i))
	}
	w.run(time.Hour, w.allDone)
	// 100 jobs of 100 ms on each device, after the hold-off.
	if took := w.now.Sub(start) - time.Second; took > 10500*time.Millisecond {
		t.Errorf("10 s of work took %v", took)
	}
	if c := w.s.View().Counters; c.Discards > 0 || c.Expiries > 0 {
		t.Errorf("something went wrong: %+v", c)
	}
}

// TestPoison: a job that crashes every device is quarantined after three suspicions, and
// the others hardly notice.
func TestPoison(t *testing.T) {
	worst := func(poison bool) time.Duration {
		w := newWorld(DefaultConfig())
		flaky := func(id JobID) Outcome {
			if poison && id == jobNumber(10).ID {
				return Crashed
			}
			return Proved
		}
		for i := range 3 {
			w.add(WorkerID(fmt.Sprintf("w%d", i)), &modelDevice{rate: 10_000, flaky: flaky})
		}
		for i := range 100 {
			w.submit(jobNumber(i))
		}
		w.run(time.Hour, w.allDone)
		var last time.Duration
		for _, j := range w.jobs {
			switch {
			case poison && j.spec.ID == jobNumber(10).ID:
				if j.code != CodeQuarantined {
					t.Errorf("poison ended as %q", j.code)
				}
			case !j.released:
				t.Errorf("job %s: %s", j.spec.ID, j.code)
			default:
				last = max(last, j.end.Sub(j.accepted))
			}
		}
		return last
	}
	without, with := worst(false), worst(true)
	if with > without*11/10 {
		t.Errorf("the slowest other job takes %v beside poison, %v without", with, without)
	}
}

// TestLiar: a device that computes wrongly costs time, never a proof, and is found.
func TestLiar(t *testing.T) {
	w := newWorld(DefaultConfig())
	w.add("a", &modelDevice{rate: 1000})
	w.add("b", &modelDevice{rate: 1000, liar: true})
	w.add("c", &modelDevice{rate: 1000})
	for i := range 30 {
		w.submit(jobNumber(i))
	}
	w.run(time.Hour, w.allDone)
	for _, j := range w.jobs {
		if !j.released {
			t.Errorf("job %s: %s", j.spec.ID, j.code)
		}
	}
	v := w.s.View()
	if v.Devices[1].Standing != "quarantined" || v.Counters.DevicesQuarantined != 1 {
		t.Errorf("devices: %+v", v.Devices)
	}
}

// TestReclaim: a node that says when it will go has nothing running then.
func TestReclaim(t *testing.T) {
	w := newWorld(DefaultConfig())
	spot := w.add("a", &modelDevice{rate: 1000})
	w.add("b", &modelDevice{rate: 1000})
	for i := range 60 {
		w.submit(jobNumber(i))
	}
	w.run(10*time.Second, nil)
	spot.reclaimAt = w.now.Add(6 * time.Second)
	w.run(6*time.Second, nil)
	if n := len(spot.devices[0].parts); n != 0 {
		t.Errorf("%d parts are lost with the node", n)
	}
	w.lose(spot, true)
	w.run(time.Hour, w.allDone)
	for _, j := range w.jobs {
		if j.proofs != 1 {
			t.Errorf("job %s was proved %d times", j.spec.ID, j.proofs)
		}
	}
}

// TestFailover: a new leader adopts what runs; nothing is proved twice.
func TestFailover(t *testing.T) {
	w := newWorld(DefaultConfig())
	for i := range 4 {
		w.add(WorkerID(fmt.Sprintf("w%d", i)), &modelDevice{rate: 1000})
	}
	for i := range 60 {
		w.submit(jobNumber(i))
	}
	for range 3 {
		w.run(3300*time.Millisecond, nil)
		w.lead()
	}
	w.run(time.Hour, w.allDone)
	for _, j := range w.jobs {
		if !j.released || j.proofs != 1 {
			t.Errorf("job %s: released %v, proved %d times", j.spec.ID, j.released, j.proofs)
		}
	}
	if took := w.now.Sub(start); took > 22*time.Second {
		t.Errorf("took %v", took)
	}
}
