package bench

import (
	"errors"
	"slices"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

// Every benchmark builds a valid circuit over both fields, and accepts its samples.
func TestCircuits(t *testing.T) {
	var names []string
	for _, b := range Circuits() {
		names = append(names, b.Name)
		for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
			c := b.Build(f)
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			for _, logRows := range []int{b.LogRowsMin, b.LogRowsMin + 2} {
				traces, publics, err := b.Sample(f, logRows, 2)
				if err != nil {
					t.Fatal(err)
				}
				if h := traces[0].Height(); h != 1<<logRows {
					t.Errorf("%s: %d rows, want 2^%d", b.Name, h, logRows)
				}
				if err := c.Check(traces, publics); err != nil {
					t.Errorf("%s over %s, 2^%d rows: %v", b.Name, f.Name(), logRows, err)
				}
			}
		}
	}
	if want := []string{"fibonacci", "poseidon2", "keccak-f"}; !slices.Equal(names, want) {
		t.Errorf("benchmarks %v, want %v", names, want)
	}
}

func TestSampleRange(t *testing.T) {
	f := field.KoalaBear
	want := map[string][2]int{"fibonacci": {0, air.MaxLogHeight}, "poseidon2": {0, 20}, "keccak-f": {5, 19}}
	for _, b := range Circuits() {
		if got := [2]int{b.LogRowsMin, b.LogRowsMax(f)}; got != want[b.Name] {
			t.Errorf("%s: heights %v, want %v", b.Name, got, want[b.Name])
		}
		for _, logRows := range []int{-1, b.LogRowsMin - 1, b.LogRowsMax(f) + 1, 63, 1 << 20} {
			if _, _, err := b.Sample(f, logRows, 1); !errors.Is(err, ErrSize) {
				t.Errorf("%s with 2^%d rows: %v, want ErrSize", b.Name, logRows, err)
			}
		}
	}
}
