package pruning

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
)

// proven checks the traces of w, and that they state what Statement computes without
// them.
func proven(t *testing.T, v Variant, w *Witness) {
	t.Helper()
	traces, publics, err := Traces(v, w)
	if err != nil {
		t.Fatal(err)
	}
	if err := Circuit(v).Check(traces, publics); err != nil {
		t.Fatal(err)
	}
	for i, h := range LogHeights(v)[0] {
		if traces[i].Height() != 1<<h {
			t.Errorf("table %d: %d rows, want 2^%d", i, traces[i].Height(), h)
		}
	}
	p, err := Statement(v, w)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p.Lists(v), publics) {
		t.Error("the traces state other public values than Statement")
	}
}

// mark sets which transactions of all blocks are removed.
func (w *Witness) mark(removed func(i int) bool) {
	for _, block := range w.Blocks {
		for i := range block {
			block[i].Removed = removed(i)
		}
	}
}

func TestHonest(t *testing.T) {
	patterns := map[string]func(i int) bool{
		"none": func(int) bool { return false },
		"all":  func(int) bool { return true },
		"odd":  func(i int) bool { return i%2 == 1 },
	}
	for _, v := range Variants() {
		most := v.Blocks * v.Capacity()
		sizes := []int{0, 1, most - 1, most}
		if v.Capacity() == 16 {
			sizes = nil
			for n := range most + 1 {
				sizes = append(sizes, n)
			}
		}
		for _, n := range sizes {
			w, err := v.Sample(n, 3)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(fmt.Sprintf("%s/%d/sampled", v.Name, n), func(t *testing.T) { proven(t, v, w) })
			for name, removed := range patterns {
				if testing.Short() && v.Name == "range-4x512" && name != "all" {
					continue
				}
				w.mark(removed)
				t.Run(fmt.Sprintf("%s/%d/%s removed", v.Name, n, name), func(t *testing.T) { proven(t, v, w) })
			}
		}
	}
}

// A block's order, its repetitions and the ends of the heights are nobody's business but
// the statement's.
func TestHonestEdges(t *testing.T) {
	v := variant(t, "range-4x16")
	w, err := v.Sample(40, 1)
	if err != nil {
		t.Fatal(err)
	}
	same := w.Blocks[0][0]
	for b := range w.Blocks {
		for i := range w.Blocks[b] {
			w.Blocks[b][i].ID = same.ID
		}
	}
	proven(t, v, w)
	for _, h := range []uint64{0, 0xfffe, 0xffff_fffe, 0xffff_ffff_fffd, math.MaxUint64 - 3} {
		w.FirstHeight = h
		proven(t, v, w)
	}
	w.Parent, w.FoldIn = gadget.Digest{}, gadget.Digest{}
	w.Blocks[1], w.Blocks[2] = Block{}, Block{}
	proven(t, v, w)
}

// All counts of kept and removed fit the one height of P2, and the worst of them needs
// it.
func TestPermutationCount(t *testing.T) {
	v := variant(t, "block-16")
	used := func(w *Witness) int {
		traces, _, err := Traces(v, w)
		if err != nil {
			t.Fatal(err)
		}
		p2 := traces[tables.TableP2]
		n := 0
		for r := range p2.Height() {
			if row := p2.Row(r); row[p2.Width-1] != 0 || row[p2.Width-2] != 0 {
				n++
			}
		}
		return n
	}
	worst := 0
	for n := range v.Capacity() + 1 {
		for kept := range n + 1 {
			w, err := v.Sample(n, 9)
			if err != nil {
				t.Fatal(err)
			}
			w.mark(func(i int) bool { return i >= kept })
			worst = max(worst, used(w))
		}
	}
	// 16 leaves, 15 nodes, 22 for one kept and fifteen removed, 3 for the header, 5 for
	// the segment, 2 for the fold.
	if worst != 63 {
		t.Errorf("worst case: %d permutations, want 63", worst)
	}

	v = variant(t, "block-512")
	w, err := v.Sample(512, 9)
	if err != nil {
		t.Fatal(err)
	}
	// No two neighbours are kept, or the trees could have a node in common.
	w.mark(func(i int) bool { return i%5 != 0 })
	kept := 103
	inner, empty := 0, 0
	for level := 1; level <= v.Depth; level++ {
		n := (kept + 1<<level - 1) >> level
		inner += n
		if n < v.Capacity()>>level {
			empty++
		}
	}
	if got, want := used(w), 512+511+inner+empty+512-kept+3+5+2; got != want {
		t.Errorf("512 transactions, %d kept: %d permutations, want %d", kept, got, want)
	}
}

// Each fault is named, with what to do.
func TestImpossibleWitness(t *testing.T) {
	v := variant(t, "range-4x16")
	unreduced := gadget.Digest{3: field.Elem(math.MaxUint32)}
	for _, c := range []struct {
		name, says string
		spoil      func(w *Witness)
	}{
		{"variant", "variant: the witness is for \"block-16\"", func(w *Witness) { w.Variant = "block-16" }},
		{"too few blocks", "blocks: 3", func(w *Witness) { w.Blocks = w.Blocks[:3] }},
		{"too many blocks", "blocks: 5", func(w *Witness) { w.Blocks = append(w.Blocks, Block{}) }},
		{"height", "first_height: 18446744073709551613", func(w *Witness) { w.FirstHeight = math.MaxUint64 - 2 }},
		{"parent", "parent: an element", func(w *Witness) { w.Parent = unreduced }},
		{"fold", "fold_in: an element", func(w *Witness) { w.FoldIn = unreduced }},
		{"block too full", "blocks[2]: 17 transactions", func(w *Witness) { w.Blocks[2] = make(Block, 17) }},
		{"id", "blocks[1][4].id: an element", func(w *Witness) { w.Blocks[1][4].ID = unreduced }},
	} {
		w, err := v.Sample(40, 1)
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(w)
		_, _, err = Traces(v, w)
		if !errors.Is(err, ErrWitness) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), ";") {
			t.Errorf("%s: %v, want an error that says %q and a remedy", c.name, err, c.says)
		}
		if _, err := Statement(v, w); !errors.Is(err, ErrWitness) {
			t.Errorf("%s: Statement: %v", c.name, err)
		}
	}
}
