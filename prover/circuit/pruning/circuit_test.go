package pruning

import (
	"slices"
	"testing"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/lookup"
)

func variant(t testing.TB, name string) Variant {
	t.Helper()
	v, err := VariantByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The sizes that docs/circuits/pruning.md promises.
func TestShape(t *testing.T) {
	heights := map[string][]int{
		"block-16":    {0, 4, 5, 5, 6, 8},
		"range-4x16":  {2, 6, 7, 7, 8, 8},
		"block-512":   {0, 9, 10, 10, 11, 8},
		"range-4x512": {2, 11, 12, 12, 13, 8},
	}
	type shape struct {
		name                     string
		width, prep, publics     int
		degree, columns, logQuot int
	}
	want := []shape{
		{"chain", 51, 0, 58, 3, 9, 1},
		{"slot", 21, 4, 0, 3, 5, 1},
		{"tree", 24, 3, 0, 0, 4, 0},
		{"sponge", 31, 0, 0, 3, 4, 1},
		{"p2", 166, 0, 0, 3, 2, 1},
		{"range8", 1, 1, 0, 0, 1, 0},
	}
	for _, v := range Variants() {
		c := Circuit(v)
		layout := lookup.New(c)
		if got := LogHeights(v); len(got) != 1 || !slices.Equal(got[0], heights[v.Name]) {
			t.Errorf("%s: heights %v, want %v", v.Name, got, heights[v.Name])
		}
		if err := layout.CheckHeights(c.Field, LogHeights(v)[0]); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		for i, w := range want {
			if v.Blocks > 1 && w.name == "chain" {
				w.columns++ // the lists of roots are messages of their own
			}
			tb, l := &c.Tables[i], layout.Tables[i]
			got := shape{tb.Name, tb.Width, tb.PrepWidth, tb.Publics, tb.BaseDegree(tb.Degrees(c.Field)), len(l.Columns), l.LogChunks}
			if got != w {
				t.Errorf("%s: table %d is %+v, want %+v", v.Name, i, got, w)
			}
			if h := tb.PrepHeight(); h != 0 && h != 1<<heights[v.Name][i] {
				t.Errorf("%s: %s has %d preprocessed rows, its height is 2^%d", v.Name, w.name, h, heights[v.Name][i])
			}
		}
		if v.Blocks > maxBlocks || v.Capacity() > maxTransactions {
			t.Errorf("%s is larger than the decoders' limits", v.Name)
		}
		elements := 0
		for _, f := range PublicFields() {
			elements += f.Elements
		}
		if elements != c.Tables[PublicTable].Publics || elements > 100 {
			t.Errorf("%s: %d public values named, the table has %d", v.Name, elements, c.Tables[PublicTable].Publics)
		}
	}
}

// Two calls build equal circuits: keys are derived from them.
func TestCircuitIsDeterministic(t *testing.T) {
	v := variant(t, "block-16")
	a, b := Circuit(v), Circuit(v)
	for i := range a.Tables {
		x, y := &a.Tables[i], &b.Tables[i]
		if !slices.Equal(x.Nodes, y.Nodes) || !slices.Equal(x.Constraints, y.Constraints) || !slices.Equal(x.Prep, y.Prep) {
			t.Errorf("table %s differs between two calls", x.Name)
		}
	}
}

func TestVariantByName(t *testing.T) {
	for _, v := range Variants() {
		if got, err := VariantByName(v.Name); err != nil || got != v {
			t.Errorf("%s: %+v, %v", v.Name, got, err)
		}
	}
	if _, err := VariantByName("block-17"); err == nil {
		t.Error("block-17: no error")
	}
	if v := variant(t, Default); v.Capacity() != maxTransactions {
		t.Errorf("default variant: %+v", v)
	}
}

// No domain of the family is another's, or the chain's.
func TestDomainsDiffer(t *testing.T) {
	seen := map[gadget.Domain]bool{}
	for _, d := range domains() {
		if seen[d] {
			t.Errorf("%+v stands for two messages", d)
		}
		seen[d] = true
	}
}
