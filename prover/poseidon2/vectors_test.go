package poseidon2

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
)

// instances are this package's permutations by their name in the vectors.
var instances = map[string]*Perm{
	"koala-bear-16": New(field.KoalaBear, 16),
	"koala-bear-24": New(field.KoalaBear, 24),
	"baby-bear-16":  New(field.BabyBear, 16),
	"baby-bear-24":  New(field.BabyBear, 24),
}

func isInstance(name string) bool { return instances[name] != nil }

// integers are the canonical integers of field elements.
func integers(f *field.Field, a []field.Elem) []uint32 {
	out := make([]uint32, len(a))
	for i, v := range a {
		out[i] = f.Uint(v)
	}
	return out
}

func TestPermuteVectors(t *testing.T) {
	var groups []struct {
		Name  string
		Cases []struct{ In, Out []uint64 }
	}
	vectors.JSON(t, "poseidon2.json", &groups)
	var names []string
	for _, g := range groups {
		names = append(names, g.Name)
		p := instances[g.Name]
		if p == nil {
			continue
		}
		if len(g.Cases) == 0 {
			t.Errorf("%s: no cases", g.Name)
		}
		for i, c := range g.Cases {
			state := elems(p.f, narrow(t, c.In))
			p.Permute(state)
			if got, want := integers(p.f, state), narrow(t, c.Out); !slices.Equal(got, want) {
				t.Errorf("%s case %d: %d, want %d", g.Name, i, got, want)
			}
		}
	}
	vectors.CheckScope(t, "poseidon2.json", names, isInstance)
}

// narrow keeps the vectors of 64-bit fields readable by the same types.
func narrow(t *testing.T, a []uint64) []uint32 {
	t.Helper()
	out := make([]uint32, len(a))
	for i, v := range a {
		if out[i] = uint32(v); uint64(out[i]) != v {
			t.Fatalf("%d has more than 32 bits", v)
		}
	}
	return out
}

func TestHashVectors(t *testing.T) {
	var v struct {
		Cases []struct {
			Input    []uint32 `json:"input_koala"`
			Sponge16 []uint32 `json:"poseidon2_16_sponge_8_8"`
			Sponge24 []uint32 `json:"poseidon2_24_sponge_16_8"`
		}
		Compress struct{ Left, Right, Out []uint32 } `json:"compress_poseidon2_16"`
	}
	vectors.JSON(t, "hashes.json", &v)
	if len(v.Cases) == 0 {
		t.Fatal("no cases")
	}
	f := field.KoalaBear
	sponge := func(what string, width, rate int, input, want []uint32) {
		t.Helper()
		var dst [8]field.Elem
		New(f, width).Sponge(dst[:], elems(f, input), rate)
		if got := integers(f, dst[:]); !slices.Equal(got, want) {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	for i, c := range v.Cases {
		sponge(fmt.Sprintf("case %d, width 16", i), 16, 8, c.Input, c.Sponge16)
		sponge(fmt.Sprintf("case %d, width 24", i), 24, 16, c.Input, c.Sponge24)
	}
	// The two-to-one compression is a sponge whose rate is the whole state.
	sponge("compression", 16, 16, append(v.Compress.Left, v.Compress.Right...), v.Compress.Out)
}

func TestConstantVectors(t *testing.T) {
	var all map[string]json.RawMessage
	vectors.JSON(t, "poseidon2_constants.json", &all)
	vectors.CheckScope(t, "poseidon2_constants.json", slices.Collect(maps.Keys(all)), isInstance)
	for name, p := range instances {
		var want struct {
			Initial  [][]uint32 `json:"external_initial"`
			Final    [][]uint32 `json:"external_final"`
			Internal []uint32
		}
		if err := json.Unmarshal(all[name], &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for half, rounds := range [][][]uint32{want.Initial, want.Final} {
			if len(rounds) != p.FullRoundsHalf() {
				t.Fatalf("%s: %d full rounds in half %d, want %d", name, p.FullRoundsHalf(), half, len(rounds))
			}
			for r, c := range rounds {
				if got := integers(p.f, p.ExternalConstants(half, r)); !slices.Equal(got, c) {
					t.Errorf("%s: half %d, round %d: %d, want %d", name, half, r, got, c)
				}
			}
		}
		if len(want.Internal) != p.PartialRounds() {
			t.Fatalf("%s: %d partial rounds, want %d", name, p.PartialRounds(), len(want.Internal))
		}
		for r, c := range want.Internal {
			if got := p.f.Uint(p.InternalConstant(r)); got != c {
				t.Errorf("%s: partial round %d: %d, want %d", name, r, got, c)
			}
		}
	}
}
