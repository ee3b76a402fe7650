package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

const (
	votersMost  = 5
	workersMost = 4
)

// swarm is the mix that a seed draws: how large the cluster is, which faults it meets and
// how often.
type swarm struct {
	faults    []func(w *world) // those that are injected from time to time
	every     time.Duration    // mean time between two
	healAt    time.Duration    // when they end
	weak      int              // voters 0…weak-1 may lose artifacts for good; always a minority
	jobsCount int
}

// populate draws the cluster.
func (w *world) populate() {
	r := w.rng
	voters := []int{1, 3, 3, 3, 5}[r.IntN(5)]
	workers := 1 + r.IntN(workersMost)
	w.swarm.weak = r.IntN(voters - voters/2)
	w.swarm.healAt = w.between(15*time.Second, 80*time.Second)
	w.swarm.every = w.between(500*time.Millisecond, 6*time.Second)
	w.net = newNetwork(w, voters+workers+1)
	w.configure()

	skewed := w.chance(0.5)
	place := func(n *node, index int, name string) *node {
		n.w, n.index, n.name = w, index, name
		if skewed {
			n.offset = time.Duration((2*r.Float64() - 1) * float64(time.Hour))
			n.drift = (2*r.Float64() - 1) * 500e-6
		}
		return n
	}
	for i := range voters {
		v := &voter{key: keys()[i], log: newRaftLog()}
		v.node = place(&node{}, i, fmt.Sprintf("v%d", i))
		v.id = fsm.NodeIDOf(spkiOf(v.key))
		v.disk = newDisk(v.node)
		w.voters, w.voterIDs = append(w.voters, v), append(w.voterIDs, v.id)
	}
	compact := uint64(0)
	if w.chance(0.6) {
		compact = 8 + r.Uint64N(40)
	}
	for i := range workers {
		o := &worker{id: scheduler.WorkerID(fmt.Sprintf("w%d", i)), nodeID: fsm.NodeIDOf(workerSPKI(i)), build: build, next: r.IntN(voters)}
		o.node = place(&node{}, voters+i, string(o.id))
		for k := range 1 + r.IntN(3) {
			o.slots = append(o.slots, &slot{
				name: scheduler.DeviceID(string(o.id) + "/" + strconv.Itoa(k)), memory: 8 << 30, slow: 1,
				rate: 5e6 * (0.5 + r.Float64()),
			})
		}
		w.workers = append(w.workers, o)
	}
	w.client = place(&node{}, voters+workers, "clients")
	w.client.start()
	w.drawTrouble()
	w.drawJobs()
	log := w.founding()
	for _, v := range w.voters {
		v.compact = compact
		v.log.term, v.log.entries, v.log.synced = 1, slices.Clone(log), firstIndex+uint64(len(log))
		v.open()
	}
	for _, o := range w.workers {
		o.open()
	}
}

// configure draws the scheduler's configuration.
func (w *world) configure() {
	c := scheduler.DefaultConfig()
	c.Build = build
	c.Lease = []time.Duration{4 * time.Second, 10 * time.Second}[w.rng.IntN(2)]
	c.SilentAfter = min(c.SilentAfter, c.Lease)
	c.RestMax = []time.Duration{5 * time.Second, 20 * time.Second}[w.rng.IntN(2)]
	c.TimeLimitMin, c.TimeLimitMax = 10*time.Second, 20*time.Second
	c.WaitMax = []time.Duration{10 * time.Second, time.Minute}[w.rng.IntN(2)]
	c.JobsMax = []int{4, 1000}[w.rng.IntN(2)]
	c.QueueDepth = 1 + w.rng.IntN(4)
	c.DecisionsMax = 64
	w.config = c
	w.noise = []float64{0, 0.1, 0.5}[w.rng.IntN(3)]
	w.proofTransfer = []time.Duration{0, 50 * time.Millisecond, 400 * time.Millisecond}[w.rng.IntN(3)]
}

