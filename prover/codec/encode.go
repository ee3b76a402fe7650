package codec

import (
	"encoding/binary"

	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// Format says how a proof's elements and digests are written.
type Format struct {
	Ext  *field.Ext
	Hash merkle.Kind
}

// Encode appends the proof's encoding to b.
func (c Format) Encode(b []byte, p *Proof) []byte {
	e := encoder{c, b}
	e.cap(p.Main)
	e.option(p.Permutation != nil)
	if p.Permutation != nil {
		e.cap(p.Permutation)
	}
	e.cap(p.Quotient)
	e.option(false) // no random commitment: proofs are not hiding
	e.length(len(p.Instances))
	for i := range p.Instances {
		e.opened(&p.Instances[i])
	}
	e.fri(&p.FRI)
	e.length(len(p.Terminals))
	for _, t := range p.Terminals {
		e.option(t != nil)
		if t != nil {
			e.ext(*t)
		}
	}
	e.length(len(p.DegreeBits))
	for _, d := range p.DegreeBits {
		e.b = binary.AppendUvarint(e.b, d)
	}
	return e.b
}

// EncodeFRI appends the encoding of the low-degree test's part alone.
func (c Format) EncodeFRI(b []byte, p *FRIProof) []byte {
	e := encoder{c, b}
	e.fri(p)
	return e.b
}

type encoder struct {
	Format
	b []byte
}

func (e *encoder) length(n int) { e.b = binary.AppendUvarint(e.b, uint64(n)) }

func (e *encoder) option(some bool) {
	if some {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *encoder) ext(v field.E) {
	for _, c := range v[:e.Ext.D] {
		e.b = field.AppendWord(e.b, c)
	}
}

func (e *encoder) exts(v []field.E) {
	e.length(len(v))
	for i := range v {
		e.ext(v[i])
	}
}

func (e *encoder) elems(v []field.Elem) {
	e.length(len(v))
	for _, c := range v {
		e.b = field.AppendWord(e.b, c)
	}
}

func (e *encoder) optionalExts(v []field.E) {
	e.option(v != nil)
	if v != nil {
		e.exts(v)
	}
}

func (e *encoder) digests(v []merkle.Digest) {
	e.length(len(v))
	for i := range v {
		if e.Hash == merkle.Keccak {
			for k := range 4 {
				e.b = binary.AppendUvarint(e.b, v[i].Lane(k))
			}
			continue
		}
		d := v[i].Bytes() // field words and raw bytes alike
		e.b = append(e.b, d[:]...)
	}
}

func (e *encoder) cap(c Cap) { e.digests(c) }

func (e *encoder) opened(o *Opened) {
	e.exts(o.MainLocal)
	e.optionalExts(o.MainNext)
	e.optionalExts(o.PrepLocal)
	e.optionalExts(o.PrepNext)
	e.length(len(o.Quotient))
	for _, q := range o.Quotient {
		e.exts(q)
	}
	e.option(false)
	e.exts(o.PermLocal)
	e.exts(o.PermNext)
}

func (e *encoder) fri(p *FRIProof) {
	e.length(len(p.Commits))
	for _, c := range p.Commits {
		e.cap(c)
	}
	e.elems(p.CommitPoW)
	e.length(len(p.Inputs))
	for i := range p.Inputs {
		in := &p.Inputs[i]
		e.length(len(in.Rows))
		for _, q := range in.Rows {
			e.length(len(q))
			for _, row := range q {
				e.elems(row)
			}
		}
		e.digests(in.Siblings)
	}
	e.length(len(p.Rounds))
	for i := range p.Rounds {
		r := &p.Rounds[i]
		e.b = append(e.b, r.LogArity)
		e.length(len(r.Values))
		for _, v := range r.Values {
			e.exts(v)
		}
		e.digests(r.Siblings)
	}
	e.exts(p.FinalPoly)
	e.b = field.AppendWord(e.b, p.QueryPoW)
}
