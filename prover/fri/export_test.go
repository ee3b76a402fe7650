package fri

import (
	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
)

// VerifyWithout is Verify without one rule, by the name of the bug that its absence is.
func (v *Verifier) VerifyWithout(rule string, t challenger.Transcript, rounds []Round, p *codec.FRIProof) error {
	c := strict()
	switch rule {
	case "FR1":
		c.finalPolyLen = func(int, int) error { return nil }
	case "FR2":
		c.rollIn = func(x *field.Ext, _ field.E, _ int) field.E { return x.One() }
	case "FR4":
		c.inputCount = func(int, int) error { return nil }
	case "FR7":
		c.rowWidth = func(_ int, in *codec.BatchOpening, j int) int { return len(in.Rows[0][j]) }
	default:
		panic("no rule " + rule)
	}
	s := session{Verifier: v, checks: c, t: t, rounds: rounds, p: p}
	return s.run()
}
