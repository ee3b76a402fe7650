package fsm

import "cmp"

// timeline lists jobs in the order of the log. Entries of jobs that have moved on stay
// until they are many; whoever reads asks whether an entry still holds.
type timeline struct {
	entries []entry
	dead    int // how many no longer hold
}

type entry struct {
	index uint64
	id    JobID
}

// compactAbove is how many dead entries are always tolerated.
const compactAbove = 1024

func (t *timeline) add(index uint64, id JobID) {
	t.entries = append(t.entries, entry{index, id})
}

// drop notes that one entry no longer holds. Dead entries never outnumber the others by
// more than compactAbove, so a scan costs what it finds.
func (t *timeline) drop(holds func(entry) bool) {
	t.dead++
	first := 0
	for first < len(t.entries) && !holds(t.entries[first]) {
		first++
	}
	t.entries, t.dead = t.entries[first:], t.dead-first
	if t.dead <= compactAbove || t.dead <= len(t.entries)/2 {
		return
	}
	t.entries, t.dead = t.holding(holds), 0
}

// holding lists the entries that hold.
func (t *timeline) holding(holds func(entry) bool) (list []entry) {
	for _, e := range t.entries {
		if holds(e) {
			list = append(list, e)
		}
	}
	return list
}

func compareEntries(a, b entry) int { return cmp.Compare(a.index, b.index) }
