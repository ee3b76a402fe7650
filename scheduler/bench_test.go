package scheduler

import (
	"fmt"
	"testing"
	"time"
)

// busy is a scheduler with many queued jobs and all devices full.
func busy(jobs, devices int) (*Scheduler, time.Time) {
	c := DefaultConfig()
	c.HoldOff = 0
	s := New(c, 1, start)
	for i := range devices / 2 {
		s.Step(start, joinOf(WorkerID(fmt.Sprintf("w%02d", i)), 2))
	}
	for i := range jobs {
		s.Step(start, JobAccepted{Job: benchJob(i)})
	}
	return s, start
}

func benchJob(i int) Job {
	j := jobNumber(i)
	j.Cells = 500
	j.Class = Class(i % int(classCount))
	j.Tenant = fmt.Sprintf("tenant-%d", i%20)
	j.MemoryBytes = uint64(1 + i%100)
	j.Accepted = start.Add(time.Duration(i) * time.Millisecond)
	return j
}

// BenchmarkStep is the life of one job among 10,000 on 64 devices: accepted, granted,
// proved, finished; a heartbeat for each.
func BenchmarkStep(b *testing.B) {
	s, now := busy(10_000, 64)
	running := make([]*lease, 0, 64)
	for _, d := range s.devices {
		running = append(running, d.queue[0])
	}
	next, steps := 10_000, 0
	b.ResetTimer()
	for i := range b.N {
		l := running[i%64]
		d := l.device
		now = now.Add(8 * time.Millisecond)
		s.Step(now, Report{Worker: d.worker.id, Device: d.id, Job: l.job.ID, Fence: l.fence, Outcome: Proved, Wall: 500 * time.Millisecond})
		s.Step(now, JobFinished{ID: l.job.ID, Released: true})
		j := benchJob(next)
		j.Accepted = now
		next++
		s.Step(now, JobAccepted{Job: j})
		beat := Heartbeat{Worker: d.worker.id}
		for _, x := range d.worker.devices {
			state := DeviceState{Device: x.id, Running: x.queue[0].fence}
			for _, y := range x.queue[1:] {
				state.Waiting = append(state.Waiting, y.fence)
			}
			beat.Devices = append(beat.Devices, state)
		}
		s.Step(now, beat)
		steps += 4
		running[i%64] = d.queue[0]
	}
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
	if v := s.View(); v.Queued+v.Leased != 10_000 {
		b.Fatalf("%d queued, %d leased", v.Queued, v.Leased)
	}
}

func BenchmarkAdmit(b *testing.B) {
	s, now := busy(5_000, 64)
	for b.Loop() {
		if v := s.Admit(now, Ask{Tenant: "new", RateKey: "k", Cells: 1, MemoryBytes: 100}); v.OK {
			s.Release(v.Reservation)
		}
	}
}

func BenchmarkView(b *testing.B) {
	s, _ := busy(10_000, 64)
	for b.Loop() {
		s.View()
	}
}
