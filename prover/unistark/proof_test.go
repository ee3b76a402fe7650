package unistark

import (
	"encoding/binary"
	"errors"
	"fmt"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/merkle"
)

// proof is upstream's uni-stark Proof. Of opened, the permutation's lists stay empty.
type proof struct {
	trace, quotient codec.Cap
	opened          codec.Opened
	fri             codec.FRIProof
	degreeBits      uint64
}

var errEncoding = errors.New("not the encoding of a proof")

// decode reads a proof. Lengths, options and field words must be canonical; the caller
// checks the rest by encoding again.
func decode(c tape.Config, b []byte) (*proof, error) {
	r := reader{c: c, b: b}
	p := &proof{trace: r.cap(), quotient: r.cap()}
	if r.option() {
		r.fail("a random commitment")
	}
	p.opened.MainLocal = r.exts()
	for _, list := range []*[]field.E{&p.opened.MainNext, &p.opened.PrepLocal, &p.opened.PrepNext} {
		if r.option() {
			*list = r.exts()
		}
	}
	for range r.length() {
		p.opened.Quotient = append(p.opened.Quotient, r.exts())
	}
	if r.option() {
		r.fail("random openings")
	}
	// The heights of all vectors fit one byte, the last.
	if len(r.b) == 0 || r.b[len(r.b)-1] >= 0x80 {
		r.fail("no degree bits")
	}
	if r.err != nil {
		return nil, r.err
	}
	last := len(r.b) - 1
	p.degreeBits = uint64(r.b[last])
	fri, err := codec.Format{Ext: c.Ext, Hash: c.Hash}.DecodeFRI(r.b[:last], last)
	if err != nil {
		return nil, err
	}
	p.fri = *fri
	return p, nil
}

type reader struct {
	c   tape.Config
	b   []byte
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errEncoding, what)
	}
	r.b = nil
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.fail("ends early")
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || n != len(binary.AppendUvarint(nil, v)) {
		r.fail("varint")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) length() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail("list longer than the input")
		return 0
	}
	return int(n)
}

func (r *reader) option() bool {
	tag := r.take(1)[0]
	if tag > 1 {
		r.fail("option tag")
	}
	return tag == 1
}

func (r *reader) elem() field.Elem {
	v, ok := r.c.Ext.Base.DecodeWord(r.take(field.WordBytes))
	if !ok {
		r.fail("field word")
	}
	return v
}

func (r *reader) exts() []field.E {
	out := make([]field.E, r.length())
	for i := range out {
		for k := range r.c.Ext.D {
			out[i][k] = r.elem()
		}
	}
	return out
}

func (r *reader) cap() codec.Cap {
	out := make(codec.Cap, r.length())
	for i := range out {
		d := &out[i]
		switch r.c.Hash {
		case merkle.Keccak:
			for k := range 4 {
				v := r.uvarint()
				d[2*k], d[2*k+1] = uint32(v), uint32(v>>32)
			}
		case merkle.KeccakBytes:
			b := r.take(32)
			for k := range d {
				d[k] = binary.LittleEndian.Uint32(b[4*k:])
			}
		default:
			for k := range d {
				d[k] = uint32(r.elem())
			}
		}
	}
	return out
}

func encode(c tape.Config, p *proof) []byte {
	var b []byte
	length := func(n int) { b = binary.AppendUvarint(b, uint64(n)) }
	exts := func(v []field.E) {
		length(len(v))
		for i := range v {
			for _, e := range v[i][:c.Ext.D] {
				b = field.AppendWord(b, e)
			}
		}
	}
	for _, cap := range []codec.Cap{p.trace, p.quotient} {
		length(len(cap))
		for i := range cap {
			if c.Hash == merkle.Keccak {
				for _, lane := range c.Words(&cap[i]) {
					b = binary.AppendUvarint(b, lane)
				}
				continue
			}
			d := cap[i].Bytes()
			b = append(b, d[:]...)
		}
	}
	b = append(b, 0) // no random commitment
	exts(p.opened.MainLocal)
	for _, list := range [][]field.E{p.opened.MainNext, p.opened.PrepLocal, p.opened.PrepNext} {
		if list == nil {
			b = append(b, 0)
			continue
		}
		b = append(b, 1)
		exts(list)
	}
	length(len(p.opened.Quotient))
	for _, chunk := range p.opened.Quotient {
		exts(chunk)
	}
	b = append(b, 0) // no random openings
	b = codec.Format{Ext: c.Ext, Hash: c.Hash}.EncodeFRI(b, &p.fri)
	return binary.AppendUvarint(b, p.degreeBits)
}
