package sim

import (
	"slices"
	"time"

	"rpp-node/cluster/fsm"
)

// injectable are the faults that are injected from time to time. All of them are over when
// the cluster is healed.
var injectable = []func(w *world){
	(*world).crashVoter, (*world).losePower, (*world).crashWorker, (*world).pauseNode,
	(*world).partition, (*world).isolateLeader, (*world).cutOneWay, (*world).cutWorkers,
	(*world).fillDisk, (*world).flipBit, (*world).stallDisks, (*world).slowDevice, (*world).drainWorker,
	(*world).reclaimWorker, (*world).liftSomething, (*world).transferLeadership, (*world).freeze,
	(*world).tidy,
}

// inject injects one fault after another until the cluster is healed.
func (w *world) inject() {
	if len(w.swarm.faults) == 0 {
		return
	}
	wait := time.Duration(w.rng.ExpFloat64() * float64(w.swarm.every))
	w.plan(event{at: w.now + wait, do: func() {
		if w.now < w.swarm.healAt {
			w.swarm.faults[w.rng.IntN(len(w.swarm.faults))](w)
			w.inject()
		}
	}})
}

// later lets something end a while from now, when the cluster is healed at the latest.
func (w *world) later(most time.Duration, do func()) {
	at := min(w.now+w.between(50*time.Millisecond, most), w.swarm.healAt)
	w.plan(event{at: at, do: do})
}

func pick[T any](w *world, list []T) T { return list[w.rng.IntN(len(list))] }

func (w *world) crashVoter() {
	v := pick(w, w.voters)
	if !v.up {
		return
	}
	power := w.chance(0.5)
	w.tracef("fault: %s crashes, power %v", v.name, power)
	w.hit(faultCrash)
	v.crash(power)
	w.later(20*time.Second, v.open)
}

// losePower stops all voters at once, and sometimes everything.
func (w *world) losePower() {
	w.tracef("fault: power lost")
	w.hit(faultPowerLoss)
	for _, v := range w.voters {
		if v.up {
			v.crash(true)
			w.later(5*time.Second, v.open)
		}
	}
	if w.chance(0.3) {
		for _, o := range w.workers {
			if o.up {
				o.crash(true)
				w.later(5*time.Second, o.open)
			}
		}
	}
}

func (w *world) crashWorker() {
	o := pick(w, w.workers)
	if !o.up {
		return
	}
	w.tracef("fault: %s crashes", o.name)
	w.hit(faultWorkerCrash)
	o.crash(w.chance(0.5))
	w.later(20*time.Second, o.open)
}

func (w *world) nodes() (list []*node) {
	for _, v := range w.voters {
		list = append(list, v.node)
	}
	for _, o := range w.workers {
		list = append(list, o.node)
	}
	return list
}

func (w *world) voterNodes() []*node { return w.nodes()[:len(w.voters)] }

func (w *world) pauseNode() {
	n := pick(w, w.nodes())
	d := min(w.between(100*time.Millisecond, 30*time.Second), w.swarm.healAt-w.now)
	w.tracef("fault: %s pauses for %v", n.name, d)
	w.hit(faultPause)
	n.pause(d)
}

// someOf is a random part of a list, neither empty nor all of it if that can be.
func someOf[T any](w *world, list []T) []T {
	list = slices.Clone(list)
	w.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:1+w.rng.IntN(max(len(list)-1, 1))]
}

func (w *world) cut(from, to []*node, both bool, h hit) {
	w.hit(h)
	if w.trace != nil {
		w.tracef("fault: %s from %v to %v, both ways %v", h, names(from), names(to), both)
	}
	w.later(25*time.Second, w.net.sever(from, to, both))
}

func names(list []*node) (out []string) {
	for _, n := range list {
		out = append(out, n.name)
	}
	return out
}

// partition splits the voters; workers fall to either side.
func (w *world) partition() {
	all := w.nodes()
	side := someOf(w, all)
	rest := slices.DeleteFunc(all, func(n *node) bool { return slices.Contains(side, n) })
	w.cut(side, rest, true, faultPartition)
}

