package derive

import (
	"fmt"
	"slices"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
)

// Check makes the system of a variant under a profile and a hash. Its error wraps
// system.ErrHeights if the profile rules the variant's heights out: such a variant has no
// key under that profile.
func Check(v *circuit.Variant, p soundness.Profile, hash merkle.Kind) (*system.System, error) {
	c := v.Circuit()
	s, err := system.New(c, field.ExtOf(c.Field, p.Degree), hash, key.Params(p), nil)
	if err != nil {
		return nil, err
	}
	for _, h := range v.Heights {
		if err := s.CheckHeights(h); err != nil {
			return nil, fmt.Errorf("%s/%s has no keys under profile %s: %w", v.Family, v.Name, p.Name, err)
		}
	}
	return s, nil
}

// Verifying derives the verifying key of a variant under a profile and a hash.
func Verifying(v *circuit.Variant, p soundness.Profile, hash merkle.Kind, dev device.Device) (*key.Verifying, error) {
	s, err := Check(v, p, hash)
	if err != nil {
		return nil, err
	}
	stark.NewKey(s, dev)
	return key.Describe(v.Family, v.Name, v.Version, s, p, v.Heights), nil
}

// Proving makes the proving key for a chain, from a verifying key and its circuit.
func Proving(k *key.Verifying, c *air.Circuit, chainID uint64, dev device.Device) (*stark.Key, error) {
	s, err := k.System(c, chainID)
	if err != nil {
		return nil, err
	}
	pk := stark.NewKey(s, dev)
	if !slices.Equal(s.PrepCap, k.PrepCap) {
		return nil, fmt.Errorf("%w: preprocessed commitment", key.ErrMismatch)
	}
	return pk, nil
}
