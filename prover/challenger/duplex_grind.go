package challenger

import (
	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2"
)

// firstWitness implements source. A witness and the bits drawn after it take one
// permutation, whether the witness fills the rate or the draw asks for it, so that many
// witnesses are tried side by side.
func (d *duplex) firstWitness(from, to uint64, n int) (uint64, bool) {
	const lanes = poseidon2.Lanes
	f, at := d.perm.Field(), d.inLen
	base := *d
	base.in[at] = 0
	base.inLen++
	base.absorb()
	var start, states [24 * lanes]field.Elem
	for i, v := range base.state[:d.perm.Width()] {
		for l := range lanes {
			start[i*lanes+l] = v
		}
	}
	drawn := states[(d.rate-1)*lanes:][:lanes] // samples are taken from the end
	witness := f.FromUint(from)
	for w := from; w < to; w += lanes {
		states = start
		for l := range lanes {
			states[at*lanes+l] = witness
			witness = f.Add(witness, f.One())
		}
		d.perm.PermuteLanes(states[:d.perm.Width()*lanes])
		for l, v := range drawn[:min(lanes, to-w)] {
			if f.Uint(v)&(1<<n-1) == 0 {
				return w + uint64(l), true
			}
		}
	}
	return 0, false
}