func (w *world) isolateLeader() {
	v := w.leading()
	if v == nil {
		return
	}
	rest := remove(w.voterNodes(), v.node)
	w.cut([]*node{v.node}, rest, true, faultPartition)
}

func (w *world) cutOneWay() {
	a, b := pick(w, w.nodes()), pick(w, w.nodes())
	if a != b {
		w.cut([]*node{a}, []*node{b}, false, faultOneWay)
	}
}

// cutWorkers separates workers from voters.
func (w *world) cutWorkers() {
	workers := someOf(w, w.nodes()[len(w.voters):])
	w.cut(workers, someOf(w, w.voterNodes()), w.chance(0.7), faultWorkersCut)
}

func (w *world) fillDisk() {
	v := pick(w, w.voters)
	w.tracef("fault: %s's disk is full", v.name)
	w.hit(faultDiskFull)
	v.disk.full = true
	w.later(15*time.Second, func() { v.disk.full = false })
}

// flipBit damages an artifact, on a voter whose copies may be lost for good.
func (w *world) flipBit() {
	if w.swarm.weak > 0 && w.voters[w.rng.IntN(w.swarm.weak)].disk.flip() {
		w.hit(faultBitFlip)
	}
}

// stallDisks makes every sync of some or all voters take seconds.
func (w *world) stallDisks() {
	w.hit(faultDiskStall)
	voters := w.voters
	if w.chance(0.5) {
		voters = someOf(w, voters)
	}
	for _, v := range voters {
		w.tracef("fault: %s's disk stalls", v.name)
		usual := v.disk.sync
		v.disk.sync = 8 * time.Second
		w.later(20*time.Second, func() { v.disk.sync = min(usual, v.disk.sync) })
	}
}

func (w *world) slowDevice() {
	s := pick(w, pick(w, w.workers).slots)
	w.hit(faultSlowDevice)
	s.slow = 10
	w.later(30*time.Second, func() { s.slow = 1 })
}

// drainWorker is an operator's drain, taken back later.
func (w *world) drainWorker() {
	o := pick(w, w.workers)
	w.hit(faultDrain)
	w.operate(&fsm.Drain{NodeID: o.nodeID, Draining: true})
	w.later(20*time.Second, func() { w.operate(&fsm.Drain{NodeID: o.nodeID}) })
}

// reclaimWorker is a spot instance's notice; the machine goes, another one comes.
func (w *world) reclaimWorker() {
	o := pick(w, w.workers)
	if !o.alive() {
		return
	}
	notice := w.between(2*time.Second, 15*time.Second)
	if w.now+notice >= w.swarm.healAt {
		return
	}
	w.hit(faultReclaim)
	o.reclaim = o.wall().Add(notice)
	o.refuse()
	life := o.life
	w.plan(event{at: w.now + notice, do: func() {
		if o.up && o.life == life {
			o.crash(true)
			w.later(10*time.Second, o.open)
		}
	}})
}

// liftSomething is an operator who trusts again.
func (w *world) liftSomething() {
	v := w.leading()
	if v == nil {
		return
	}
	if list := v.state.Quarantine(); len(list) > 0 {
		q := pick(w, list)
		w.hit(faultLift)
		w.operate(&fsm.LiftQuarantine{Kind: q.Kind, Subject: q.Subject, Tenant: q.Tenant})
	}
}

func (w *world) transferLeadership() {
	if v := w.leading(); v != nil {
		v.transfer()
	}
}

// freeze stops a family for a while.
func (w *world) freeze() {
	w.hit(faultFreeze)
	w.operate(&fsm.FreezeFamily{Family: family, Reason: "in doubt"})
	w.later(10*time.Second, func() { w.operate(&fsm.UnfreezeFamily{Family: family}) })
}

// tidy is the leader's tick in the state.
func (w *world) tidy() { w.operate(&fsm.Expire{}) }
