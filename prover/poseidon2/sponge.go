package poseidon2

import "rpp-node/prover/field"

// Sponge hashes input into dst: the state starts at zero, each block of up to rate
// elements overwrites the state's first elements (a short last block leaves the others
// as they were), and dst receives the state's first elements at the end. There is no
// padding: an input whose length is a multiple of rate adds no block, and an empty one
// gives zeros, so a caller's inputs have a length that it knows. rate and len(dst) are
// at most Width. input may overlap dst.
func (p *Perm) Sponge(dst, input []field.Elem, rate int) {
	var buf [MaxWidth]field.Elem
	state := buf[:p.width:p.width] // a larger rate or output than the width panics
	for len(input) > 0 {
		n := copy(state[:rate], input)
		input = input[n:]
		p.Permute(state)
	}
	copy(dst, state[:len(dst)])
}
