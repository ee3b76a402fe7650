package key

import (
	"encoding/binary"

	"github.com/zeebo/blake3"

	"rpp-node/prover/field"
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
)

// seed gives the eight elements that a proof's transcript starts from: they bind what
// upstream's transcript does not, the circuit, the parameters and the chain. BLAKE3 in
// extendable mode over "rpp-seed-1", the family with its length, the fingerprint, the
// parameters and the chain id; each element is a 64-bit little-endian word modulo p, so
// that its distribution is uniform to within 2^-33.
func (k *Verifying) seed(f *field.Field, chainID uint64) []field.Elem {
	fp := k.Fingerprint()
	b := []byte("rpp-seed-1")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(k.Family)))
	b = append(b, k.Family...)
	b = append(b, fp[:]...)
	b = appendParams(b, k.Profile)
	b = append(b, byte(k.Hash))
	b = binary.LittleEndian.AppendUint64(b, chainID)
	h := blake3.New()
	h.Write(b)
	var out [8 * system.SeedElements]byte
	h.Digest().Read(out[:])
	seed := make([]field.Elem, system.SeedElements)
	for i := range seed {
		seed[i] = f.FromUint(binary.LittleEndian.Uint64(out[8*i:]))
	}
	return seed
}

// appendParams writes the figures of a profile, not its name.
func appendParams(b []byte, p soundness.Profile) []byte {
	for _, v := range []int{p.Degree, p.LogBlowup, p.NumQueries, p.QueryPoWBits, p.CommitPoWBits, p.MaxLogArity, p.CapHeight, p.LogFinalPolyLen} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}
