package challenger

import (
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// MaxPoWBits bounds proofs of work: with 26 bits the chance that no element of the field
// is a witness is below 2^-45, and nobody grinds for more.
const MaxPoWBits = 26

// MaxBits bounds what SampleBits may ask for: fewer than any field
// here has.
const MaxBits = 30

// Transcript turns what a prover has said so far into challenges. Labels name the message
// in the protocol's own words; they do not enter the hash.
type Transcript interface {
	// Observe absorbs base elements.
	Observe(label string, v ...field.Elem)
	// ObserveExt absorbs extension elements, each as its D coefficients.
	ObserveExt(label string, v ...field.E)
	// ObserveCap absorbs a commitment.
	ObserveCap(label string, cap []merkle.Digest)
	// SampleExt draws an extension element.
	SampleExt(label string) field.E
	// SampleBits draws an integer of n bits, n at most MaxBits.
	SampleBits(label string, n int) int
	// CheckWitness absorbs a proof-of-work witness and reports whether the bits drawn
	// after it vanish. With 0 bits it touches nothing and accepts only 0, which upstream
	// does not check: its proofs are malleable there, ours are not.
	CheckWitness(label string, bits int, w field.Elem) bool
	// Grind finds the smallest witness that CheckWitness would accept, and absorbs it.
	Grind(label string, bits int, workers int) field.Elem
}

// Live is the Transcript that proofs use.
type Live struct {
	x *field.Ext
	s source
}

// New starts a transcript for challenges in x with the suite's hash.
func New(k merkle.Kind, x *field.Ext) *Live { return &Live{x: x, s: newSource(k, x.Base)} }

// Observe implements Transcript.
func (t *Live) Observe(_ string, v ...field.Elem) {
	t.s.observe(v...)
}

// ObserveExt implements Transcript.
func (t *Live) ObserveExt(_ string, v ...field.E) {
	for i := range v {
		t.s.observe(v[i][:t.x.D]...)
	}
}

// ObserveCap implements Transcript.
func (t *Live) ObserveCap(_ string, cap []merkle.Digest) {
	for i := range cap {
		t.s.observeDigest(&cap[i])
	}
}

// SampleExt implements Transcript.
func (t *Live) SampleExt(string) (e field.E) {
	for i := range t.x.D {
		e[i] = t.s.sample()
	}
	return e
}

// Sample draws one base element.
func (t *Live) Sample() field.Elem { return t.s.sample() }

// SampleBits implements Transcript.
func (t *Live) SampleBits(_ string, n int) int { return int(t.s.sampleBits(n)) }

// CheckWitness implements Transcript.
func (t *Live) CheckWitness(_ string, bits int, w field.Elem) bool {
	if bits == 0 {
		return w == 0
	}
	t.s.observe(w)
	return t.s.sampleBits(bits) == 0
}
