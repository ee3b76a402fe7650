package merkle

import (
	"unsafe"

	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
	"rpp-node/prover/poseidon2"
)

// hashRows is HashRows one row at a time.
func hashRows(s Suite, dst []Digest, mats []Rows) {
	var buf []field.Elem
	for i := range dst {
		buf = buf[:0]
		for _, m := range mats {
			buf = append(buf, m.Values[i*m.Width:(i+1)*m.Width]...)
		}
		dst[i] = s.HashRow(buf)
	}
}

func compressPairs(s Suite, dst, nodes []Digest) {
	for i := range dst {
		dst[i] = s.Compress(&nodes[2*i], &nodes[2*i+1])
	}
}

// HashRows implements Suite.
func (s *algebraic) HashRows(dst []Digest, mats ...Rows) {
	var few [4]poseidon2.Segment
	segments := few[:0]
	for _, m := range mats {
		segments = append(segments, poseidon2.Segment{Values: m.Values, Width: m.Width, Stride: m.Width})
	}
	s.leaf.SpongeRows(elems(dst), s.rate, segments)
}

// CompressPairs implements Suite.
func (s *algebraic) CompressPairs(dst, nodes []Digest) {
	s.node.CompressPairs(elems(dst), elems(nodes))
}

// HashRows implements Suite.
func (s lanes) HashRows(dst []Digest, mats ...Rows) {
	var few [4]keccak.Segment
	segments := few[:0]
	for _, m := range mats {
		segments = append(segments, keccak.Segment{Words: words(m.Values), Width: m.Width, Stride: m.Width})
	}
	keccak.LaneSpongeSegments(flat(dst), segments)
}

// CompressPairs implements Suite.
func (s lanes) CompressPairs(dst, nodes []Digest) { keccak.CompressPairs(flat(dst), flat(nodes)) }

// HashRows implements Suite.
func (s bytewise) HashRows(dst []Digest, mats ...Rows) { hashRows(s, dst, mats) }

// CompressPairs implements Suite.
func (s bytewise) CompressPairs(dst, nodes []Digest) { compressPairs(s, dst, nodes) }

// flat lends digests as the words that they are.
func flat(d []Digest) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(d))), len(d)*len(Digest{}))
}

// words lends field elements as the Montgomery words that they are.
func words(v []field.Elem) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.SliceData(v)), len(v))
}

// elems lends digests as the elements that a Poseidon2 suite's are.
func elems(d []Digest) []field.Elem {
	return unsafe.Slice((*field.Elem)(unsafe.Pointer(unsafe.SliceData(d))), len(d)*len(Digest{}))
}
