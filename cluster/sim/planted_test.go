package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/release"
	"rpp-node/scheduler"
)

// plantedSeeds is within how many seeds a planted bug must be caught.
const plantedSeeds = 300

// TestPlantedBugsAreCaught plants one bug at a time. The simulator must see each, by what
// the bug breaks.
func TestPlantedBugsAreCaught(t *testing.T) {
	for _, c := range []struct {
		name  string
		from  uint64 // where to begin, so that it does not take long
		seams func() Seams
		seen  func(o *Outcome) bool
	}{
		{"a voter acknowledges entries before it has synced them", 0, func() Seams {
			return Seams{NoSync: func(voter int) bool { return voter != 1 }}
		}, lost},
		{"clients are answered before anything is committed", 0, func() Seams { return Seams{AckEarly: true} }, lost},
		{"artifacts are acknowledged before they are synced", 0, func() Seams { return Seams{LaxStore: true} }, stuck},
		{"a receipt is signed without verifying", 0, func() Seams {
			return Seams{Verify: func(bool) bool { return true }}
		}, unverified},
		{"one receipt is enough, for the leader and for the state machine", 0, func() Seams {
			return Seams{Gather: func(g *release.Gather) Gather { return hasty{g} }, Apply: fewReceipts}
		}, unverified},
		{"one receipt is enough for the leader", 0, func() Seams {
			return Seams{Gather: func(g *release.Gather) Gather { return impatient{g} }}
		}, stuck},
		{"a release counts twice", 92, func() Seams { return Seams{Apply: releasedTwice()} }, duplicated},
		{"one voter applies by its own clock", 0, func() Seams { return Seams{Apply: ownClock} }, diverged},
		{"one voter forgets to apply cancels", 0, func() Seams { return Seams{Apply: deaf} }, diverged},
		{"an accepted job is not told to the leader", 0, func() Seams { return Seams{Event: dropAccepted()} }, stuck},
		{"a leader forgets resident parts", 0, func() Seams {
			return Seams{Scheduler: func(s *scheduler.Scheduler) Scheduler { return forgetful{s} }}
		}, says("answers")},
		{"a stale fence is accepted", 0, func() Seams {
			return Seams{Scheduler: func(s *scheduler.Scheduler) Scheduler { return credulous{s, map[place]scheduler.Fence{}} }}
		}, says("is heard")},
		{"fences repeat", 0, func() Seams {
			return Seams{Scheduler: func(s *scheduler.Scheduler) Scheduler { return repeating{s} }}
		}, says("fence")},
		{"a job is leased to all devices", 0, func() Seams {
			return Seams{Scheduler: func(s *scheduler.Scheduler) Scheduler { return spendthrift{s} }}
		}, says("is leased to")},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			for seed := c.from; seed < c.from+plantedSeeds; seed++ {
				if o := Run(seed, c.seams(), nil); c.seen(&o) {
					t.Logf("caught by seed %d: %s", seed, o.Violations[0])
					return
				}
			}
			t.Errorf("not caught by %d seeds", plantedSeeds)
		})
	}
}

func lost(o *Outcome) bool       { return o.Lost > 0 }
func stuck(o *Outcome) bool      { return o.Stuck > 0 }
func unverified(o *Outcome) bool { return o.Unverified > 0 }
func duplicated(o *Outcome) bool { return o.Duplicated > 0 }
func diverged(o *Outcome) bool   { return o.Diverged > 0 }

func says(words string) func(*Outcome) bool {
	return func(o *Outcome) bool {
		return slices.ContainsFunc(o.Violations, func(v string) bool { return strings.Contains(v, words) })
	}
}

// hasty releases on the first receipt.
type hasty struct{ *release.Gather }

func (g hasty) Signed(r fsm.Receipt) release.Verdict {
	g.Gather.Signed(r)
	return release.Released
}

// impatient does so once, and does not look again.
type impatient struct{ *release.Gather }

