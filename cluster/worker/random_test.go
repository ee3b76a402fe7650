package worker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zeebo/blake3"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/worker/device"
	"rpp-node/prover/field"
	"rpp-node/prover/spec"
)

// seedsVariable asks for more seeds than every run has time for.
const seedsVariable = "WORKER_SEEDS"

// TestRandomSessions has leaders that grant, repeat, revoke, renew, forget, fall silent and
// go away as a seed says, and a device that fails now and then. Whatever happens: one task
// at a time (the device panics otherwise); each report is of a lease that some leader gave
// for that job; a proof is its job's; a job that was handed back unstarted is not begun
// under that lease; and once a leader behaves, its jobs are proved and nothing is left.
func TestRandomSessions(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 5
	}
	if n, err := strconv.Atoi(os.Getenv(seedsVariable)); err == nil {
		seeds = n
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			bubble(t, func(r *rig) {
				(&chaos{rig: r, t: t, rng: rand.New(rand.NewPCG(seed, 9)), jobs: map[Fence]int{}, returned: map[int]int{}}).run()
			})
		})
	}
}

type chaos struct {
	*rig
	t    *testing.T
	rng  *rand.Rand
	c    *conn
	term uint64
	last uint64
	n    int           // jobs so far
	jobs map[Fence]int // by every lease ever given
	all  []Fence       // in the order in which they were given
	// returned are the jobs whose last lease was handed back unstarted, with how often they
	// had been begun by then.
	returned map[int]int
}

// part is a grant of a job.
func (x *chaos) part(n int, f Fence) *internalv1.Grant {
	witness := binary.LittleEndian.AppendUint64(make([]byte, 0, 40), uint64(n)+1<<32)
	s := &spec.Spec{
		Family: "pruning", Variant: "block", Profile: "fast", Hash: "poseidon2", Field: "koalabear", ChainID: 1,
		Publics: [][]field.Elem{{}}, Witness: blake3.Sum256(witness),
	}
	g := grantOf(s, witness, f)
	g.Alone = x.rng.IntN(10) == 0
	if x.rng.IntN(2) == 0 {
		return x.stored(g, time.Duration(x.rng.IntN(300))*time.Millisecond)
	}
	return g
}

// fence is a new lease of a job.
func (x *chaos) fence(n int) Fence {
	x.last++
	f := Fence{x.term, x.last}
	x.jobs[f] = n
	x.all = append(x.all, f)
	delete(x.returned, n)
	return f
}

// begun is how often a job was begun.
func (x *chaos) begun(n int) (count int) {
	synctest.Wait()
	x.dev.set(func() {
		for _, w := range x.dev.saw {
			if binary.LittleEndian.Uint64(w) == uint64(n)+1<<32 {
				count++
			}
		}
	})
	return count
}

// known is some lease that was given.
func (x *chaos) known() (Fence, int) {
	f := x.all[x.rng.IntN(len(x.all))]
	return f, x.jobs[f]
}

// lead opens a session with a new leader, who keeps some of what the worker has.
func (x *chaos) lead() {
	x.term++
	c, h := x.accept()
	x.c = c
	var list []*internalv1.Directive
	for _, res := range h.Resident {
		f := fenceOf(res.Fence)
		n, ok := x.jobs[f]
		if !ok {
			x.t.Errorf("resident under %s, which nobody gave", f)
		}
		switch x.rng.IntN(4) {
		case 0:
			list = append(list, &internalv1.Directive{Fence: res.Fence, Order: internalv1.Order_ORDER_CANCEL_STALE})
		case 1: // not a word
		default:
			list = append(list, keep(f, x.fence(n)))
		}
	}
	x.welcome(c, list...)
}

func (x *chaos) run() {
	x.lead()
	for range 60 {
		switch x.rng.IntN(12) {
		case 0, 1, 2, 3:
			x.n++
			x.c.grant(x.part(x.n, x.fence(x.n)))
		case 4:
			if len(x.jobs) > 0 { // again, under an old or a new lease
				f, n := x.known()
				if x.rng.IntN(2) == 0 {
					f = x.fence(n)
				}
				delete(x.returned, n)
				x.c.grant(x.part(n, f))
			}
		case 5, 6:
			if len(x.jobs) > 0 {
				f, _ := x.known()
				x.c.revoke(f, x.rng.IntN(2) == 0)
			}
		case 7:
			mute := x.rng.IntN(2) == 0
			x.c.set(func() { x.c.mute = mute })
		case 8:
			x.hear()
			x.c.Close()
			x.lead()
		case 9:
			takes, fails := time.Duration(x.rng.IntN(800))*time.Millisecond, error(nil)
			switch x.rng.IntN(4) {
			case 0:
				fails = &device.Error{Outcome: device.Crashed}
			case 1:
				fails = errors.New("another kind of error")
			}
			x.dev.set(func() { x.dev.takes, x.dev.fails = takes, fails })
		default:
			time.Sleep(time.Duration(x.rng.IntN(400)) * time.Millisecond)
		}
		select {
		case <-x.c.closed: // it was silent for too long
			x.lead()
		default:
		}
		x.hear()
	}
	x.settle()
}

// hear checks what the worker said, and takes most reports.
func (x *chaos) hear() {
	for _, m := range x.c.take() {
		if d := m.GetDropped(); d != nil {
			n, ok := x.jobs[fenceOf(d.Fence)]
			if !ok {
				x.t.Errorf("dropped %s, which nobody gave", fenceOf(d.Fence))
			}
			if !d.Started && x.latest(n) == fenceOf(d.Fence) {
				x.returned[n] = x.begun(n)
			}
			continue
		}
		r := m.GetReport()
		f := fenceOf(r.Fence)
		n, ok := x.jobs[f]
		if !ok {
			x.t.Errorf("report of %s, which nobody gave", f)
			continue
		}
		if r.Outcome == proved {
			want := proofOf(binary.LittleEndian.AppendUint64(nil, uint64(n)+1<<32))
			if !bytes.Equal(r.ProofFile, want) {
				x.t.Errorf("the proof of job %d is %q, want %q", n, r.ProofFile, want)
			}
		}
		if x.rng.IntN(4) > 0 {
			x.c.taken(f)
		}
	}
}

// latest is the last lease of a job.
func (x *chaos) latest(n int) (f Fence) {
	for _, g := range x.all {
		if x.jobs[g] == n {
			f = g
		}
	}
	return f
}

// settle has a leader that behaves.
func (x *chaos) settle() {
	x.dev.set(func() { x.dev.takes, x.dev.fails = 50*time.Millisecond, nil })
	x.c.Close()
	x.term++
	c, _ := x.accept()
	x.c = c
	x.welcome(c) // nothing is kept
	x.books(func() {
		if len(x.parts) != 0 || len(x.reports) != 0 {
			x.t.Errorf("%d parts and %d reports are left after all were given up", len(x.parts), len(x.reports))
		}
	})
	for range 3 {
		x.n++
		f := x.fence(x.n)
		c.grant(x.part(x.n, f))
		time.Sleep(time.Second)
		c.report(x.t, f, proved)
		c.taken(f)
	}
	for n, count := range x.returned {
		if got := x.begun(n); got != count {
			x.t.Errorf("job %d was begun %d times after it had been handed back", n, got-count)
		}
	}
	x.books(func() {
		if len(x.parts) != 0 || len(x.reports) != 0 || x.slots[0].busy != nil {
			x.t.Error("the books are not empty")
		}
	})
}
