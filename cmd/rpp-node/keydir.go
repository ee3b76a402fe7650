package main

import (
	"fmt"
	"os"

	"rpp-node/prover/circuit"
	"rpp-node/prover/device"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/store/keydir"
)

// keyDir is the key directory with what the stored bytes mean.
type keyDir struct{ *keydir.Dir }

// openKeys opens the key directory, making it if need be.
func openKeys(dir string) (*keyDir, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, usageError{fmt.Errorf("--keys: %w", err)}
	}
	return existingKeys(dir)
}

// existingKeys opens a key directory that must be there: a mistyped name must not look
// like a directory in which nothing is wrong.
func existingKeys(dir string) (*keyDir, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, usageError{fmt.Errorf("--keys: %w; 'keys derive' makes it", err)}
	case !info.IsDir():
		return nil, usageError{fmt.Errorf("--keys: %s is not a directory", dir)}
	}
	return &keyDir{keydir.Open(keydir.OS(dir), keydir.Limits{})}, nil
}

func keyName(v *circuit.Variant, p soundness.Profile, hash merkle.Kind, kind keydir.Kind) keydir.Name {
	return keydir.Name{Family: v.Family, Variant: v.Name, Profile: p.Name, Hash: hash.String(), Kind: kind}
}

// deriveBlob derives the bytes of a key file. Chains share a proving key: its bytes do not
// depend on the chain, only the transcript does.
func deriveBlob(v *circuit.Variant, p soundness.Profile, hash merkle.Kind, kind keydir.Kind, dev device.Device) ([32]byte, []byte, error) {
	if kind == keydir.Verifying {
		vk, err := derive.Verifying(v, p, hash, dev)
		if err != nil {
			return [32]byte{}, nil, err
		}
		return vk.Fingerprint(), vk.Encode(), nil
	}
	vk, pk, err := provingKey(v, p, hash, 0, "", dev)
	if err != nil {
		return [32]byte{}, nil, err
	}
	return vk.Fingerprint(), derive.Encode(vk, pk), nil
}

// verifying returns a verifying key from the directory, derived and stored if it is not
// there or damaged.
func (d *keyDir) verifying(v *circuit.Variant, p soundness.Profile, hash merkle.Kind, dev device.Device) (*key.Verifying, keydir.Result, error) {
	r, err := d.GetOrDerive(keyName(v, p, hash, keydir.Verifying), func() ([32]byte, []byte, error) {
		return deriveBlob(v, p, hash, keydir.Verifying, dev)
	})
	if err != nil {
		return nil, r, err
	}
	vk, err := key.Decode(r.Entry.Blob)
	if err != nil {
		return nil, r, fmt.Errorf("%s: %w", r.Entry.Name, err)
	}
	return vk, r, nil
}

// proving returns a proving key for a chain in the same way.
func (d *keyDir) proving(v *circuit.Variant, p soundness.Profile, hash merkle.Kind, chainID uint64, dev device.Device) (*key.Verifying, *stark.Key, keydir.Result, error) {
	r, err := d.GetOrDerive(keyName(v, p, hash, keydir.Proving), func() ([32]byte, []byte, error) {
		return deriveBlob(v, p, hash, keydir.Proving, dev)
	})
	if err != nil {
		return nil, nil, r, err
	}
	vk, pk, err := derive.Decode(r.Entry.Blob, v.Circuit(), chainID, dev)
	if err != nil {
		return nil, nil, r, fmt.Errorf("%s: %w", r.Entry.Name, err)
	}
	return vk, pk, r, nil
}
