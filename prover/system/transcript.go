package system

import (
	"rpp-node/prover/challenger"
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
	"rpp-node/prover/merkle"
)

// The messages of the transcript up to ζ, in order (docs/formats/circuit.md). Both sides make
// these calls; each takes what the prover has sent by then.

// observeSize absorbs an integer as an extension element, as batch-stark does.
func (s *System) observeSize(t challenger.Transcript, label string, n int) {
	t.ObserveExt(label, s.Ext.FromBase(s.Ext.Base.FromUint(uint64(n))))
}

// Begin absorbs the seed, the shapes, the main commitment, the public values and the
// preprocessed commitment.
func (s *System) Begin(t challenger.Transcript, logHeights []int, main []merkle.Digest, publics [][]field.Elem) {
	t.Observe("seed", s.Seed...)
	s.observeSize(t, "tables", len(s.Circuit.Tables))
	for i := range s.Circuit.Tables {
		s.observeSize(t, "log-height", logHeights[i])
		s.observeSize(t, "log-height", logHeights[i])
		s.observeSize(t, "width", s.Circuit.Tables[i].Width)
		s.observeSize(t, "chunks", 1<<s.Layout.Tables[i].LogChunks)
	}
	t.ObserveCap("main", main)
	for _, p := range publics {
		t.Observe("public", p...)
	}
	for i := range s.Circuit.Tables {
		s.observeSize(t, "preprocessed-width", s.Circuit.Tables[i].PrepWidth)
	}
	if s.HasPreprocessed() {
		t.ObserveCap("preprocessed", s.PrepCap)
	}
}

// Lookup draws the lookup challenges. Only for circuits with lookups.
func (s *System) Lookup(t challenger.Transcript) *lookup.Challenges {
	alpha := t.SampleExt("lookup-alpha")
	beta := t.SampleExt("lookup-beta")
	return s.Layout.NewChallenges(s.Ext, alpha, beta)
}

// Permutation absorbs the permutation commitment and the terminals.
func (s *System) Permutation(t challenger.Transcript, cap []merkle.Digest, terminals []*field.E) {
	t.ObserveCap("permutation", cap)
	for _, v := range terminals {
		if v != nil {
			t.ObserveExt("terminal", *v)
		}
	}
}

// Alpha draws the challenge that folds constraints.
func (s *System) Alpha(t challenger.Transcript) field.E { return t.SampleExt("alpha") }

// Zeta absorbs the quotient commitment and draws the out-of-domain point.
func (s *System) Zeta(t challenger.Transcript, quotient []merkle.Digest) field.E {
	t.ObserveCap("quotient", quotient)
	return t.SampleExt("zeta")
}
