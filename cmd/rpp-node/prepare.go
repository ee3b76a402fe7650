package main

import (
	"errors"
	"fmt"

	"rpp-node/prover/circuit"
	"rpp-node/prover/device"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
)

// verifyingKey finds a variant's verifying key: in the key directory, or derived.
func verifyingKey(v *circuit.Variant, p soundness.Profile, hash merkle.Kind, dir string, dev device.Device) (*key.Verifying, error) {
	if dir == "" {
		return derive.Verifying(v, p, hash, dev)
	}
	d, err := openKeys(dir)
	if err != nil {
		return nil, err
	}
	vk, _, err := d.verifying(v, p, hash, dev)
	return vk, err
}

// provingKey finds a variant's proving key for a chain in the same way.
func provingKey(v *circuit.Variant, p soundness.Profile, hash merkle.Kind, chainID uint64, dir string, dev device.Device) (*key.Verifying, *stark.Key, error) {
	if dir != "" {
		d, err := openKeys(dir)
		if err != nil {
			return nil, nil, err
		}
		vk, pk, _, err := d.proving(v, p, hash, chainID, dev)
		if err != nil {
			return nil, nil, err
		}
		pk.Programs.Compile()
		return vk, pk, nil
	}
	vk, err := derive.Verifying(v, p, hash, dev)
	if err != nil {
		return nil, nil, err
	}
	pk, err := derive.Proving(vk, v.Circuit(), chainID, dev)
	if err != nil {
		return nil, nil, err
	}
	pk.Programs.Compile()
	return vk, pk, nil
}

// floorFor is the security floor in force: the flag's, else the default one, which falls
// where a development profile is asked for by name.
func floorFor(flag *float64, asked string) float64 {
	if flag != nil {
		return *flag
	}
	if p, err := soundness.ProfileByName(asked); err == nil && p.Development() {
		return 0
	}
	return soundness.DefaultFloor
}

// lowerFloor adds to the error of a proof with too few bits how to ask for fewer.
func lowerFloor(err error) error {
	var below *soundness.BelowFloorError
	if errors.As(err, &below) {
		return fmt.Errorf("%w; or pass --security-floor to ask for less", err)
	}
	return err
}

// witnessError gives a witness that proves nothing its place among rejections. Broken
// constraints have codes of their own.
func witnessError(err error) error {
	var w *proving.InvalidWitness
	if errors.As(err, &w) && !w.Broken {
		return fmt.Errorf("%w: %w", errRejected, w.Err)
	}
	return err
}

// loadWitness reads a witness file of a family and finds the variant that it is for.
func loadWitness(family, file string) (*proving.Prepared, error) {
	if _, err := familyFlag(family); err != nil {
		return nil, err
	}
	b, err := readFile(file, circuit.MaxWitnessBytes)
	if err != nil {
		return nil, err
	}
	in, err := proving.Prepare(family, b)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errRejected, file, err)
	}
	return in, nil
}
