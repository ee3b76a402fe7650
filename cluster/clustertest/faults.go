package clustertest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"rpp-node/cluster/raft"
)

// Faults counts what was injected.
type Faults struct{ Crashes, PowerLosses, Cuts, Pauses, WorkerCrashes int }

// recoverTime is how long the cluster may take until it accepts again, with a majority of
// voters that see each other.
const recoverTime = 10 * time.Second

// Torment injects faults until that many voters have crashed, and at least that many
// rounds have passed. One time in three a fault does not wait until the cluster has
// recovered from those before. In the end all links are whole.
func (c *Cluster) Torment(crashes, rounds int) (Faults, error) {
	n := nemesis{c: c, rng: rand.New(rand.NewPCG(c.conf.Seed, 13))}
	for i := 0; n.done.Crashes < crashes || i < rounds; i++ {
		time.Sleep(time.Duration(n.rng.IntN(1200)) * time.Millisecond)
		if n.rng.IntN(3) > 0 && n.majority() != nil {
			if err := n.recovered(); err != nil {
				return n.done, err
			}
		}
		if err := n.act(); err != nil {
			return n.done, err
		}
	}
	n.heal()
	return n.done, n.recovered()
}

// recovered waits until a command is acknowledged again.
func (n *nemesis) recovered() error {
	if until(recoverTime, func() bool { return !n.c.failovers.going() }) {
		return nil
	}
	return fmt.Errorf("a majority of voters sees each other, and nothing is accepted for %v", recoverTime)
}

type nemesis struct {
	c    *Cluster
	rng  *rand.Rand
	done Faults
}

// act is one fault, or the end of some.
func (n *nemesis) act() error {
	switch k := n.rng.IntN(100); {
	case k < 50:
		return n.crash()
	case k < 60:
		n.isolateLeader()
	case k < 68:
		n.partition()
	case k < 76:
		n.oneWay()
	case k < 82:
		return n.flap()
	case k < 88:
		n.pause()
	case k < 94:
		return n.crashWorker()
	default:
		n.heal()
	}
	return nil
}

// disturb does something to the voters, and starts the clock of a fail-over if that costs
// the leader or the majority.
func (n *nemesis) disturb(what func()) {
	lead := n.c.leader()
	before := n.majority()
	what()
	after := n.majority()
	switch lost := lead != nil && !in(after, lead); {
	case lost || before != nil && after == nil:
		n.c.failovers.lost()
	case after != nil && !same(before, after):
		n.c.failovers.disturbed()
	}
}

// majority lists the voters of the largest set that see each other, if it is one.
func (n *nemesis) majority() []*Voter {
	var best []*Voter
	for _, v := range n.c.voters {
		if !n.c.reachable(v) {
			continue
		}
		set := []*Voter{v}
		for _, w := range n.c.voters {
			if w == v || !n.c.reachable(w) {
				continue
			}
			all := true
			for _, s := range set {
				all = all && n.c.net.linked(s.name, w.name)
			}
			if all {
				set = append(set, w)
			}
		}
		if len(set) > len(best) {
			best = set
		}
	}
	if len(best) <= len(n.c.voters)/2 {
		return nil
	}
	return best
}

// reachable says whether a voter runs and is not paused.
func (c *Cluster) reachable(v *Voter) bool {
	l := v.current.Load()
	if l == nil {
		return false
	}
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	return !l.host.paused.After(time.Now())
}

func in(set []*Voter, v *Voter) bool {
	for _, s := range set {
		if s == v {
			return true
		}
	}
	return false
}

func same(a, b []*Voter) bool {
	if len(a) != len(b) {
		return false
	}
	for _, v := range a {
		if !in(b, v) {
			return false
		}
	}
	return true
}

// crash crashes voters, one or several or all at once, and starts them again, at once or
// a little later.
func (n *nemesis) crash() error {
	var down []*Voter
	count := 1 + n.rng.IntN(len(n.c.voters))
	n.disturb(func() {
		if lead := n.c.leader(); count == 1 && lead != nil && n.rng.IntN(2) == 0 {
			down = append(down, lead)
		} else {
			for _, i := range n.rng.Perm(len(n.c.voters))[:count] {
				down = append(down, n.c.voters[i])
			}
		}
		for _, v := range down { // all fall silent before any disk is copied
			if l := v.current.Load(); l != nil {
				n.c.net.Kill(l.host)
			}
		}
		for _, v := range down {
			if v.Up() {
				v.crash(n.rng)
				n.done.Crashes++
			}
		}
	})
	if count == len(n.c.voters) {
		n.done.PowerLosses++
	}
	if n.rng.IntN(2) == 0 {
		time.Sleep(time.Duration(n.rng.IntN(800)) * time.Millisecond)
	}
	return n.revive(down)
}

