package poseidon2

import "rpp-node/prover/field"

// Permute applies the permutation to state, whose length is Width, in place.
func (p *Perm) Permute(state []field.Elem) {
	if len(state) != p.width {
		panic("poseidon2: the state's length is not the permutation's width")
	}
	var buf [MaxWidth]int64
	s := buf[:p.width]
	for i, v := range state {
		s[i] = int64(v)
	}
	external(s)
	if p.f == field.KoalaBear {
		for _, rc := range p.external[0] {
			kbFull(s, rc)
		}
		if p.width == 16 {
			kbPartial16((*[16]int64)(s), p.internal)
		} else {
			kbPartial24(&buf, p.internal)
		}
		for _, rc := range p.external[1] {
			kbFull(s, rc)
		}
		kbStore(state, s)
	} else {
		for _, rc := range p.external[0] {
			bbFull(s, rc)
		}
		if p.width == 16 {
			bbPartial16((*[16]int64)(s), p.internal)
		} else {
			bbPartial24(&buf, p.internal)
		}
		for _, rc := range p.external[1] {
			bbFull(s, rc)
		}
		bbStore(state, s)
	}
}
