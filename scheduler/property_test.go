package scheduler

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestChaos: whatever happens to workers, sessions, devices and leaders, nothing is lost
// once they behave again, and equal events give equal actions. The model checks on the way
// that fences grow; checkAll, after every step, everything that the package promises.
func TestChaos(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(chaosConfig(t))
		w.latency = time.Duration(rapid.IntRange(1, 400).Draw(t, "latency")) * time.Millisecond
		for i := range rapid.IntRange(1, 4).Draw(t, "workers") {
			var devices []*modelDevice
			for range rapid.IntRange(1, 2).Draw(t, "devices") {
				devices = append(devices, drawDevice(t))
			}
			w.add(WorkerID(fmt.Sprintf("w%d", i)), devices...)
		}
		w.workers[0].devices[0].liar = false
		for range rapid.IntRange(5, 60).Draw(t, "faults") {
			w.disturb(t)
			w.run(time.Duration(rapid.IntRange(0, 5000).Draw(t, "pause"))*time.Millisecond, nil)
		}
		for range 3 { // evidence of earlier deeds may still take devices away
			w.heal()
			w.run(4*time.Hour, w.allDone)
		}
		for _, id := range w.names {
			if j := w.jobs[id]; !j.done {
				v, _ := w.s.Job(id)
				t.Fatalf("job %s never ended: %+v", id, v)
			}
		}
		w.replay(t)
	})
}

func chaosConfig(t *rapid.T) Config {
	c := DefaultConfig()
	c.Build = "b1"
	c.HoldOff = time.Duration(rapid.IntRange(0, 2000).Draw(t, "hold-off")) * time.Millisecond
	c.QueueDepth = rapid.IntRange(1, 6).Draw(t, "depth")
	c.AheadTime = time.Duration(rapid.IntRange(0, 20).Draw(t, "ahead")) * time.Second
	c.AttemptsMax = rapid.IntRange(1, 5).Draw(t, "attempts")
	c.DecisionsMax = 8
	return c
}

func drawDevice(t *rapid.T) *modelDevice {
	d := &modelDevice{rate: float64(rapid.IntRange(50, 5000).Draw(t, "rate"))}
	d.offers = d.rate * rapid.SampledFrom([]float64{1, 1, 1, 10, 0.1}).Draw(t, "honesty")
	switch rapid.IntRange(0, 9).Draw(t, "character") {
	case 0:
		d.liar = true
	case 1:
		every := rapid.IntRange(2, 6).Draw(t, "every")
		outcome := Outcome(rapid.IntRange(int(InvalidWitness), int(Unavailable)).Draw(t, "outcome"))
		n := 0
		d.flaky = func(JobID) Outcome {
			if n++; n%every == 0 {
				return outcome
			}
			return Proved
		}
	}
	return d
}

// disturb does one thing to the world.
func (w *world) disturb(t *rapid.T) {
	x := rapid.SampledFrom(w.workers).Draw(t, "worker")
	d := rapid.SampledFrom(x.devices).Draw(t, "device")
	switch rapid.IntRange(0, 15).Draw(t, "what") {
	case 0:
		w.lose(x, rapid.Bool().Draw(t, "dead"))
	case 1, 2:
		if x.session == 0 {
			w.connect(x)
		}
	case 3:
		x.silent = !x.silent
	case 4:
		w.lead()
	case 5:
		if len(w.names) > 0 {
			w.cancel(rapid.SampledFrom(w.names).Draw(t, "job"))
		}
	case 6:
		x.draining = !x.draining
	case 7:
		w.step(Drain{Worker: x.id, On: rapid.Bool().Draw(t, "on")})
	case 8:
		w.step(DeviceQuarantined{d.id})
	case 9:
		w.step(DeviceLifted{d.id})
	case 10:
		d.rate *= rapid.SampledFrom([]float64{0.1, 0.5, 2, 10}).Draw(t, "factor")
	case 11:
		x.reclaimAt = w.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "reclaim")) * time.Second)
	default:
		for range rapid.IntRange(1, 8).Draw(t, "jobs") {
			w.submit(w.drawJob(t))
		}
	}
}

func (w *world) drawJob(t *rapid.T) Job {
	j := jobNumber(len(w.names))
	j.Class = Class(rapid.IntRange(0, int(classCount)-1).Draw(t, "class"))
	j.Tenant = rapid.SampledFrom([]string{"t", "u", "v"}).Draw(t, "tenant")
	j.Cells = uint64(rapid.IntRange(100, 5000).Draw(t, "cells"))
	j.MemoryBytes = uint64(rapid.SampledFrom([]int{1, 50, 100}).Draw(t, "memory"))
	return j
}

