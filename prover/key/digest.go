package key

import (
	"encoding/binary"

	"github.com/zeebo/blake3"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
	"rpp-node/prover/poseidon2"
)

// Digest is a BLAKE3-256 digest.
type Digest [32]byte

// constraintsDigest covers everything of a table that its shape does not show: the graph,
// the constraints in order, the interactions, the preprocessed values.
func constraintsDigest(f *field.Field, t *air.Table) Digest {
	h := blake3.New()
	var b []byte
	u32 := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	text := func(s string) { u32(uint32(len(s))); b = append(b, s...) }
	text("rpp-constraints-1")
	u32(uint32(len(t.Nodes)))
	for _, n := range t.Nodes {
		b = append(b, byte(n.Op))
		u32(uint32(n.A))
		u32(uint32(n.B))
		u32(f.Uint(n.Value))
	}
	u32(uint32(len(t.Constraints)))
	for _, id := range t.Constraints {
		u32(uint32(id))
	}
	u32(uint32(len(t.Lookups)))
	for _, l := range t.Lookups {
		b = append(b, byte(l.Kind))
		text(l.Bus)
		u32(uint32(len(l.Tuples)))
		for _, tp := range l.Tuples {
			u32(uint32(tp.Flag))
			u32(uint32(tp.Count))
			u32(tp.Weight)
			u32(uint32(len(tp.Fields)))
			for _, id := range tp.Fields {
				u32(uint32(id))
			}
		}
	}
	u32(uint32(len(t.Prep)))
	for _, v := range t.Prep {
		u32(f.Uint(v))
	}
	h.Write(b)
	var d Digest
	h.Sum(d[:0])
	return d
}

// hashDigest covers the constants of the suite's permutations.
func hashDigest(k merkle.Kind, f *field.Field) Digest {
	h := blake3.New()
	h.Write([]byte("rpp-hash-1" + k.String()))
	if k == merkle.Poseidon2 || k == merkle.Poseidon2W16 {
		for _, w := range []int{16, 24} {
			d := poseidon2.New(f, w).Digest()
			h.Write(d[:])
		}
	}
	var d Digest
	h.Sum(d[:0])
	return d
}
