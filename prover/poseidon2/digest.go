package poseidon2

import (
	"encoding/binary"

	"github.com/zeebo/blake3"

	"rpp-node/prover/field"
)

// computeDigest hashes, as little-endian 32-bit words: the modulus, width, full rounds
// on each side, partial rounds and S-box degree; then, canonical, the external
// constants of the first half round by round, the internal constants, the external
// constants of the second half, and the diagonal.
func (p *Perm) computeDigest() [32]byte {
	var b []byte
	for _, v := range []uint32{
		p.f.Modulus(), uint32(p.width), fullRoundsHalf, uint32(len(p.internal)), uint32(p.f.SBoxDegree()),
	} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, row := range p.external[0] {
		b = p.appendRow(b, row)
	}
	b = p.appendRow(b, p.internal)
	for _, row := range p.external[1] {
		b = p.appendRow(b, row)
	}
	b = p.appendRow(b, p.diagonal)
	return blake3.Sum256(b)
}

func (p *Perm) appendRow(b []byte, row []field.Elem) []byte {
	for _, v := range row {
		b = p.f.AppendCanonical(b, v)
	}
	return b
}
