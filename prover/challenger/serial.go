package challenger

import (
	"encoding/binary"

	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
	"rpp-node/prover/merkle"
)

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

func (s *serial) observe(v ...field.Elem) {
	for _, e := range v {
		s.left = 0
		s.in = field.AppendWord(s.in, e)
	}
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
