package pruning

import (
	"encoding/binary"

	"rpp-node/prover/circuit/gadget"
)

// The binary form starts with the magic and the number of its version.
const (
	binaryMagic   = "rpp-wprn"
	binaryVersion = 1
)

// MaxBinaryBytes bounds a witness in binary.
const MaxBinaryBytes = len(binaryMagic) + 2 + 1 + 255 + 8 + 2*gadget.DigestBytes + 2 +
	maxBlocks*(2+maxTransactions*gadget.DigestBytes+maxTransactions/8)

// AppendBinary appends w in binary: little-endian, no padding but the zero bits that
// fill up a bitmap's last byte. w must pass Check.
func (w *Witness) AppendBinary(b []byte) []byte {
	b = append(b, binaryMagic...)
	b = binary.LittleEndian.AppendUint16(b, binaryVersion)
	b = append(b, byte(len(w.Variant)))
	b = append(b, w.Variant...)
	b = binary.LittleEndian.AppendUint64(b, w.FirstHeight)
	b = w.Parent.AppendCanonical(b)
	b = w.FoldIn.AppendCanonical(b)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(w.Blocks)))
	for _, block := range w.Blocks {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(block)))
		bitmap := make([]byte, bitmapBytes(len(block)))
		for i, t := range block {
			b = t.ID.AppendCanonical(b)
			if t.Removed {
				bitmap[i/8] |= 1 << (i % 8)
			}
		}
		b = append(b, bitmap...)
	}
	return b
}

func bitmapBytes(transactions int) int { return (transactions + 7) / 8 }

// DecodeBinary reads what AppendBinary wrote, and nothing else: a witness has one binary
// form.
func DecodeBinary(data []byte) (*Witness, error) {
	if len(data) > MaxBinaryBytes {
		return nil, bad("binary: %d bytes, at most %d", len(data), MaxBinaryBytes)
	}
	r := binaryReader{rest: data}
	if magic := r.take("magic", len(binaryMagic)); r.err == nil && string(magic) != binaryMagic {
		return nil, bad("magic: %q, want %q; this is no pruning witness", magic, binaryMagic)
	}
	if version := r.uint16("version"); r.err == nil && version != binaryVersion {
		return nil, bad("version: %d, want %d; convert the witness with the release that wrote it", version, binaryVersion)
	}
	w := &Witness{}
	w.Variant = string(r.take("variant", int(r.byte("variant"))))
	w.FirstHeight = r.uint64("first_height")
	w.Parent = r.digest("parent")
	w.FoldIn = r.digest("fold_in")
	w.Blocks = r.blocks()
	if r.err != nil {
		return nil, r.err
	}
	if len(r.rest) > 0 {
		return nil, bad("binary: %d bytes follow the witness; remove them", len(r.rest))
	}
	return w.checked()
}

// binaryReader reads from the front of rest. The first error stays, and everything read
// after it is zero.
type binaryReader struct {
	rest []byte
	err  error
}

func (r *binaryReader) fail(format string, a ...any) {
	if r.err == nil {
		r.err = bad(format, a...)
	}
}

// take returns the next n bytes, or nil.
func (r *binaryReader) take(field string, n int) []byte {
	if r.err == nil && n > len(r.rest) {
		r.fail("%s: %d bytes, only %d are left; the file is cut short", field, n, len(r.rest))
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *binaryReader) byte(field string) byte {
	if b := r.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

func (r *binaryReader) uint16(field string) uint16 {
	if b := r.take(field, 2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *binaryReader) uint64(field string) uint64 {
	if b := r.take(field, 8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *binaryReader) digest(field string) gadget.Digest {
	b := r.take(field, gadget.DigestBytes)
	if b == nil {
		return gadget.Digest{}
	}
	d, err := gadget.DecodeDigest(b)
	if err != nil {
		r.fail("%s: %v", field, err)
	}
	return d
}

func (r *binaryReader) blocks() []Block {
	n := int(r.uint16("blocks"))
	if n > maxBlocks {
		r.fail("blocks: %d, no variant takes more than %d", n, maxBlocks)
		return nil
	}
	blocks := make([]Block, n)
	for i := range blocks {
		blocks[i] = r.block()
	}
	return blocks
}

func (r *binaryReader) block() Block {
	n := int(r.uint16("transactions"))
	if n > maxTransactions {
		r.fail("transactions: %d in a block, no variant takes more than %d", n, maxTransactions)
		return nil
	}
	ids := r.take("ids", n*gadget.DigestBytes)
	bitmap := r.take("removed", bitmapBytes(n))
	if r.err != nil {
		return nil
	}
	block := make(Block, n)
	for i := range block {
		d, err := gadget.DecodeDigest(ids[i*gadget.DigestBytes : (i+1)*gadget.DigestBytes])
		if err != nil {
			r.fail("ids[%d]: %v", i, err)
			return nil
		}
		block[i] = Transaction{ID: d, Removed: bitmap[i/8]>>(i%8)&1 == 1}
	}
	if n%8 != 0 && bitmap[len(bitmap)-1]>>(n%8) != 0 {
		r.fail("removed: bits are set after the last transaction; clear them")
	}
	return block
}
