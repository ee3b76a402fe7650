package codec

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// decoder keeps the first error; after it every read returns zero values and every list
// is empty, so that callers need not look until the end.
type decoder struct {
	Format
	b      []byte
	at     int // of b, what has been read
	memory int // bytes that lists may still take
	err    error

	elemSlab slab[field.Elem]
	extSlab  slab[field.E]
	rowSlab  slab[[]field.Elem]
}

func newDecoder(c Format, b []byte) *decoder {
	return &decoder{Format: c, b: b, memory: memoryPerByte*len(b) + memorySpare}
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.at = len(d.b)
}

// left is the number of bytes that have not been read.
func (d *decoder) left() int { return len(d.b) - d.at }

func (d *decoder) end() error {
	if d.err == nil && d.left() > 0 {
		d.err = fmt.Errorf("%w: %d", ErrTrailing, d.left())
	}
	return d.err
}

func (d *decoder) u8() uint8 {
	if d.at >= len(d.b) {
		d.fail(ErrTruncated)
		return 0
	}
	v := d.b[d.at]
	d.at++
	return v
}

// uvarint reads an unsigned LEB128 number in its shortest form.
func (d *decoder) uvarint() uint64 {
	var v uint64
	for i := 0; ; i++ {
		c := d.u8()
		if d.err != nil {
			return 0
		}
		if i == 9 && c > 1 {
			d.fail(fmt.Errorf("%w: varint above 64 bits", ErrNonCanonical))
			return 0
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				d.fail(fmt.Errorf("%w: over-long varint", ErrNonCanonical))
			}
			return v
		}
	}
}

func (d *decoder) option() bool {
	switch d.u8() {
	case 0:
		return false
	case 1:
		return true
	}
	d.fail(fmt.Errorf("%w: option tag", ErrNonCanonical))
	return false
}

func (d *decoder) noRandom() {
	if d.option() {
		d.fail(ErrHiding)
	}
}

// Memory that decoding may ask for: room for an honest proof of any shape, and no more for
// an input whose items are empty lists, each a byte here and a header in memory.
const (
	memoryPerByte = 4
	memorySpare   = 12 << 20
)

// listRoom is how many items a list has room for before any has been read. More would
// let one claimed length after another, nested, multiply the memory of an input that
// holds none of the items.
const listRoom = 256

// list reads a length and that many items of at least size bytes each.
func list[T any](d *decoder, size int, item func(*decoder) T) []T {
	return listIn(d, size, item, func(room int) []T { return make([]T, 0, room) })
}

// listIn is list with another way to make room for items.
func listIn[T any](d *decoder, size int, item func(*decoder) T, grant func(room int) []T) []T {
	n := d.uvarint()
	if n > uint64(d.left()/size) {
		d.fail(fmt.Errorf("%w: list of %d", ErrTruncated, n))
		return nil
	}
	out := []T{}
	for range n {
		if len(out) == cap(out) {
			room := int(n)
			if len(out) == 0 {
				room = min(room, listRoom)
			}
			if d.memory -= room * int(reflect.TypeFor[T]().Size()); d.memory < 0 {
				d.fail(fmt.Errorf("%w: too many small lists", ErrTooLarge))
				return nil
			}
			out = append(grant(room), out...)
		}
		out = append(out, item(d))
		if d.err != nil {
			return nil
		}
	}
	return out
}

// rows reads the rows that a query opens.
func (d *decoder) rows() [][]field.Elem {
	return listIn(d, 1, (*decoder).elems, func(room int) [][]field.Elem {
		return d.rowSlab.take(room, rowSlabCount, d.left())[:0]
	})
}

// flat reads the length of a list whose items have a fixed size and hold no lists, and
// accounts for their memory. What it grants is bounded by the bytes that are left.
func (d *decoder) flat(size, memory int) int {
	n := d.uvarint()
	if n > uint64(d.left()/size) {
		d.fail(fmt.Errorf("%w: list of %d", ErrTruncated, n))
		return 0
	}
	if d.memory -= int(n) * memory; d.memory < 0 {
		d.fail(fmt.Errorf("%w: too many small lists", ErrTooLarge))
		return 0
	}
	return int(n)
}

// words reads elements, or words that must be reduced as theirs are: the bulk of a proof
// goes through here.
func words[T ~uint32](d *decoder, dst []T) {
	if d.left() < field.WordBytes*len(dst) {
		d.fail(ErrTruncated)
		return
	}
	src := d.b[d.at:][:field.WordBytes*len(dst)]
	d.at += len(src)
	last := uint64(d.Ext.Base.Modulus() - 1)
	var above uint64 // negative if last - w is for any w
	for ; len(dst) >= 4; dst, src = dst[4:], src[4*field.WordBytes:] {
		to, from := (*[4]T)(dst), (*[4 * field.WordBytes]byte)(src)
		a, b := binary.LittleEndian.Uint64(from[:]), binary.LittleEndian.Uint64(from[8:])
		w0, w1, w2, w3 := uint32(a), uint32(a>>32), uint32(b), uint32(b>>32)
		above |= (last - uint64(w0)) | (last - uint64(w1)) | (last - uint64(w2)) | (last - uint64(w3))
		to[0], to[1], to[2], to[3] = T(w0), T(w1), T(w2), T(w3)
	}
	for i := range dst {
		w := binary.LittleEndian.Uint32(src[field.WordBytes*i:])
		above |= last - uint64(w)
		dst[i] = T(w)
	}
	if above>>63 != 0 {
		d.fail(fmt.Errorf("%w: field word not below the modulus", ErrNonCanonical))
	}
}

func (d *decoder) elem() (v field.Elem) {
	var one [1]field.Elem
	words(d, one[:])
	return one[0]
}

func (d *decoder) ext() (e field.E) {
	words(d, e[:d.Ext.D])
	return e
}

func (d *decoder) elems() []field.Elem {
	n := d.flat(field.WordBytes, field.WordBytes)
	out := d.elemSlab.take(n, elemSlabCount, d.left()/field.WordBytes)
	words(d, out)
	if d.err != nil {
		return nil
	}
	return out
}

func (d *decoder) exts() []field.E {
	size := field.WordBytes * d.Ext.D
	n := d.flat(size, field.WordBytes*field.MaxDegree)
	out := d.extSlab.take(n, extSlabCount, d.left()/size)
	for i := range out {
		words(d, out[i][:d.Ext.D])
	}
	if d.err != nil {
		return nil
	}
	return out
}

func (d *decoder) digest() (g merkle.Digest) {
	switch d.Hash {
	case merkle.Keccak:
		for i := range 4 {
			v := d.uvarint()
			g[2*i], g[2*i+1] = uint32(v), uint32(v>>32)
		}
	case merkle.KeccakBytes:
		for i := range g {
			for k := range 4 {
				g[i] |= uint32(d.u8()) << (8 * k)
			}
		}
	default:
		words(d, g[:])
	}
	return g
}

func (d *decoder) digests() []merkle.Digest {
	if d.Hash == merkle.Keccak { // of no fixed size
		return list(d, 4, (*decoder).digest)
	}
	const size = 32
	out := make([]merkle.Digest, d.flat(size, size))
	for i := range out {
		out[i] = d.digest()
	}
	if d.err != nil {
		return nil
	}
	return out
}