// founding is how every log begins: the members.
func (w *world) founding() (log []entry) {
	add := func(c fsm.Command) {
		*c.Stamp() = fsm.Header{NowMS: epoch.UnixMilli(), Actor: "founder"}
		data, err := fsm.Encode(c)
		if err != nil {
			panic(err) // of what is written here
		}
		log = append(log, entry{1, data})
	}
	for _, v := range w.voters {
		add(&fsm.PutMember{NodeID: v.id, Name: v.name, Role: fsm.RoleVoter, PublicKey: spkiOf(v.key)})
	}
	for i, o := range w.workers {
		add(&fsm.PutMember{NodeID: o.nodeID, Name: o.name, Role: fsm.RoleWorker, PublicKey: workerSPKI(i)})
	}
	return log
}

// drawTrouble draws what is wrong all the time, and what is injected from time to time.
func (w *world) drawTrouble() {
	r := w.rng
	some := func() bool { return w.chance(0.4) }
	if some() {
		w.net.loss = 0.3 * r.Float64()
	}
	if some() {
		w.net.dup = 0.5 * r.Float64()
	}
	if some() {
		w.net.jitter = w.upTo(100 * time.Millisecond)
	}
	for _, v := range w.voters {
		if w.chance(0.2) {
			v.disk.sync = w.upTo(100 * time.Millisecond)
		}
	}
	share := func(p, most float64) float64 {
		if !w.chance(p) {
			return 0
		}
		return most * r.Float64()
	}
	flaky, wrong := some(), some()
	for _, o := range w.workers {
		if w.chance(0.05) {
			o.build = "b2"
		}
		for _, s := range o.slots {
			if flaky {
				s.faults = deviceFaults{unavailable: share(0.2, 0.5), crash: share(0.3, 0.3), memory: share(0.2, 0.3), hang: share(0.1, 0.3)}
			}
			if wrong {
				s.faults.flip = share(0.4, 0.1)
				if w.chance(0.1) {
					s.faults.flip = 1
				}
				s.faults.invalid, s.faults.lie = share(0.1, 1), share(0.1, 0.3)
			}
		}
	}
	for _, f := range injectable {
		if w.chance(0.5) {
			w.swarm.faults = append(w.swarm.faults, f)
		}
	}
}

// drawJobs draws what clients will ask for: specs, and requests for them over time.
func (w *world) drawJobs() {
	r := w.rng
	w.byID = map[fsm.JobID]*spec{}
	w.swarm.jobsCount = 3 + r.IntN(16)
	kinds := []kind{good, good, good, good, good, good, invalid, crashes, greedy, hangs}
	poison := w.chance(0.5)
	for i := range w.swarm.jobsCount {
		k := good
		if poison {
			k = kinds[r.IntN(len(kinds))]
		}
		w.addSpec(newSpec(fmt.Sprintf("spec-%d", i), k, byte(r.IntN(6)), uint8(r.IntN(4)), 1e6+r.Uint64N(15e6), 1<<30))
	}
	for n := range w.swarm.jobsCount + r.IntN(w.swarm.jobsCount) {
		q := &request{tenant: fmt.Sprintf("t%d", r.IntN(3)), key: key(n), spec: w.specs[r.IntN(len(w.specs))]}
		at := w.upTo(w.swarm.healAt)
		w.client.after(at, func() { w.submit(q) })
		w.requests = append(w.requests, q)
		if w.chance(0.2) {
			w.client.after(at+w.upTo(10*time.Second), func() { w.cancel(q, clientTries) })
			if w.chance(0.7) { // wanted again, under the old key or a new one
				again := *q
				if w.chance(0.5) {
					again.key += "-again"
				}
				w.requests = append(w.requests, &again)
				w.client.after(at+w.upTo(15*time.Second), func() { w.submit(&again) })
			}
		}
	}
}

func (w *world) addSpec(s *spec) {
	w.specs = append(w.specs, s)
	w.byID[s.id] = s
}
