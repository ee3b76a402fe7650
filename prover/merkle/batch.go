package merkle

import "rpp-node/prover/field"

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
func (s *algebraic) HashRows(dst []Digest, mats ...Rows) { hashRows(s, dst, mats) }

// CompressPairs implements Suite.
func (s *algebraic) CompressPairs(dst, nodes []Digest) { compressPairs(s, dst, nodes) }

// HashRows implements Suite.
func (s lanes) HashRows(dst []Digest, mats ...Rows) { hashRows(s, dst, mats) }

// CompressPairs implements Suite.
func (s lanes) CompressPairs(dst, nodes []Digest) { compressPairs(s, dst, nodes) }

// HashRows implements Suite.
func (s bytewise) HashRows(dst []Digest, mats ...Rows) { hashRows(s, dst, mats) }

// CompressPairs implements Suite.
func (s bytewise) CompressPairs(dst, nodes []Digest) { compressPairs(s, dst, nodes) }
