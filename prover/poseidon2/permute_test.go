package poseidon2

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
)

// matrix is a square matrix, multiplied as the definition says.
type matrix [][]field.Elem

func (m matrix) apply(f *field.Field, state []field.Elem) []field.Elem {
	out := make([]field.Elem, len(m))
	for i, row := range m {
		for j, v := range row {
			out[i] = f.Add(out[i], f.Mul(v, state[j]))
		}
	}
	return out
}

// externalMatrix is circ(2·M4, M4, …, M4) in blocks of four.
func externalMatrix(f *field.Field, width int) matrix {
	m4 := [4][4]uint64{{2, 3, 1, 1}, {1, 2, 3, 1}, {1, 1, 2, 3}, {3, 1, 1, 2}}
	m := make(matrix, width)
	for i := range m {
		for j := range width {
			v := m4[i%4][j%4]
			if i/4 == j/4 {
				v *= 2
			}
			m[i] = append(m[i], f.FromUint(v))
		}
	}
	return m
}

// internalMatrix is all ones plus the diagonal.
func internalMatrix(p *Perm) matrix {
	m := make(matrix, p.width)
	for i := range m {
		m[i] = slices.Repeat([]field.Elem{p.f.One()}, p.width)
		m[i][i] = p.f.Add(p.f.One(), p.InternalDiagonal()[i])
	}
	return m
}

// slowPermute is the definition of the permutation, with reduced elements and whole
// matrices.
func slowPermute(p *Perm, state []field.Elem) []field.Elem {
	f := p.f
	sbox := func(x, c field.Elem) field.Elem { return f.Exp(f.Add(x, c), uint64(f.SBoxDegree())) }
	external, internal := externalMatrix(f, p.width), internalMatrix(p)
	full := func(state []field.Elem, half int) []field.Elem {
		for r := range p.FullRoundsHalf() {
			for i, c := range p.ExternalConstants(half, r) {
				state[i] = sbox(state[i], c)
			}
			state = external.apply(f, state)
		}
		return state
	}
	state = full(external.apply(f, state), 0)
	for r := range p.PartialRounds() {
		state[0] = sbox(state[0], p.InternalConstant(r))
		state = internal.apply(f, state)
	}
	return full(state, 1)
}

// stateList are states of extreme elements and random ones.
func stateList(p *Perm, count int) [][]field.Elem {
	last := field.Elem(p.f.Modulus() - 1)
	out := [][]field.Elem{
		make([]field.Elem, p.width),
		slices.Repeat([]field.Elem{last}, p.width),
		slices.Repeat([]field.Elem{p.f.One()}, p.width),
		slices.Repeat([]field.Elem{last / 2, last/2 + 1}, p.width/2),
		slices.Repeat([]field.Elem{0, last, last, 0}, p.width/4),
	}
	for i := range p.width {
		state := make([]field.Elem, p.width)
		state[i] = last
		out = append(out, state)
	}
	rng := rand.New(rand.NewPCG(uint64(p.width), uint64(last)))
	for len(out) < count {
		state := make([]field.Elem, p.width)
		for i := range state {
			state[i] = field.Elem(rng.Uint32N(p.f.Modulus()))
		}
		out = append(out, state)
	}
	return out
}

func TestPermuteAgainstDefinition(t *testing.T) {
	for name, p := range instances {
		for _, state := range stateList(p, 300) {
			want := slowPermute(p, state)
			got := slices.Clone(state)
			if p.Permute(got); !slices.Equal(got, want) {
				t.Fatalf("%s: Permute(%d) = %d, want %d", name, state, got, want)
			}
		}
	}
}

func TestLinearLayers(t *testing.T) {
	for name, p := range instances {
		external, internal := externalMatrix(p.f, p.width), internalMatrix(p)
		for _, state := range stateList(p, 40) {
			got := slices.Clone(state)
			if p.ExternalLinear(got); !slices.Equal(got, external.apply(p.f, state)) {
				t.Errorf("%s: ExternalLinear(%d) = %d", name, state, got)
			}
			got = slices.Clone(state)
			if p.InternalLinear(got); !slices.Equal(got, internal.apply(p.f, state)) {
				t.Errorf("%s: InternalLinear(%d) = %d", name, state, got)
			}
		}
	}
}

func FuzzPermute(f *testing.F) {
	f.Add(make([]byte, 4*MaxWidth))
	f.Add(slices.Repeat([]byte{0xff}, 4*MaxWidth))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, p := range instances {
			state := make([]field.Elem, p.width)
			for i := range min(p.width, len(b)/4) {
				word := uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24
				state[i] = field.Elem(word % p.f.Modulus())
			}
			want := slowPermute(p, state)
			got := slices.Clone(state)
			if p.Permute(got); !slices.Equal(got, want) {
				t.Fatalf("%s: Permute(%d) = %d, want %d", name, state, got, want)
			}
		}
	})
}

func TestExternalInverse(t *testing.T) {
	for name, p := range instances {
		for _, state := range stateList(p, 40) {
			got := slices.Clone(state)
			p.ExternalLinear(got)
			if p.externalInverse(got); !slices.Equal(got, state) {
				t.Errorf("%s: the inverse of ExternalLinear gives %d for %d", name, got, state)
			}
		}
	}
}
