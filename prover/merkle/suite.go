package merkle

import (
	"encoding/binary"
	"fmt"

	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
	"rpp-node/prover/poseidon2"
)

// Digest is a node of a tree: eight Montgomery words, four 64-bit lanes as low and high
// halves, or 32 bytes read little-endian, by the suite's Kind.
type Digest [8]uint32

// Kind names a pair of hash functions and, with it, a challenger.
type Kind uint8

// The suites of the protocol's vectors. Proofs for users come in Poseidon2 and Keccak.
const (
	Poseidon2    Kind = iota // leaves: width 24, rate 16; nodes: width 16
	Keccak                   // Keccak-f[1600] sponges over 64-bit lanes, no padding
	Poseidon2W16             // leaves: width 16, rate 8; nodes: width 16
	KeccakBytes              // Keccak-256 over bytes
)

var kindNames = [...]string{"poseidon2", "keccak", "poseidon2-w16", "keccak-bytes"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// KindByName finds a suite among those that users may choose.
func KindByName(name string) (Kind, bool) {
	for _, k := range []Kind{Poseidon2, Keccak} {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}

// Suite hashes rows and nodes. Implementations are immutable and safe for concurrent use.
type Suite interface {
	Kind() Kind
	// HashRow is the digest of one leaf: the rows of all matrices of a height, one
	// after the other.
	HashRow(row []field.Elem) Digest
	// Compress is the digest of a node with the given children.
	Compress(left, right *Digest) Digest
	// HashRows sets dst[i] to HashRow of the i-th rows of all matrices, one after the
	// other. dst overlaps no matrix.
	HashRows(dst []Digest, mats ...Rows)
	// CompressPairs sets dst[i] to Compress of nodes[2i] and nodes[2i+1]. dst and nodes do
	// not overlap.
	CompressPairs(dst, nodes []Digest)
}

// Rows are consecutive rows of a matrix: row i is Values[i·Width : (i+1)·Width].
type Rows struct {
	Width  int
	Values []field.Elem
}

// NewSuite returns the suite of that kind over f.
func NewSuite(k Kind, f *field.Field) Suite {
	switch k {
	case Poseidon2:
		return &algebraic{k, poseidon2.New(f, 24), 16, poseidon2.New(f, 16)}
	case Poseidon2W16:
		return &algebraic{k, poseidon2.New(f, 16), 8, poseidon2.New(f, 16)}
	case Keccak:
		return lanes{}
	case KeccakBytes:
		return bytewise{}
	}
	panic("merkle: unknown suite " + k.String())
}

// algebraic is a Poseidon2 sponge over the leaves and a truncated permutation over the
// nodes.
type algebraic struct {
	kind Kind
	leaf *poseidon2.Perm
	rate int
	node *poseidon2.Perm
}

func (s *algebraic) Kind() Kind { return s.kind }

func (s *algebraic) HashRow(row []field.Elem) (d Digest) {
	var out [8]field.Elem
	s.leaf.Sponge(out[:], row, s.rate)
	for i, v := range out {
		d[i] = uint32(v)
	}
	return d
}

func (s *algebraic) Compress(l, r *Digest) (d Digest) {
	var st [16]field.Elem
	for i := range 8 {
		st[i], st[8+i] = field.Elem(l[i]), field.Elem(r[i])
	}
	s.node.Permute(st[:])
	for i := range d {
		d[i] = uint32(st[i])
	}
	return d
}

// lanes packs two Montgomery words into each 64-bit lane; an odd last word stands alone.
type lanes struct{}

func (lanes) Kind() Kind { return Keccak }

func (lanes) HashRow(row []field.Elem) Digest {
	const block = 17
	var st [25]uint64
	for len(row) > 0 {
		n := min(2*block, len(row))
		for i := 0; i < n; i += 2 {
			w := uint64(row[i])
			if i+1 < n {
				w |= uint64(row[i+1]) << 32
			}
			st[i/2] = w
		}
		keccak.Permute(&st)
		row = row[n:]
	}
	return fromLanes(st[0], st[1], st[2], st[3])
}

func fromLanes(l ...uint64) (d Digest) {
	for i, v := range l {
		d[2*i], d[2*i+1] = uint32(v), uint32(v>>32)
	}
	return d
}

// Lane returns 64-bit lane i of a Keccak digest.
func (d *Digest) Lane(i int) uint64 { return uint64(d[2*i]) | uint64(d[2*i+1])<<32 }

func (lanes) Compress(l, r *Digest) Digest {
	var st [25]uint64
	for i := range 4 {
		st[i], st[4+i] = l.Lane(i), r.Lane(i)
	}
	keccak.Permute(&st)
	return fromLanes(st[0], st[1], st[2], st[3])
}

// bytewise is Keccak-256 over the Montgomery words' bytes.
type bytewise struct{}

func (bytewise) Kind() Kind { return KeccakBytes }

func (bytewise) HashRow(row []field.Elem) Digest {
	b := make([]byte, 0, 4*len(row))
	for _, v := range row {
		b = field.AppendWord(b, v)
	}
	return fromBytes(keccak.Sum256(b))
}

func fromBytes(b [32]byte) (d Digest) {
	for i := range d {
		d[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return d
}

// Bytes is the digest as 32 bytes, words little-endian.
func (d *Digest) Bytes() (b [32]byte) {
	for i, w := range d {
		binary.LittleEndian.PutUint32(b[4*i:], w)
	}
	return b
}

func (bytewise) Compress(l, r *Digest) Digest {
	var b [64]byte
	lb, rb := l.Bytes(), r.Bytes()
	copy(b[:], lb[:])
	copy(b[32:], rb[:])
	return fromBytes(keccak.Sum256(b[:]))
}
