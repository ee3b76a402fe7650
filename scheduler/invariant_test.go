package scheduler

import (
	"fmt"
	"slices"
)

// checkAll recounts everything that a scheduler keeps twice and panics with the first
// difference.
func checkAll(s *Scheduler) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			panic("invariant: " + fmt.Sprintf(format, args...))
		}
	}
	var work [classCount]map[int]uint64
	queuedCells := map[int]uint64{}
	for i := range work {
		work[i] = map[int]uint64{}
	}
	tenants := map[string]int{}
	leases, hedges := 0, 0
	for id, j := range s.jobs {
		must(j.ID == id, "job %s lies under %s", j.ID, id)
		tenants[j.Tenant]++
		leases += len(j.leases)
		if j.state.unproved() {
			work[j.Class][j.rate] += j.Cells
		}
		must(j.queued == (j.flowAt >= 0) && j.queued == (j.classAt >= 0), "job %s: queued %v, places %d %d", id, j.queued, j.flowAt, j.classAt)
		if j.queued {
			queuedCells[j.rate] += j.Cells
			must(j.flow.jobs.items[j.flowAt] == j && s.classes[j.Class].jobs.items[j.classAt] == j, "job %s is not where it says", id)
			must(j.flow.alone == j.alone, "job %s lies in the wrong flow", id)
		}
		must(j.queued == (j.need() > 0), "job %s is %s: queued %v, needs %d", id, j.state, j.queued, j.need())
		must((len(j.leases) > 0) == (j.state == JobLeased) || j.queued, "job %s is %s with %d leases", id, j.state, len(j.leases))
		must(j.wanted == 1 || j.wanted == 2, "job %s wants %d", id, j.wanted)
		must(len(j.leases) <= 2 && len(j.rejected) <= 2 && len(j.results) <= resultsMax && len(j.avoided) <= avoidedMax, "job %s has grown", id)
		if len(j.leases) == 2 {
			must(j.leases[0].device != j.leases[1].device, "job %s has two leases on one device", id)
			must(j.wanted == 2 || j.leases[0].hedge || j.leases[1].hedge, "job %s has two leases, neither a hedge", id)
		}
		if j.reserved != nil {
			must(j.reserved.reserved == j && j.queued && j.alone, "job %s: reservation of %s", id, j.reserved.id)
		}
		for _, l := range j.leases {
			must(l.job == j && !l.over, "job %s holds a foreign lease", id)
			if l.hedge {
				hedges++
			}
		}
	}
	must(hedges == s.hedges, "%d hedges, counted %d", hedges, s.hedges)
	for name, t := range s.tenants {
		must(t.jobs == tenants[name], "tenant %s has %d jobs, counted %d", name, t.jobs, tenants[name])
		must(t.jobs+t.reserved > 0, "tenant %s is empty", name)
	}
	for _, r := range s.reservations.live {
		work[r.class][r.rate] += r.cells
	}
	for c := range work {
		for rate, cells := range s.work[c] {
			must(cells == work[c][rate], "class %d rate %d: %d cells of work, counted %d", c, rate, cells, work[c][rate])
		}
	}
	for rate, cells := range s.queuedCells {
		must(cells == queuedCells[rate], "rate %d: %d cells queued, counted %d", rate, cells, queuedCells[rate])
	}
	for c, q := range s.classes {
		n := 0
		for _, t := range s.tenants {
			if l := t.lanes[c]; l != nil {
				n += l.count
				must((l.heapAt >= 0) == (l.count > 0), "lane %s of class %d: %d jobs at %d", t.name, c, l.count, l.heapAt)
				in := 0
				for _, f := range l.flows {
					must(f.jobs.len() > 0, "an empty flow")
					in += f.jobs.len()
				}
				must(in == l.count, "lane %s of class %d: %d jobs in flows of %d", t.name, c, in, l.count)
			}
		}
		must(n == q.jobs.len() && len(q.aside) == 0, "class %d: %d jobs in lanes, %d in all", c, n, q.jobs.len())
	}
	checkDevices(s, must, leases)
}

func checkDevices(s *Scheduler, must func(bool, string, ...any), leases int) {
	must(len(s.leases) == s.expiries.len(), "%d leases, %d expiries", len(s.leases), s.expiries.len())
	for i, l := range s.expiries.items {
		must(l.heapAt == i && s.leases[l.fence] == l, "lease %s is not where it says", l.fence)
		must(l.expires.After(s.now), "lease %s has expired", l.fence)
		must(slices.Contains(l.device.queue, l), "lease %s is not in its device", l.fence)
	}
	must(slices.IsSortedFunc(s.devices, func(a, b *device) int {
		if a.id < b.id {
			return -1
		}
		return 1
	}), "devices out of order")
	must(len(s.devices) == len(s.byID), "%d devices, %d by name", len(s.devices), len(s.byID))
	queued, live := 0, 0
	for _, d := range s.devices {
		must(s.byID[d.id] == d && s.workers[d.worker.id] == d.worker && slices.Contains(d.worker.devices, d), "device %s is adrift", d.id)
		must(d.held() <= s.config.QueueDepth, "device %s holds %d", d.id, d.held())
		must(d.quarantined == s.quarantine.holds(d), "device %s: quarantined %v", d.id, d.quarantined)
		queued += len(d.queue)
		first := true
		for _, l := range d.queue {
			must(l.device == d && s.leases[l.fence] == l, "device %s holds a foreign lease", d.id)
			if l.over {
				continue
			}
			live++
			must(s.jobs[l.job.ID] == l.job && slices.Contains(l.job.leases, l), "lease %s of no job", l.fence)
			must(!first || l.begun || d.queue[0].over, "device %s: the first part has not begun", d.id)
			must(!l.alone || d.held() == 1, "device %s: %s is not alone", d.id, l.fence)
			first = false
		}
		for _, l := range d.incoming {
			must(l.thief == d && l.revoking && !l.over && l.device != d, "device %s: incoming %s", d.id, l.fence)
		}
		if d.reserved != nil {
			must(d.reserved.reserved == d, "device %s is reserved for a job that does not know", d.id)
		}
	}
	must(queued == len(s.leases), "%d leases in devices of %d", queued, len(s.leases))
	must(live == leases, "%d live leases in devices, %d in jobs", live, leases)
}
