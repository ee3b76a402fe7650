package challenger

import (
	"encoding/binary"

	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
	"rpp-node/prover/merkle"
	"rpp-node/prover/poseidon2"
)

// source is a challenger without labels.
type source interface {
	observe(v field.Elem)
	observeDigest(d *merkle.Digest)
	sample() field.Elem
	sampleBits(n int) uint32
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

func (d *duplex) duplexing() {
	f := d.perm.Field()
	if d.inLen > 0 {
		copy(d.state[:d.inLen], d.in[:d.inLen])
		clear(d.state[d.inLen:d.rate])
		d.state[d.rate] = f.Add(d.state[d.rate], f.FromUint(uint64(d.inLen)))
	}
	d.inLen = 0
	d.perm.Permute(d.state[:d.perm.Width()])
	copy(d.out[:], d.state[:d.rate])
	d.outLeft = d.rate
}

func (d *duplex) observe(v field.Elem) {
	d.outLeft = 0
	d.in[d.inLen] = v
	d.inLen++
	if d.inLen == d.rate {
		d.duplexing()
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

// serial absorbs bytes; each squeeze hashes everything since the last one and becomes
// the start of the next.
type serial struct {
	f    *field.Field
	kind merkle.Kind
	in   []byte
	out  [32]byte
	left int
}

func (s *serial) clone() source {
	c := &serial{}
	c.copyFrom(s)
	return c
}

func (s *serial) copyFrom(o source) {
	from := o.(*serial)
	in := append(s.in[:0], from.in...)
	*s = *from
	s.in = in
}

func (s *serial) observe(v field.Elem) {
	s.left = 0
	s.in = field.AppendWord(s.in, v)
}

func (s *serial) observeDigest(d *merkle.Digest) {
	s.left = 0
	b := d.Bytes() // lanes little-endian and raw bytes are the same 32 bytes
	s.in = append(s.in, b[:]...)
}

func (s *serial) word() uint32 {
	var b [4]byte
	for i := range b {
		if s.left == 0 {
			s.out = keccak.Sum256(s.in)
			s.in = append(s.in[:0], s.out[:]...)
			s.left = len(s.out)
		}
		s.left--
		b[i] = s.out[s.left]
	}
	return binary.LittleEndian.Uint32(b[:])
}

// sample draws 31 bits until they are below p.
func (s *serial) sample() field.Elem {
	for {
		if v, ok := s.f.FromUint32(s.word() & (1<<31 - 1)); ok {
			return v
		}
	}
}

func (s *serial) sampleBits(n int) uint32 { return s.word() & (1<<n - 1) }
