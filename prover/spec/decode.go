package spec

import (
	"encoding/binary"
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

// Decode reads a spec. It accepts exactly what Encode writes.
func Decode(b []byte) (*Spec, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrSpec, len(b), MaxBytes)
	}
	r := reader{b: b}
	if string(r.take(len(magic))) != magic {
		return nil, fmt.Errorf("%w: magic: not a spec", ErrSpec)
	}
	if v := r.u32(); !r.short && v != version {
		return nil, fmt.Errorf("%w: version: %d, this release reads %d", ErrSpec, v, version)
	}
	s := &Spec{}
	for _, n := range s.names() {
		*n.text = string(r.take(int(r.u8())))
	}
	s.ChainID = binary.LittleEndian.Uint64(r.take(8))
	copy(s.Fingerprint[:], r.take(32))
	f := field.ByName(s.Field)
	if tables := int(r.u8()); f != nil && tables <= air.MaxTables {
		s.Publics = make([][]field.Elem, tables)
	} else if !r.short && f != nil {
		return nil, fmt.Errorf("%w: %d tables, at most %d", ErrSpec, tables, air.MaxTables)
	}
	for i := range s.Publics {
		values, err := r.publics(f)
		if err != nil {
			return nil, err
		}
		s.Publics[i] = values
	}
	copy(s.Witness[:], r.take(32))
	switch {
	case r.short && (f != nil || s.Field == ""):
		return nil, fmt.Errorf("%w: input ends early", ErrSpec)
	case f != nil && len(r.b) > 0:
		return nil, fmt.Errorf("%w: bytes follow the spec", ErrSpec)
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	return s, nil
}

// reader takes bytes off b. When they run out it notes so and answers zeros.
type reader struct {
	b     []byte
	short bool
}

var zeros [256]byte

// take returns n bytes, at most 256 where they may be missing.
func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.short, r.b = true, nil
		return zeros[:min(n, len(zeros))]
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() byte    { return r.take(1)[0] }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

func (r *reader) publics(f *field.Field) ([]field.Elem, error) {
	n := r.u32()
	if n > MaxPublicsCount {
		return nil, fmt.Errorf("%w: %d public values, at most %d", ErrSpec, n, MaxPublicsCount)
	}
	if int(n)*field.WordBytes > len(r.b) {
		return nil, fmt.Errorf("%w: input ends early", ErrSpec)
	}
	out := make([]field.Elem, n)
	for i := range out {
		v, ok := f.DecodeCanonical(r.take(field.WordBytes))
		if !ok {
			return nil, fmt.Errorf("%w: a public value is not below the modulus", ErrSpec)
		}
		out[i] = v
	}
	return out, nil
}
