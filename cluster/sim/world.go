package sim

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// world is one run.
type world struct {
	rng   *rand.Rand
	now   time.Duration
	seq   uint64
	queue queue
	trace io.Writer // nil: nobody reads along
	hash  uint64
	same  int // events in a row at one time
	count int // of all events

	seams  *Seams
	config scheduler.Config
	swarm  swarm
	oracle *oracle

	net      *network
	voters   []*voter
	voterIDs []fsm.NodeID
	workers  []*worker
	client   *node
	streams  []*stream
	leaders  map[uint64]*voter
	hint     *voter // whom clients take for the leader

	specs         []*spec
	byID          map[fsm.JobID]*spec
	requests      []*request
	noise         float64       // of how long devices take
	proofTransfer time.Duration // at most, of sending a proof

	hits       [hitsCount]int
	violations []string
}

// sameMost is how many events may happen at one time before something spins.
const sameMost = 20_000

func (w *world) plan(e event) {
	w.seq++
	e.seq = w.seq
	w.queue.push(e)
}

// run lets time pass until then, or until stop says so after a slice of time.
func (w *world) run(until, slice time.Duration, stop func() bool) {
	for w.now < until && !(stop != nil && stop()) {
		next := min(until, w.now+slice)
		for len(w.queue) > 0 && w.queue[0].at <= next && len(w.violations) < violationsMost {
			w.happen(w.queue.pop())
		}
		w.now = next
		w.oracle.audit()
		if len(w.violations) >= violationsMost {
			return
		}
	}
}

func (w *world) happen(e event) {
	if n := e.on; n != nil {
		if !n.up || e.life != 0 && e.life != n.life {
			return
		}
		if n.pausedUntil > e.at {
			e.at = n.pausedUntil
			w.queue.push(e)
			return
		}
		w.mix(uint64(n.index))
	}
	if e.at > w.now {
		w.now, w.same = e.at, 0
	}
	w.count++
	if w.same++; w.same > sameMost {
		w.violate("%d events without a step of time", sameMost)
		w.same = 0
	}
	w.mix(uint64(e.at))
	w.mix(e.seq)
	e.do()
}

// mix adds to the hash of the run.
func (w *world) mix(x uint64) { w.hash = (w.hash ^ x) * 0x100000001b3 }

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

// upTo is a random time below d.
func (w *world) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(w.rng.Int64N(int64(d)))
}

func (w *world) between(a, b time.Duration) time.Duration { return a + w.upTo(b-a) }

func (w *world) hit(h hit) { w.hits[h]++ }

// violationsMost ends a run that has found enough.
const violationsMost = 20

func (w *world) violate(format string, args ...any) {
	if len(w.violations) < violationsMost {
		s := fmt.Sprintf("%v: ", w.now) + fmt.Sprintf(format, args...)
		w.violations = append(w.violations, s)
		w.tracef("VIOLATION %s", s)
	}
}

func (w *world) tracef(format string, args ...any) {
	if w.trace != nil {
		fmt.Fprintf(w.trace, "%12v ", w.now)
		fmt.Fprintf(w.trace, format+"\n", args...)
	}
}

func (w *world) quorum() int { return len(w.voters)/2 + 1 }

func (w *world) spec(id fsm.JobID) *spec { return w.byID[id] }

// leading is the voter that acts as the leader, of several the one of the latest term.
func (w *world) leading() *voter {
	var best *voter
	for _, v := range w.voters {
		if v.alive() && v.term != nil && (best == nil || v.term.number > best.term.number) {
			best = v
		}
	}
	return best
}

func (w *world) voterNamed(id fsm.NodeID) *voter { return w.voters[slices.Index(w.voterIDs, id)] }

func (w *world) workerNamed(id scheduler.WorkerID) (node fsm.NodeID) {
	for _, o := range w.workers {
		if o.id == id {
			node = o.nodeID
		}
	}
	return node
}

// severed breaks the streams of a node that has ended. If its machine is gone too, nobody
// is told.
func (w *world) severed(n *node, silently bool) {
	for _, s := range slices.Clone(w.streams) {
		a, b := s.nodes()
		switch {
		case a != n && b != n:
		case silently:
			s.broken = true
			s.up.close()
			s.down.close()
			w.streams = remove(w.streams, s)
		default:
			s.reset()
		}
	}
}

// keys are the voters', the same in every run.
var keys = sync.OnceValue(func() (list []ed25519.PrivateKey) {
	for i := range votersMost {
		list = append(list, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i + 1)}, ed25519.SeedSize)))
	}
	return list
})

func spkiOf(k ed25519.PrivateKey) []byte { return fsm.SPKI(k.Public().(ed25519.PublicKey)) }

// workerSPKI stands for the key of a worker, which signs nothing here.
func workerSPKI(i int) []byte { return bytes.Repeat([]byte{0x77, byte(i)}, 22) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func sortedIDs[V any](m map[fsm.JobID]V) []fsm.JobID {
	if len(m) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b fsm.JobID) int { return bytes.Compare(a[:], b[:]) })
}

func sortedFences[V any](m map[scheduler.Fence]V) []scheduler.Fence {
	if len(m) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b scheduler.Fence) int {
		return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.Sequence, b.Sequence))
	})
}

// remove is the list without x.
func remove[T comparable](list []T, x T) []T {
	return slices.DeleteFunc(list, func(y T) bool { return y == x })
}