func (g impatient) Signed(r fsm.Receipt) release.Verdict {
	g.Gather.Signed(r)
	return release.Released
}

func (impatient) Verdict() release.Verdict { return release.Pending }

// fewReceipts takes the voters that signed for all that there are.
func fewReceipts(_ int, s *fsm.State, index uint64, c fsm.Command) fsm.Result {
	r := fsm.Apply(s, index, c)
	release, ok := c.(*fsm.ReleaseJob)
	if !ok || !fault.Is(r.Err, fault.CodeReceipts) {
		return r
	}
	voters := s.Voters()
	var signed []fsm.NodeID
	for _, x := range release.Receipts {
		signed = append(signed, x.Voter)
	}
	fsm.SetVoters(s, index, signed)
	defer fsm.SetVoters(s, index, voters)
	return fsm.Apply(s, index, c)
}

// releasedTwice treats a repeated release like the first.
func releasedTwice() func(int, *fsm.State, uint64, fsm.Command) fsm.Result {
	return func(_ int, s *fsm.State, index uint64, c fsm.Command) fsm.Result {
		r := fsm.Apply(s, index, c)
		if _, ok := c.(*fsm.ReleaseJob); ok {
			r.Existing = false
		}
		return r
	}
}

func ownClock(voter int, s *fsm.State, index uint64, c fsm.Command) fsm.Result {
	if voter == 1 {
		c.Stamp().NowMS++
	}
	return fsm.Apply(s, index, c)
}

func deaf(voter int, s *fsm.State, index uint64, c fsm.Command) fsm.Result {
	if cancel, ok := c.(*fsm.CancelJob); ok && voter == 1 {
		return fsm.Apply(s, index, &fsm.CancelJob{Header: cancel.Header, Tenant: "nobody", IdempotencyKey: "none"})
	}
	return fsm.Apply(s, index, c)
}

// dropAccepted loses every third event of an accepted job.
func dropAccepted() func(fsm.Event) bool {
	n := 0
	return func(e fsm.Event) bool {
		if e.Kind == fsm.JobChanged && e.State == fsm.Accepted {
			n++
		}
		return e.Kind != fsm.JobChanged || e.State != fsm.Accepted || n%3 != 0
	}
}

type forgetful struct{ *scheduler.Scheduler }

func (s forgetful) Step(now time.Time, e scheduler.Event) []scheduler.Action {
	if j, ok := e.(scheduler.WorkerJoined); ok {
		j.Resident = nil
		e = j
	}
	return s.Scheduler.Step(now, e)
}

// credulous takes a report under any fence for one under the device's newest.
type credulous struct {
	*scheduler.Scheduler
	newest map[place]scheduler.Fence
}

func (s credulous) Step(now time.Time, e scheduler.Event) []scheduler.Action {
	if r, ok := e.(scheduler.Report); ok {
		if f, ok := s.newest[place{r.Job, r.Device}]; ok {
			r.Fence = f
			e = r
		}
	}
	actions := s.Scheduler.Step(now, e)
	for _, a := range actions {
		if g, ok := a.(scheduler.Grant); ok {
			s.newest[place{g.Job, g.Device}] = g.Fence
		}
	}
	return actions
}

// repeating hands the fences of an earlier term out again.
type repeating struct{ *scheduler.Scheduler }

func (s repeating) Step(now time.Time, e scheduler.Event) []scheduler.Action {
	actions := s.Scheduler.Step(now, e)
	for i, a := range actions {
		if g, ok := a.(scheduler.Grant); ok {
			g.Fence.Term--
			actions[i] = g
		}
	}
	return actions
}

// spendthrift says that every job runs on three devices.
type spendthrift struct{ *scheduler.Scheduler }

func (s spendthrift) Job(id scheduler.JobID) (scheduler.JobView, bool) {
	v, ok := s.Scheduler.Job(id)
	v.Devices = append(v.Devices, "a/0", "b/0")
	return v, ok
}
