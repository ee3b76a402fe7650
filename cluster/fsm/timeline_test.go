package fsm

import (
	"fmt"
	"testing"
)

// Entries that no longer hold do not pile up behind one that does.
func TestTimelinesStayShort(t *testing.T) {
	const jobs = 3 * compactAbove
	l := newLab()
	conf := l.s.Configuration()
	conf.JobsPerTenantMax = maxLiveJobs
	l.must(t, &Configure{Configuration: conf})
	for i := range jobs {
		l.must(t, submit(i, "a", fmt.Sprint(i)))
	}
	for round := range 2 {
		for i := 1; i < jobs; i++ {
			l.must(t, cancel("a", fmt.Sprint(i)))
		}
		if got := len(l.s.live.entries); got > 1+compactAbove+1 {
			t.Errorf("round %d: %d entries for one live job", round, got)
		}
		for i := jobs - 1; i > 0; i-- { // job 1 is the last, so its dead entry is the first
			l.must(t, submit(i, "a", fmt.Sprint(i)))
		}
		for name, line := range map[string]*timeline{"all": &l.s.all, "live": &l.s.live, "ended": &l.s.ended} {
			if got := len(line.entries); got > 2*jobs+compactAbove {
				t.Errorf("round %d: %s has %d entries", round, name, got)
			}
		}
		if err := CheckInvariants(l.s); err != nil {
			t.Fatal(err)
		}
		if live := l.s.LiveJobs(); len(live) != jobs || live[1].ID != job(jobs-1) || live[jobs-1].ID != job(1) {
			t.Errorf("round %d: %d live jobs, or in another order", round, len(live))
		}
	}
}
