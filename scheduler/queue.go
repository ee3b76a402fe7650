package scheduler

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// The order of waiting jobs. Every job has a fixed key: when it was accepted, plus AgeStep
// for each class below consensus. Whichever class holds the least key is served first, so a
// job is overtaken only by more urgent ones that are younger by less than its handicap:
// age raises priority and nothing starves. Inside a class tenants take turns by start-time
// fair queueing: each grant moves its tenant's start tag on by the work that it costs.
// Inside a tenant's lane jobs lie in flows of like demand, so that one which no device can
// take now holds back only its like.

// class is the queue of one class.
type class struct {
	jobs    heap[*job]  // all queued, least key first
	lanes   heap[*lane] // of tenants that have queued jobs
	virtual time.Duration
	blocked bool // nothing more to place in this pass
	aside   []*lane
	waits   waits
}

// tenant is kept while it has jobs or reservations.
type tenant struct {
	name           string
	jobs, reserved int
	lanes          [classCount]*lane
}

// lane is what a tenant has queued in one class.
type lane struct {
	tenant string
	start  time.Duration // virtual: when the next job's turn comes
	flows  []*flow
	count  int
	heapAt int
}

// flow holds a lane's queued jobs of one power of two of memory, those to be run alone apart.
type flow struct {
	alone   bool
	memory  int
	jobs    heap[*job]
	blocked uint64 // the pass that found that its first job cannot be placed
}

func (j *job) before(k *job) bool {
	if j.key != k.key {
		return j.key < k.key
	}
	return bytes.Compare(j.ID[:], k.ID[:]) < 0
}

func newClass() *class {
	return &class{
		jobs: heap[*job]{less: (*job).before, at: func(j *job) *int { return &j.classAt }},
		lanes: heap[*lane]{
			less: func(a, b *lane) bool {
				if a.start != b.start {
					return a.start < b.start
				}
				return a.tenant < b.tenant
			},
			at: func(l *lane) *int { return &l.heapAt },
		},
	}
}

func (s *Scheduler) tenant(name string) *tenant {
	t := s.tenants[name]
	if t == nil {
		t = &tenant{name: name}
		s.tenants[name] = t
	}
	return t
}

func (s *Scheduler) releaseTenant(t *tenant) {
	if t.jobs == 0 && t.reserved == 0 {
		delete(s.tenants, t.name)
	}
}

// enqueue lets the job wait for a device; it keeps its place by age.
func (s *Scheduler) enqueue(j *job, reason string) {
	j.decision = reason
	if len(j.leases) == 0 {
		s.setState(j, JobQueued)
	}
	if j.queued {
		return
	}
	c := s.classes[j.Class]
	t := s.tenant(j.Tenant)
	l := t.lanes[j.Class]
	if l == nil {
		l = &lane{tenant: t.name, heapAt: -1}
		t.lanes[j.Class] = l
	}
	f := l.flow(j)
	j.queued, j.flow = true, f
	f.jobs.push(j)
	c.jobs.push(j)
	s.countQueued(j, true)
	l.count++
	if l.count == 1 {
		l.start = max(l.start, c.virtual)
		c.lanes.push(l)
	}
}

// dequeue takes the job out of its queue and gives back the device held for it.
func (s *Scheduler) dequeue(j *job) {
	if j.reserved != nil {
		j.reserved.reserved = nil
		j.reserved = nil
	}
	if !j.queued {
		return
	}
	c, l := s.classes[j.Class], s.tenants[j.Tenant].lanes[j.Class]
	j.flow.jobs.remove(j)
	if j.flow.jobs.len() == 0 {
		f := j.flow
		l.flows = slices.DeleteFunc(l.flows, func(x *flow) bool { return x == f })
	}
	c.jobs.remove(j)
	s.countQueued(j, false)
	j.queued, j.flow = false, nil
	if l.count--; l.count == 0 {
		c.lanes.remove(l)
	}
}

// flow finds or makes the job's flow; flows lie in the order of their demand.
func (l *lane) flow(j *job) *flow {
	memory := bits.Len64(j.MemoryBytes)
	at, found := slices.BinarySearchFunc(l.flows, j, func(f *flow, j *job) int {
		if f.alone != j.alone {
			if f.alone {
				return 1
			}
			return -1
		}
		return cmp.Compare(f.memory, memory)
	})
	if !found {
		l.flows = slices.Insert(l.flows, at, &flow{
			alone: j.alone, memory: memory,
			jobs: heap[*job]{less: (*job).before, at: func(j *job) *int { return &j.flowAt }},
		})
	}
	return l.flows[at]
}

// next is the first flow, by its first job, that this pass has not found blocked.
func (l *lane) next(pass uint64) *flow {
	var best *flow
	for _, f := range l.flows {
		if f.blocked != pass && (best == nil || f.jobs.first().before(best.jobs.first())) {
			best = f
		}
	}
	return best
}

// charge moves the job's tenant behind others by what the grant costs.
func (s *Scheduler) charge(j *job) {
	c, l := s.classes[j.Class], s.tenants[j.Tenant].lanes[j.Class]
	c.virtual = max(c.virtual, l.start)
	l.start += s.nominal(j)
	c.lanes.moved(l)
}

// waiting counts queued jobs.
func (s *Scheduler) waiting() int {
	n := 0
	for _, c := range s.classes {
		n += c.jobs.len()
	}
	return n
}

// countQueued keeps the sum of queued cells by rate key.
func (s *Scheduler) countQueued(j *job, add bool) {
	for len(s.queuedCells) <= j.rate {
		s.queuedCells = append(s.queuedCells, 0)
	}
	if add {
		s.queuedCells[j.rate] += j.Cells
	} else {
		s.queuedCells[j.rate] -= j.Cells
	}
}
