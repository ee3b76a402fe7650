package proving

import (
	"fmt"

	"rpp-node/prover/circuit"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// Judgement is all that is settled before a proof is looked at.
type Judgement struct {
	Report  soundness.Report
	sys     *system.System
	heights []int
}

// Begin settles what proofs under a key, on a chain, at those heights are judged by: the
// heights must be the key's, the bits at least floor.
func Begin(vk *key.Verifying, chainID uint64, logHeights []int, floor float64) (*Judgement, error) {
	if err := vk.CheckHeights(logHeights); err != nil {
		return nil, err
	}
	sys, err := systemOf(vk, chainID)
	if err != nil {
		return nil, err
	}
	r, err := acceptable(vk, sys, logHeights, floor)
	return &Judgement{Report: r, sys: sys, heights: logHeights}, err
}

// Verify decides whether a proof, in upstream's encoding, shows those public values.
func (j *Judgement) Verify(publics [][]field.Elem, proof []byte) error {
	return verifier.VerifyBytes(j.sys, &verifier.Statement{LogHeights: j.heights, Publics: publics}, proof, codec.MaxProofBytes)
}

// acceptable refuses heights that the key does not list and bits below the floor.
func acceptable(vk *key.Verifying, sys *system.System, heights []int, floor float64) (soundness.Report, error) {
	if err := vk.CheckHeights(heights); err != nil {
		return soundness.Report{}, err
	}
	r, err := key.Analyse(sys, heights)
	if err != nil {
		return r, err
	}
	return r, soundness.CheckFloor(r, floor)
}

// systemOf makes the system of a key on a chain from the circuit of this release.
func systemOf(vk *key.Verifying, chainID uint64) (*system.System, error) {
	fam, err := circuit.ByName(vk.Family)
	if err != nil {
		return nil, err
	}
	variant, err := fam.Variant(vk.Variant)
	if err != nil {
		return nil, err
	}
	if vk.Version != variant.Version {
		return nil, fmt.Errorf("%w: version %d of %s/%s, this release has version %d", key.ErrMismatch, vk.Version, vk.Family, vk.Variant, variant.Version)
	}
	return vk.System(variant.Circuit(), chainID)
}
