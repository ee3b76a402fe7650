package codec

import (
	"errors"
	"fmt"

	"rpp-node/prover/field"
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

// Decode reads a proof of at most limit bytes. Its short lists share memory, so that one of
// them keeps others.
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
	p.Instances = list(d, 7, (*decoder).opened)
	p.FRI = d.fri()
	p.Terminals = list(d, 1, (*decoder).terminal)
	p.DegreeBits = list(d, 1, (*decoder).uvarint)
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

func (d *decoder) optionalExts() []field.E {
	if !d.option() {
		return nil
	}
	return d.exts()
}

func (d *decoder) cap() Cap { return d.digests() }

func (d *decoder) opened() (o Opened) {
	o.MainLocal = d.exts()
	o.MainNext = d.optionalExts()
	o.PrepLocal = d.optionalExts()
	o.PrepNext = d.optionalExts()
	o.Quotient = list(d, 1, (*decoder).exts)
	d.noRandom()
	o.PermLocal = d.exts()
	o.PermNext = d.exts()
	return o
}

func (d *decoder) fri() (p FRIProof) {
	p.Commits = list(d, 1, (*decoder).cap)
	p.CommitPoW = d.elems()
	p.Inputs = list(d, 2, (*decoder).batch)
	p.Rounds = list(d, 3, (*decoder).round)
	p.FinalPoly = d.exts()
	p.QueryPoW = d.elem()
	return p
}

func (d *decoder) batch() (in BatchOpening) {
	in.Rows = list(d, 1, (*decoder).rows)
	in.Siblings = d.digests()
	return in
}

func (d *decoder) round() (r RoundOpening) {
	r.LogArity = d.u8()
	r.Values = list(d, 1, (*decoder).exts)
	r.Siblings = d.digests()
	return r
}

func (d *decoder) terminal() *field.E {
	if !d.option() {
		return nil
	}
	v := d.ext()
	return &v
}
