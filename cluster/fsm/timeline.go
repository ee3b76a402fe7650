package fsm

import (
	"cmp"
	"iter"
)

// timeline lists the jobs that have a place in it, in the order of their places, which
// are indexes of the log. Entries of jobs that have moved on stay until they are many.
type timeline struct {
	place   func(*Job) uint64 // 0: none
	entries []entry
	dead    int // how many entries' jobs have moved on
}

// entry is a place that a job had when it was entered.
type entry struct {
	index uint64
	seat  *seat
}

// seat leads from an entry to a job's present record, nil when the job is forgotten. All
// records of a job share one. Scans follow it faster than they would look up names.
type seat struct{ job *Job }

// compactAbove is how many dead entries are always tolerated.
const compactAbove = 1024

// holder is the job that still has an entry's place, or nil.
func (t *timeline) holder(e entry) *Job {
	if j := e.seat.job; j != nil && t.place(j) == e.index {
		return j
	}
	return nil
}

// jobs goes through the jobs in order.
func (t *timeline) jobs() iter.Seq[*Job] {
	return func(yield func(*Job) bool) {
		for _, e := range t.entries {
			if j := t.holder(e); j != nil && !yield(j) {
				return
			}
		}
	}
}

// first is the first job, or nil.
func (t *timeline) first() *Job {
	for j := range t.jobs() {
		return j
	}
	return nil
}

// move follows a job from one record to the next, nil before the first and after the
// last. Dead entries never outnumber the others by more than compactAbove, and none stands
// in front, so that a scan costs what it finds.
func (t *timeline) move(s *seat, old, new *Job) {
	was, is := t.placeOf(old), t.placeOf(new)
	if was == is {
		return
	}
	if is != 0 {
		t.entries = append(t.entries, entry{is, s})
	}
	if was != 0 {
		t.dead++
		t.trim()
	}
}

func (t *timeline) placeOf(j *Job) uint64 {
	if j == nil {
		return 0
	}
	return t.place(j)
}

func (t *timeline) trim() {
	front := 0
	for front < len(t.entries) && t.holder(t.entries[front]) == nil {
		front++
	}
	t.entries, t.dead = t.entries[front:], t.dead-front
	if t.dead <= compactAbove || t.dead <= len(t.entries)/2 {
		return
	}
	kept := make([]entry, 0, len(t.entries))
	for _, e := range t.entries {
		if t.holder(e) != nil {
			kept = append(kept, e)
		}
	}
	t.entries, t.dead = kept, 0
}

func compareEntries(a, b entry) int { return cmp.Compare(a.index, b.index) }