func (n *nemesis) revive(down []*Voter) (err error) {
	for _, v := range down {
		n.disturb(func() {
			n.c.skew(v) // its clock may have been set meanwhile
			err = v.start()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isolateLeader cuts the leader off from the other voters, and sometimes from everybody.
func (n *nemesis) isolateLeader() {
	lead := n.c.leader()
	if lead == nil {
		return
	}
	rest := n.c.names(lead.name, n.rng.IntN(2) == 0)
	n.disturb(func() { n.c.net.Partition([]string{lead.name}, rest) })
	n.done.Cuts++
}

// names lists the other voters, or all other hosts.
func (c *Cluster) names(but string, everybody bool) (list []string) {
	for _, v := range c.voters {
		if v.name != but {
			list = append(list, v.name)
		}
	}
	if !everybody {
		return list
	}
	for _, w := range c.workers {
		list = append(list, w.name)
	}
	for i := range c.conf.Clients {
		if i%2 == 0 { // some still reach it
			list = append(list, clientName(i))
		}
	}
	return list
}

// partition cuts the voters into two sides, workers at random.
func (n *nemesis) partition() {
	var side, rest []string
	k := 1 + n.rng.IntN(len(n.c.voters)-1)
	for i, at := range n.rng.Perm(len(n.c.voters)) {
		if v := n.c.voters[at]; i < k {
			side = append(side, v.name)
		} else {
			rest = append(rest, v.name)
		}
	}
	for _, w := range n.c.workers {
		if n.rng.IntN(2) == 0 {
			side = append(side, w.name)
		} else {
			rest = append(rest, w.name)
		}
	}
	n.disturb(func() { n.c.net.Partition(side, rest) })
	n.done.Cuts++
}

// oneWay cuts one direction between two voters.
func (n *nemesis) oneWay() {
	p := n.rng.Perm(len(n.c.voters))
	n.disturb(func() { n.c.net.Cut(n.c.voters[p[0]].name, n.c.voters[p[1]].name) })
	n.done.Cuts++
}

// flap cuts a voter off and on again, quickly.
func (n *nemesis) flap() error {
	v := n.c.voters[n.rng.IntN(len(n.c.voters))]
	for range 3 + n.rng.IntN(6) {
		n.disturb(func() { n.c.net.Partition([]string{v.name}, n.c.names(v.name, false)) })
		time.Sleep(time.Duration(20+n.rng.IntN(400)) * time.Millisecond)
		n.heal()
		time.Sleep(time.Duration(20+n.rng.IntN(200)) * time.Millisecond)
		n.done.Cuts++
	}
	return nil
}

func (n *nemesis) heal() { n.disturb(n.c.net.Heal) }

// pause stops a voter for a while, the leader as often as not; what it was told meanwhile
// reaches it then.
func (n *nemesis) pause() {
	v := n.c.voters[n.rng.IntN(len(n.c.voters))]
	if lead := n.c.leader(); lead != nil && n.rng.IntN(2) == 0 {
		v = lead
	}
	l := v.current.Load()
	if l == nil || l.raft.State() == raft.Stopped {
		return
	}
	d := time.Duration(100+n.rng.IntN(2500)) * time.Millisecond
	n.disturb(func() { n.c.net.Pause(l.host, n.c.names(v.name, false), time.Now().Add(d)) })
	n.done.Pauses++
	time.Sleep(d)
	n.heal()
}

// crashWorker kills a worker and starts it again later.
func (n *nemesis) crashWorker() error {
	if len(n.c.workers) == 0 {
		return nil
	}
	w := n.c.workers[n.rng.IntN(len(n.c.workers))]
	if w.current.Load() == nil {
		return w.start()
	}
	w.crash()
	n.done.WorkerCrashes++
	if n.rng.IntN(2) == 0 {
		return w.start()
	}
	return nil // in another round
}

func (f *Faults) add(g Faults) {
	f.Crashes += g.Crashes
	f.PowerLosses += g.PowerLosses
	f.Cuts += g.Cuts
	f.Pauses += g.Pauses
	f.WorkerCrashes += g.WorkerCrashes
}
