package pruning

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/zeebo/blake3"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
)

// sampleDomain starts the input of the XOF that samples are read from.
const sampleDomain = "rpp-sample-pruning-1"

// keptOf256 is the share of transactions that samples keep. Most of an old block goes;
// what stays is what something later still refers to.
const keptOf256 = 48

// Sample makes a witness of size transactions from a seed: one block, or a range of
// several when a block of 512 does not hold them. Equal arguments give equal witnesses.
func Sample(size int, seed uint64) (*Witness, error) {
	for _, v := range variants {
		if v.Capacity() == maxTransactions && size <= v.Blocks*v.Capacity() {
			return v.Sample(size, seed)
		}
	}
	return nil, fmt.Errorf("%w: size: %d transactions, the largest variant takes %d", ErrVariant, size, maxBlocks*maxTransactions)
}

// Sample makes a witness of v with size transactions, spread evenly over its blocks.
func (v Variant) Sample(size int, seed uint64) (*Witness, error) {
	if size < 0 || size > v.Blocks*v.Capacity() {
		return nil, fmt.Errorf("%w: size: %d transactions, %s takes 0 to %d", ErrVariant, size, v.Name, v.Blocks*v.Capacity())
	}
	s := newStream(v.Name, size, seed)
	w := &Witness{
		Variant:     v.Name,
		FirstHeight: s.uint64() >> 36, // below 2^28: some forty years of 5 s blocks
		Parent:      s.digest(),
		FoldIn:      s.digest(),
		Blocks:      make([]Block, v.Blocks),
	}
	for b := range w.Blocks {
		n := size*(b+1)/v.Blocks - size*b/v.Blocks
		w.Blocks[b] = make(Block, n)
		for i := range n {
			w.Blocks[b][i] = Transaction{ID: s.digest(), Removed: s.byte() >= keptOf256}
		}
	}
	return w, nil
}

// stream is the output of BLAKE3 as an XOF over sampleDomain, the variant's name, size
// and seed.
type stream struct{ xof io.Reader }

func newStream(variant string, size int, seed uint64) stream {
	h := blake3.New()
	in := append([]byte(sampleDomain), byte(len(variant)))
	in = append(in, variant...)
	in = binary.LittleEndian.AppendUint64(in, uint64(size))
	in = binary.LittleEndian.AppendUint64(in, seed)
	h.Write(in)
	return stream{h.Digest()}
}

func (s stream) read(b []byte) {
	if _, err := io.ReadFull(s.xof, b); err != nil {
		panic(err) // the XOF ends after 2^64 bytes
	}
}

func (s stream) byte() byte {
	var b [1]byte
	s.read(b[:])
	return b[0]
}

func (s stream) uint64() uint64 {
	var b [8]byte
	s.read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// digest draws eight uniform elements: 31 bits, again while they are not below p.
func (s stream) digest() gadget.Digest {
	var d gadget.Digest
	for i := range d {
		d[i] = s.elem()
	}
	return d
}

func (s stream) elem() field.Elem {
	for {
		var b [field.WordBytes]byte
		s.read(b[:])
		if e, ok := gadget.Field.FromUint32(binary.LittleEndian.Uint32(b[:]) >> 1); ok {
			return e
		}
	}
}
