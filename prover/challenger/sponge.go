package challenger

import (
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
	"rpp-node/prover/poseidon2"
)

// source is a challenger without labels.
type source interface {
	observe(v ...field.Elem)
	observeDigest(d *merkle.Digest)
	sample() field.Elem
	sampleBits(n int) uint32
	// firstWitness returns the smallest integer in [from, to), all of them elements of the
	// field, after whose observation the n bits drawn vanish, and whether there is one. It
	// leaves the source as it is: several goroutines search on one.
	firstWitness(from, to uint64, n int) (uint64, bool)
	// copyFrom takes over the state of a source of the same kind.
	copyFrom(source)
	clone() source
}

func newSource(k merkle.Kind, f *field.Field) source {
	switch k {
	case merkle.Poseidon2:
		return &duplex{perm: poseidon2.New(f, 24), rate: 16}
	case merkle.Poseidon2W16:
		return &duplex{perm: poseidon2.New(f, 16), rate: 8}
	case merkle.Keccak, merkle.KeccakBytes:
		return &serial{f: f, kind: k}
	}
	panic("challenger: unknown suite " + k.String())
}

// duplex absorbs by overwriting the rate. The number of absorbed elements is added to
// the first capacity element and the rest of the rate cleared, so that absorbing [5, 7]
// differs from absorbing [5, 7, 0].
type duplex struct {
	perm    *poseidon2.Perm
	rate    int
	state   [24]field.Elem
	in      [16]field.Elem
	inLen   int
	out     [16]field.Elem
	outLeft int // samples left, taken from the end
}

func (d *duplex) clone() source     { c := *d; return &c }
func (d *duplex) copyFrom(o source) { *d = *o.(*duplex) }

// absorb writes the input into the state.
func (d *duplex) absorb() {
	f := d.perm.Field()
	if d.inLen > 0 {
		copy(d.state[:d.inLen], d.in[:d.inLen])
		clear(d.state[d.inLen:d.rate])
		d.state[d.rate] = f.Add(d.state[d.rate], f.FromUint(uint64(d.inLen)))
	}
	d.inLen = 0
}

func (d *duplex) duplexing() {
	d.absorb()
	d.perm.PermuteOne(d.state[:d.perm.Width()])
	copy(d.out[:], d.state[:d.rate])
	d.outLeft = d.rate
}

func (d *duplex) observe(v ...field.Elem) {
	for len(v) > 0 {
		d.outLeft = 0
		n := copy(d.in[d.inLen:d.rate], v)
		d.inLen += n
		v = v[n:]
		if d.inLen == d.rate {
			d.duplexing()
		}
	}
}

func (d *duplex) observeDigest(g *merkle.Digest) {
	for _, w := range g {
		d.observe(field.Elem(w))
	}
}

func (d *duplex) sample() field.Elem {
	if d.inLen > 0 || d.outLeft == 0 {
		d.duplexing()
	}
	d.outLeft--
	return d.out[d.outLeft]
}

func (d *duplex) sampleBits(n int) uint32 {
	return d.perm.Field().Uint(d.sample()) & (1<<n - 1)
}