// cancel ends a live job; one that has ended without a proof it revives.
func (w *world) cancel(id JobID) {
	j := w.jobs[id]
	if !j.done {
		j.done, j.code = true, "cancelled"
		w.step(JobCancelled{id})
		return
	}
	if j.released || j.code == CodeQuarantined {
		return
	}
	j.done, j.code = false, ""
	j.spec.Revived++
	j.spec.Accepted = w.now
	w.step(JobAccepted{Job: j.spec})
}

// heal makes everybody behave.
func (w *world) heal() {
	for _, x := range w.workers {
		x.silent, x.draining, x.reclaimAt = false, false, time.Time{}
		w.step(Drain{Worker: x.id, On: false})
		w.step(WorkerLifted{x.id})
		for _, d := range x.devices {
			w.step(DeviceLifted{d.id})
			d.flaky, d.liar = nil, false
		}
		if x.session == 0 {
			w.connect(x)
		}
	}
}

// replay feeds the same events to new schedulers.
func (w *world) replay(t *rapid.T) {
	var s *Scheduler
	var term uint64
	for i, l := range w.log {
		if l.term != term {
			term = l.term
			s = New(w.config, term, w.terms[term-1])
		}
		if got := fmt.Sprintf("%+v", s.Step(l.at, l.event)); got != l.answer {
			t.Fatalf("event %d, %+v at %v:\n first  %s\n second %s", i, l.event, l.at.Sub(start), l.answer, got)
		}
	}
}

// TestNoStarvation: under a load of more urgent jobs that is heavier than the devices can
// bear, a job of any class begins when its age has made up for its class.
func TestNoStarvation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(DefaultConfig())
		w.add("w", &modelDevice{rate: 1000})
		victim := jobNumber(0)
		victim.Class = Class(rapid.IntRange(1, 3).Draw(t, "class"))
		victim.ID[31] = byte(rapid.IntRange(0, 255).Draw(t, "id"))
		load := float64(rapid.IntRange(50, 150).Draw(t, "load percent")) / 100
		before := rapid.IntRange(0, 30).Draw(t, "jobs before")
		tenants := rapid.IntRange(1, 3).Draw(t, "tenants")
		n := 0
		urgent := func() {
			n++
			j := jobNumber(n)
			j.Class = Class(rapid.IntRange(0, int(victim.Class)-1).Draw(t, "urgent class"))
			j.Tenant = fmt.Sprintf("tenant-%d", n%tenants)
			w.submit(j)
		}
		for range before {
			urgent()
		}
		w.submit(victim)
		gap := time.Duration(float64(time.Second) / load)
		handicap := time.Duration(victim.Class) * w.config.AgeStep
		bound := time.Duration(float64(handicap)*max(load, 1)) + time.Duration(before)*time.Second + 10*time.Second
		for passed := time.Duration(0); !w.jobs[victim.ID].done; passed += gap {
			if passed > bound {
				t.Fatalf("a %s job still waits after %v at load %v", victim.Class, passed, load)
			}
			urgent()
			w.run(gap, nil)
		}
	})
}

// TestFairness: a tenant that floods its class delays another's few jobs by little.
func TestFairness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(DefaultConfig())
		w.add("w", &modelDevice{rate: 1000})
		n := 0
		add := func(tenant string) JobID {
			n++
			j := jobNumber(n)
			j.Tenant = tenant
			w.submit(j)
			return j.ID
		}
		for range rapid.IntRange(20, 200).Draw(t, "flood") {
			add("a flood")
		}
		w.run(time.Duration(rapid.IntRange(2, 15).Draw(t, "lead"))*time.Second, nil)
		var mine []JobID
		few := rapid.IntRange(1, 5).Draw(t, "few")
		for range few {
			mine = append(mine, add("few"))
		}
		asked := w.now
		w.run(time.Hour, func() bool { return w.jobs[mine[few-1]].done })
		// Every second turn is theirs, behind what was granted ahead.
		if took := w.now.Sub(asked); took > time.Duration(2*few+5)*time.Second {
			t.Fatalf("%d jobs beside a flood took %v", few, took)
		}
	})
}
