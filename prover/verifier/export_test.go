package verifier

import (
	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
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
