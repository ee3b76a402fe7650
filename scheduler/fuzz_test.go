package scheduler

import (
	"fmt"
	"testing"
	"time"
)

// FuzzStep reads events out of bytes, of few jobs, workers and fences, so that they often
// meet. No sequence panics or breaks an invariant, and a second run gives the same actions.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5})
	f.Add([]byte("accept join beat report rejected reference lost tick"))
	seed := make([]byte, 512)
	for i := range seed {
		seed[i] = byte(i * 37)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 4096)]
		first, second := playBytes(data), playBytes(data)
		if first != second {
			t.Fatalf("two runs differ:\n%s\n%s", first, second)
		}
	})
}

func playBytes(data []byte) string {
	c := DefaultConfig()
	c.Build = "b1"
	c.HoldOff = 0
	c.DecisionsMax = 4
	s := New(c, 1, start)
	b := bytesOf(data)
	now := start
	out := ""
	for len(b) > 0 {
		now = now.Add(time.Duration(b.next()) * 20 * time.Millisecond)
		if b.next()%8 == 0 {
			v := s.Admit(now, Ask{Tenant: b.tenant(), Spec: b.id(), RateKey: "k", Class: Class(b.next()), Cells: b.number(), MemoryBytes: b.number()})
			out += fmt.Sprintf("%+v\n", v)
			continue // it lets time pass, and leaves what that ends to the next step
		}
		actions := s.Step(now, b.event(now))
		checkAll(s)
		out += fmt.Sprintf("%+v\n", actions)
	}
	s.View()
	return out
}

// bytesOf is read from the front; it gives zeros when it is empty.
type bytesOf []byte

func (b *bytesOf) next() byte {
	if len(*b) == 0 {
		return 0
	}
	x := (*b)[0]
	*b = (*b)[1:]
	return x
}

func (b *bytesOf) id() [32]byte { return [32]byte{b.next() % 6} }

func (b *bytesOf) tenant() string { return []string{"t", "u"}[b.next()%2] }

func (b *bytesOf) worker() WorkerID { return WorkerID(fmt.Sprintf("w%d", b.next()%3)) }

func (b *bytesOf) device() DeviceID {
	return DeviceID(fmt.Sprintf("w%d/%d", b.next()%3, b.next()%2))
}

func (b *bytesOf) fence() Fence { return Fence{uint64(b.next() % 3), uint64(b.next() % 48)} }

func (b *bytesOf) flag() bool { return b.next()%2 == 0 }

// number is small, or once in a while huge.
func (b *bytesOf) number() uint64 {
	x := b.next()
	if x >= 250 {
		return ^uint64(0) >> (x - 250)
	}
	return uint64(x)
}

func (b *bytesOf) duration() time.Duration {
	return time.Duration(b.number()) * time.Millisecond
}

func (b *bytesOf) event(now time.Time) Event {
	switch b.next() % 22 {
	case 0, 1, 2:
		return JobAccepted{Reservation: b.number(), Job: Job{
			ID: b.id(), Tenant: b.tenant(), Spec: b.id(), RateKey: string(rune('j' + b.next()%3)), Class: Class(b.next() % 6),
			Cells: b.number(), MemoryBytes: b.number(), Accepted: now.Add(-b.duration()), Revived: uint32(b.next() % 3),
		}}
	case 3:
		return JobCancelled{b.id()}
	case 4:
		return JobFinished{b.id(), b.flag()}
	case 5, 6:
		e := WorkerJoined{Worker: b.worker(), Build: []string{"b1", "b2"}[b.next()%2], Draining: b.next()%8 == 0}
		for range b.next() % 4 {
			e.Devices = append(e.Devices, Device{
				ID: b.device(), Threads: int(b.next()), MemoryBytes: b.number(),
				Rates: map[string]float64{"k": float64(b.number()), "j": float64(b.next()) - 3},
			})
		}
		for range b.next() % 4 {
			e.Resident = append(e.Resident, Resident{b.id(), b.fence(), b.device(), b.flag(), b.flag()})
		}
		return e
	case 7:
		return WorkerLost{Worker: b.worker(), Dead: b.flag()}
	case 8, 9:
		e := Heartbeat{Worker: b.worker(), Draining: b.next()%8 == 0}
		if b.next()%8 == 0 {
			e.ReclaimAt = now.Add(b.duration())
		}
		for range b.next() % 4 {
			e.Devices = append(e.Devices, DeviceState{b.device(), b.fence(), []Fence{b.fence(), b.fence()}, b.duration()})
		}
		return e
	case 10:
		return Dropped{b.worker(), b.fence(), b.flag()}
	case 11, 12, 13:
		return Report{
			Worker: b.worker(), Device: b.device(), Job: b.id(), Fence: b.fence(), Outcome: Outcome(b.next() % 9),
			ProofDigest: [32]byte{b.next() % 3}, Wall: b.duration(),
		}
	case 14:
		return ProofRejected{Job: b.id(), ProofDigest: [32]byte{b.next() % 3}}
	case 15:
		return ReferenceResult{b.id(), [32]byte{b.next() % 3}, []string{"", "no"}[b.next()%2]}
	case 16:
		return []Event{DeviceQuarantined{b.device()}, DeviceLifted{b.device()}, WorkerQuarantined{b.worker()}, WorkerLifted{b.worker()}}[b.next()%4]
	case 17:
		return []Event{SpecQuarantined{b.tenant(), b.id(), now.Add(-b.duration())}, SpecLifted{b.tenant(), b.id()}, IntakeClosed{b.tenant(), now.Add(b.duration())}}[b.next()%3]
	case 18:
		return Drain{b.worker(), b.flag()}
	case 19:
		return ProofLost{Job: b.id(), ProofDigest: [32]byte{b.next() % 3}}
	}
	return Tick{}
}
