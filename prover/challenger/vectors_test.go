package challenger_test

import (
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
)

// TestVectors replays upstream's recordings: base and extension elements, commitments,
// bits and proofs of work, in an order that hits every state of the buffers.
func TestVectors(t *testing.T) {
	var list []struct {
		Config string
		Events []tape.Event
	}
	vectors.JSON(t, "challenger.json", &list)
	tested := 0
	for _, v := range list {
		c, ok := tape.ByName(t, v.Config)
		if !ok {
			continue
		}
		tested++
		t.Run(v.Config, func(t *testing.T) {
			replay(t, c, challenger.New(c.Hash, c.Ext), v.Events)
		})
	}
	if tested != 6 {
		t.Errorf("%d configurations tested, want 6", tested)
	}
}

func replay(t *testing.T, c tape.Config, live *challenger.Live, events []tape.Event) {
	f := c.Ext.Base
	for i, e := range events {
		switch e.Op + " " + e.Kind {
		case "observe f":
			live.Observe("", c.Elems(t, e.Values)...)
		case "observe ext":
			live.ObserveExt("", c.E(t, e.Values))
		case "observe cap":
			live.ObserveCap("", c.Flat(t, e.Values))
		case "sample f":
			for _, want := range c.Elems(t, e.Values) {
				if got := live.Sample(); got != want {
					t.Fatalf("event %d: sampled %d, want %d", i, f.Uint(got), f.Uint(want))
				}
			}
		case "sample ext":
			if got, want := live.SampleExt(""), c.E(t, e.Values); got != want {
				t.Fatalf("event %d: sampled %v, want %v", i, got, want)
			}
		case "sample_bits ":
			if got := live.SampleBits("", e.Bits); uint64(got) != e.Value {
				t.Fatalf("event %d: %d of %d bits, want %d", i, got, e.Bits, e.Value)
			}
		case "pow ":
			pow(t, c, live, i, e)
		default:
			t.Fatalf("event %d: unknown %q of %q", i, e.Op, e.Kind)
		}
	}
}

// pow grinds on transcripts in the same state, whose recording goes on after the witness
// only if the winner has absorbed it exactly once.
func pow(t *testing.T, c tape.Config, live *challenger.Live, i int, e tape.Event) {
	t.Helper()
	want := c.Elem(t, e.Witness)
	if e.OK == nil || !*e.OK {
		t.Fatalf("event %d: upstream refuses its own witness", i)
	}
	if got := live.Grind("", e.Bits, 1+i%3); got != want {
		t.Fatalf("event %d: witness %d, want the smallest, %d", i, c.Ext.Base.Uint(got), e.Witness)
	}
}

// TestGrindIsSmallest holds the parallel search against a plain one, whatever the number
// of workers.
func TestGrindIsSmallest(t *testing.T) {
	for _, name := range []string{"kb-p2", "bb-p2w16", "kb-keccak"} {
		c, _ := tape.ByName(t, name)
		for seed := range uint64(6) {
			const bits = 9
			start := func() *challenger.Live {
				live := challenger.New(c.Hash, c.Ext)
				live.Observe("", c.Ext.Base.FromUint(seed))
				return live
			}
			var want field.Elem
			for w := uint64(0); ; w++ {
				if want = c.Ext.Base.FromUint(w); start().CheckWitness("", bits, want) {
					break
				}
			}
			for workers := range 5 {
				live := start()
				if got := live.Grind("", bits, workers); got != want {
					t.Fatalf("%s seed %d, %d workers: %d, want %d", name, seed, workers, c.Ext.Base.Uint(got), c.Ext.Base.Uint(want))
				}
				check := start()
				check.CheckWitness("", bits, want)
				if live.Sample() != check.Sample() {
					t.Fatalf("%s seed %d: grinding leaves another state than checking", name, seed)
				}
			}
		}
	}
}

// TestWitnessOfNoBits accepts only 0 where no proof of work is asked for, and touches
// nothing.
func TestWitnessOfNoBits(t *testing.T) {
	c, _ := tape.ByName(t, "kb-p2")
	live, other := challenger.New(c.Hash, c.Ext), challenger.New(c.Hash, c.Ext)
	for _, k := range []*challenger.Live{live, other} {
		k.Observe("", 1, 2, 3)
	}
	if live.CheckWitness("", 0, c.Ext.Base.One()) {
		t.Error("1 accepted as the witness of no work")
	}
	if !live.CheckWitness("", 0, 0) || live.Grind("", 0, 2) != 0 {
		t.Error("0 is the witness of no work")
	}
	if live.Sample() != other.Sample() {
		t.Error("the transcript was touched")
	}
}

// TestLengthIsBound: what is absorbed before a challenge is bound with its length, so that
// no two different messages agree.
func TestLengthIsBound(t *testing.T) {
	for _, name := range []string{"kb-p2", "kb-p2w16", "bb-p2", "kb-keccak", "kb-keccakb"} {
		c, _ := tape.ByName(t, name)
		seen := map[field.E]int{}
		for n := range 40 {
			live := challenger.New(c.Hash, c.Ext)
			live.Observe("", make([]field.Elem, n)...)
			v := live.SampleExt("")
			if m, ok := seen[v]; ok {
				t.Errorf("%s: %d zeros and %d zeros give one challenge", name, m, n)
			}
			seen[v] = n
		}
	}
}
