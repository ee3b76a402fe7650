package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// Size limits of an encoded proof, checked before anything is decoded.
const (
	MaxProofBytes   = 4 << 20
	MaxInteropBytes = 16 << 20
)

// The ways in which bytes can fail to be a proof.
var (
	ErrTruncated    = errors.New("proof: input ends early")
	ErrTrailing     = errors.New("proof: bytes after the end")
	ErrNonCanonical = errors.New("proof: non-canonical encoding")
	ErrTooLarge     = errors.New("proof: too large")
	ErrHiding       = errors.New("proof: hiding proofs are not supported")
)

// Decode reads a proof of at most limit bytes.
func (c Format) Decode(b []byte, limit int) (*Proof, error) {
	if len(b) > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(b), limit)
	}
	d := newDecoder(c, b)
	p := &Proof{Main: d.cap()}
	if d.option() {
		p.Permutation = d.cap()
	}
	p.Quotient = d.cap()
	d.noRandom()
	p.Instances = list(d, 7, d.opened)
	p.FRI = d.fri()
	p.Terminals = list(d, 1, func() *field.E {
		if !d.option() {
			return nil
		}
		v := d.ext()
		return &v
	})
	p.DegreeBits = list(d, 1, d.uvarint)
	return p, d.end()
}

// DecodeFRI reads the low-degree test's part alone.
func (c Format) DecodeFRI(b []byte, limit int) (*FRIProof, error) {
	if len(b) > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(b), limit)
	}
	d := newDecoder(c, b)
	p := d.fri()
	return &p, d.end()
}

// decoder keeps the first error; after it every read returns zero values and every list
// is empty, so that callers need not look until the end.
type decoder struct {
	Format
	b      []byte
	memory int // bytes that lists may still take
	err    error
}

func newDecoder(c Format, b []byte) *decoder {
	return &decoder{Format: c, b: b, memory: memoryPerByte*len(b) + memorySpare}
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.b = nil
}

func (d *decoder) end() error {
	if d.err == nil && len(d.b) > 0 {
		d.err = fmt.Errorf("%w: %d", ErrTrailing, len(d.b))
	}
	return d.err
}

func (d *decoder) u8() uint8 {
	if len(d.b) == 0 {
		d.fail(ErrTruncated)
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
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
func list[T any](d *decoder, size int, item func() T) []T {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
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
			out = append(make([]T, 0, room), out...)
		}
		out = append(out, item())
		if d.err != nil {
			return nil
		}
	}
	return out
}

// flat reads the length of a list whose items have a fixed size and hold no lists, and
// accounts for their memory. What it grants is bounded by the bytes that are left.
func (d *decoder) flat(size, memory int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.fail(fmt.Errorf("%w: list of %d", ErrTruncated, n))
		return 0
	}
	if d.memory -= int(n) * memory; d.memory < 0 {
		d.fail(fmt.Errorf("%w: too many small lists", ErrTooLarge))
		return 0
	}
	return int(n)
}

// words reads elements: the bulk of a proof goes through here.
func (d *decoder) words(dst []field.Elem) {
	if len(d.b) < field.WordBytes*len(dst) {
		d.fail(ErrTruncated)
		return
	}
	modulus, sound := d.Ext.Base.Modulus(), true
	for i := range dst {
		w := binary.LittleEndian.Uint32(d.b[field.WordBytes*i:])
		sound = sound && w < modulus
		dst[i] = field.Elem(w)
	}
	if !sound {
		d.fail(fmt.Errorf("%w: field word not below the modulus", ErrNonCanonical))
		return
	}
	d.b = d.b[field.WordBytes*len(dst):]
}

func (d *decoder) elem() (v field.Elem) {
	var one [1]field.Elem
	d.words(one[:])
	return one[0]
}

func (d *decoder) ext() (e field.E) {
	d.words(e[:d.Ext.D])
	return e
}

func (d *decoder) elems() []field.Elem {
	out := make([]field.Elem, d.flat(field.WordBytes, field.WordBytes))
	d.words(out)
	if d.err != nil {
		return nil
	}
	return out
}

func (d *decoder) exts() []field.E {
	out := make([]field.E, d.flat(field.WordBytes*d.Ext.D, field.WordBytes*field.MaxDegree))
	for i := range out {
		d.words(out[i][:d.Ext.D])
	}
	if d.err != nil {
		return nil
	}
	return out
}

func (d *decoder) optionalExts() []field.E {
	if !d.option() {
		return nil
	}
	return d.exts()
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
		var words [len(g)]field.Elem
		d.words(words[:])
		for i, w := range words {
			g[i] = uint32(w)
		}
	}
	return g
}

func (d *decoder) digests() []merkle.Digest {
	size := 32
	if d.Hash == merkle.Keccak {
		size = 4
	}
	return list(d, size, d.digest)
}

func (d *decoder) cap() Cap { return d.digests() }

func (d *decoder) opened() (o Opened) {
	o.MainLocal = d.exts()
	o.MainNext = d.optionalExts()
	o.PrepLocal = d.optionalExts()
	o.PrepNext = d.optionalExts()
	o.Quotient = list(d, 1, d.exts)
	d.noRandom()
	o.PermLocal = d.exts()
	o.PermNext = d.exts()
	return o
}

func (d *decoder) fri() (p FRIProof) {
	p.Commits = list(d, 1, d.cap)
	p.CommitPoW = d.elems()
	p.Inputs = list(d, 2, func() (in BatchOpening) {
		in.Rows = list(d, 1, func() [][]field.Elem { return list(d, 1, d.elems) })
		in.Siblings = d.digests()
		return in
	})
	p.Rounds = list(d, 3, func() (r RoundOpening) {
		r.LogArity = d.u8()
		r.Values = list(d, 1, d.exts)
		r.Siblings = d.digests()
		return r
	})
	p.FinalPoly = d.exts()
	p.QueryPoW = d.elem()
	return p
}
