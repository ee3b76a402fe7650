package poseidon2

import (
	"slices"
	"testing"

	"rpp-node/prover/field"
)

// TestSponge builds every length up to three blocks from permutations.
func TestSponge(t *testing.T) {
	for name, p := range instances {
		const rate = 8
		input := stateList(p, 100)[99]
		input = append(input, input...)
		for n := range 3*rate + 1 {
			state := make([]field.Elem, p.width)
			for start := 0; start < n; start += rate {
				copy(state, input[start:min(start+rate, n)])
				p.Permute(state)
			}
			got := slices.Repeat([]field.Elem{7}, 9)
			p.Sponge(got[:8], input[:n], rate)
			if want := append(state[:8:8], 7); !slices.Equal(got, want) {
				t.Errorf("%s: Sponge of %d elements = %d, want %d", name, n, got, want)
			}
		}
	}
}

func TestSpongeIntoItsInput(t *testing.T) {
	p := instances["koala-bear-16"]
	in := stateList(p, 100)[99]
	var want [8]field.Elem
	p.Sponge(want[:], in, 8)
	if p.Sponge(in[:8], in, 8); !slices.Equal(in[:8], want[:]) {
		t.Errorf("Sponge into its input = %d, want %d", in[:8], want)
	}
}

func TestAllocations(t *testing.T) {
	for name, p := range instances {
		state := make([]field.Elem, p.width)
		n := testing.AllocsPerRun(10, func() {
			New(p.f, p.width).Permute(state)
			p.Sponge(state[:8], state, 8)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}
