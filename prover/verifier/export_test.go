package verifier

import (
	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/system"
)

// VerifyThrough is Verify over a wrapped transcript, for tapes, for challengers that
// forget messages and for challenges that an honest run meets with negligible
// probability.
func VerifyThrough(s *system.System, st *Statement, p *codec.Proof, wrap func(challenger.Transcript) challenger.Transcript) error {
	v := newVerification(s, st, p)
	v.t = wrap(v.t)
	return reject(v.run())
}

// ConstraintDefect is by how much the constraints of a table miss its quotient at the
// out-of-domain point: what a forger has to make up for.
func ConstraintDefect(s *system.System, st *Statement, p *codec.Proof, wrap func(challenger.Transcript) challenger.Transcript, table int) field.E {
	v := newVerification(s, st, p)
	v.t = wrap(v.t)
	args, err := v.replay()
	if err != nil {
		panic(err)
	}
	return v.constraintDefect(table, args)
}
