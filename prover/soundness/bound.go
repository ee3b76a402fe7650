package soundness

import (
	"fmt"
	"math"
)

// Source is a source of error: a round of the protocol that a cheating prover may win.
type Source int

const (
	ALI    Source = iota // random combination of the constraints
	DEEP                 // out-of-domain point
	Commit               // folding challenges, with their grinding
	Query                // queries, with their grinding
	Batch                // random combination of the opened columns
	LogUp                // fingerprints of the bus messages
	Digest               // collision of the commitment hash
	sourceCount
)

var sourceNames = [sourceCount]string{"ALI", "DEEP", "commit", "query", "batch", "LogUp", "digest"}

func (s Source) String() string { return sourceNames[s] }

// Regime is the distance from the code at which the terms of a bound are computed.
type Regime int

const (
	UniqueDecoding Regime = iota // proven
	Johnson                      // proven, list decoding at parameter m
	Conjectured                  // random words; rests on a conjecture
)

func (r Regime) String() string {
	return [...]string{"unique decoding", "Johnson", "conjectured"}[r]
}

// none marks a source that the protocol instance, or the regime, does not have.
var none = math.Inf(1)

// Bound is a lower bound on the security in one regime, term by term.
type Bound struct {
	Regime Regime
	M      int // the Johnson parameter; 0 in other regimes and where none is admissible

	bits [sourceCount]float64 // ≥ 0, or none
}

// Term is the bits of one source of error.
type Term struct {
	Source Source
	Bits   float64
}

// Bits are what the bound attains: the minimum of its terms.
func (b Bound) Bits() float64 { return b.Binding().Bits }

// Binding is the smallest term, the first of them in the order of the protocol.
func (b Bound) Binding() Term {
	t := Term{ALI, b.bits[ALI]}
	for s, bits := range b.bits {
		if bits < t.Bits {
			t = Term{Source(s), bits}
		}
	}
	return t
}

// Term returns the bits of a source; ok is false if the bound has no such term.
func (b Bound) Term(s Source) (bits float64, ok bool) {
	return b.bits[s], !math.IsInf(b.bits[s], 1)
}

// Terms returns the terms that the bound has, in the order of the protocol.
func (b Bound) Terms() []Term {
	terms := make([]Term, 0, sourceCount)
	for s := range sourceCount {
		if bits, ok := b.Term(s); ok {
			terms = append(terms, Term{s, bits})
		}
	}
	return terms
}

// Name is the regime, with the Johnson parameter where there is one.
func (b Bound) Name() string {
	if b.M > 0 {
		return fmt.Sprintf("%s, m = %d", b.Regime, b.M)
	}
	return b.Regime.String()
}

// floorAtZero returns the bound with no term below zero: a probability above 1 is 1.
func (b Bound) floorAtZero() Bound {
	for s := range b.bits {
		b.bits[s] = max(b.bits[s], 0)
	}
	return b
}
