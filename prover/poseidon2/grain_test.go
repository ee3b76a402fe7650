package poseidon2

import (
	"slices"
	"testing"

	"rpp-node/prover/field"
)

// grain is the Grain LFSR in self-shrinking mode, from which the Poseidon family draws
// its constants (Poseidon, eprint 2019/458, appendix F).
type grain struct{ state []byte }

// newGrain sets the 80 bits of the state: field type 1 (prime), S-box flag 0 (a power),
// the modulus's bit length, the width, the round numbers, thirty ones; then it runs
// 160 steps.
func newGrain(bits, width, full, partial int) *grain {
	g := &grain{}
	for _, v := range []struct{ value, bits int }{{1, 2}, {0, 4}, {bits, 12}, {width, 12}, {full, 10}, {partial, 10}, {1<<30 - 1, 30}} {
		for i := v.bits - 1; i >= 0; i-- {
			g.state = append(g.state, byte(v.value>>i&1))
		}
	}
	for range 160 {
		g.step()
	}
	return g
}

func (g *grain) step() byte {
	s := g.state
	bit := s[62] ^ s[51] ^ s[38] ^ s[23] ^ s[13] ^ s[0]
	g.state = append(s[1:], bit)
	return bit
}

// bit takes the second of the next pair of steps whose first gives one.
func (g *grain) bit() byte {
	for g.step() == 0 {
		g.step()
	}
	return g.step()
}

// below draws bits, most significant first, until they are an integer below p.
func (g *grain) below(p uint32, bits int) uint32 {
	for {
		v := uint32(0)
		for range bits {
			v = v<<1 | uint32(g.bit())
		}
		if v < p {
			return v
		}
	}
}

func TestConstantsAreGrain(t *testing.T) {
	for name, p := range instances {
		g := newGrain(31, p.width, 2*fullRoundsHalf, p.PartialRounds())
		check := func(what string, round int, got []field.Elem) {
			t.Helper()
			want := make([]uint32, len(got))
			for i := range want {
				want[i] = g.below(p.f.Modulus(), 31)
			}
			if ints := integers(p.f, got); !slices.Equal(ints, want) {
				t.Errorf("%s: %s %d: %d, want %d", name, what, round, ints, want)
			}
		}
		for r := range fullRoundsHalf {
			check("first full rounds", r, p.ExternalConstants(0, r))
		}
		for r := range p.PartialRounds() {
			check("partial rounds", r, []field.Elem{p.InternalConstant(r)})
		}
		for r := range fullRoundsHalf {
			check("last full rounds", r, p.ExternalConstants(1, r))
		}
	}
}
