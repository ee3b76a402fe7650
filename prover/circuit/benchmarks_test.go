package circuit

import (
	"errors"
	"slices"
	"testing"

	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
	"rpp-node/prover/ntt"
)

// Every benchmark is found by its name, which no family has, and its sample has the
// heights that it says and satisfies its circuit, over every field that it is made for.
func TestBenchmarks(t *testing.T) {
	var names []string
	for _, b := range Benchmarks() {
		names = append(names, b.Name)
		if found, err := BenchmarkByName(b.Name); err != nil || found.Name != b.Name {
			t.Errorf("BenchmarkByName(%q) = %q, %v", b.Name, found.Name, err)
		}
		if _, err := ByName(b.Name); err == nil || !nameRule.MatchString(b.Name) {
			t.Errorf("%q is the name of a family too, or none", b.Name)
		}
		for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
			if b.CheckField(f) != nil {
				continue
			}
			c := b.Build(f)
			traces, publics, err := b.Sample(f, b.LogRowsMin, 2)
			if err != nil {
				t.Fatal(err)
			}
			var heights []int
			for _, trace := range traces {
				heights = append(heights, ntt.Log(trace.Height()))
			}
			if want := b.LogHeights(b.LogRowsMin); !slices.Equal(heights, want) || slices.Max(heights) != b.LogRowsMin {
				t.Errorf("%s: heights %v, want %v", b.Name, heights, want)
			}
			if err := c.Check(traces, publics); err != nil {
				t.Errorf("%s over %s: %v", b.Name, f.Name(), err)
			}
		}
	}
	if want := []string{"fibonacci", "poseidon2", "keccak-f", "p2-lookups"}; !slices.Equal(names, want) {
		t.Errorf("benchmarks %v, want %v", names, want)
	}
	if _, err := BenchmarkByName("keccak"); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown name: %v", err)
	}
}

// The families' tables exist over one field.
func TestBenchmarkOfOneField(t *testing.T) {
	b, err := BenchmarkByName("p2-lookups")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.CheckField(gadget.Field); err != nil {
		t.Error(err)
	}
	if _, _, err := b.Sample(field.BabyBear, 10, 1); !errors.Is(err, bench.ErrField) {
		t.Errorf("over %s: %v", field.BabyBear.Name(), err)
	}
}
