package poseidon2

import "rpp-node/prover/field"

// Permute applies the permutation to state, whose length is Width, in place.
func (p *Perm) Permute(state []field.Elem) {
	p.ExternalLinear(state)
	for _, rc := range p.external[0] {
		p.fullRound(state, rc)
	}
	for _, c := range p.internal {
		state[0] = p.sbox(p.f.Add(state[0], c))
		p.InternalLinear(state)
	}
	for _, rc := range p.external[1] {
		p.fullRound(state, rc)
	}
}

func (p *Perm) fullRound(state, rc []field.Elem) {
	for i := range state {
		state[i] = p.sbox(p.f.Add(state[i], rc[i]))
	}
	p.ExternalLinear(state)
}

func (p *Perm) sbox(x field.Elem) field.Elem { return p.f.Exp(x, uint64(p.f.SBoxDegree())) }
