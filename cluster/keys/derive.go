package keys

import (
	"context"
	"errors"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/prover/circuit"
	"rpp-node/prover/device"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/store/keycache"
)

// Derive makes a variant's keys and stores them, and returns the command that registers
// them. Callers who want the same variant wait for the first.
func (c *Cache) Derive(ctx context.Context, id fsm.VariantID, build string) (*fsm.PutKey, error) {
	put := &fsm.PutKey{VariantID: id, Build: build}
	err := c.flights.do(ctx, "derive "+id.String(), func(ctx context.Context) error {
		return c.derive(id)
	})
	if err != nil {
		return nil, err
	}
	for _, kind := range []keycache.Kind{keycache.Verifying, keycache.Proving} {
		e, err := c.cfg.Index.Lookup(keycache.Name{Family: id.Family, Variant: id.Variant, Profile: id.Profile, Hash: id.Hash, Kind: kind})
		if err != nil {
			return nil, err
		}
		put.Fingerprint = fsm.Digest(e.Fingerprint)
		if kind == keycache.Verifying {
			put.VerifyingBlob, put.VerifyingBytes = fsm.Digest(e.Blob), uint64(e.SizeBytes)
		} else {
			put.ProvingBlob, put.ProvingBytes = fsm.Digest(e.Blob), uint64(e.SizeBytes)
		}
	}
	return put, nil
}

func (c *Cache) derive(id fsm.VariantID) error {
	v, profile, hash, err := Find(id)
	if err != nil {
		return err
	}
	c.cfg.Observer.Miss(id.Family)
	dev := device.NewCPU(c.cfg.Workers)
	vk, err := derive.Verifying(v, profile, hash, dev)
	if err != nil {
		return err
	}
	pk, err := derive.Proving(vk, v.Circuit(), 0, dev)
	if err != nil {
		return err
	}
	defer pk.Release()
	name := keycache.Name{Family: id.Family, Variant: id.Variant, Profile: id.Profile, Hash: id.Hash, Kind: keycache.Verifying}
	fingerprint := keycache.Fingerprint(vk.Fingerprint())
	if _, err := c.cfg.Index.Put(keycache.Entry{Name: name, Fingerprint: fingerprint}, vk.Encode()); err != nil {
		return err
	}
	name.Kind = keycache.Proving
	if _, err := c.cfg.Index.Put(keycache.Entry{Name: name, Fingerprint: fingerprint}, derive.Encode(vk, pk)); err != nil {
		return err
	}
	c.cfg.Log.Info("key derived", "target", "plonky3", "key", id, "fingerprint", fingerprint)
	return nil
}

// Find looks a variant's names up.
func Find(id fsm.VariantID) (*circuit.Variant, soundness.Profile, merkle.Kind, error) {
	profile, err := soundness.ProfileByName(id.Profile)
	if err != nil {
		return nil, profile, 0, fault.New(fault.CodeField, "profile: %w", err)
	}
	hash, ok := merkle.KindByName(id.Hash)
	if !ok {
		return nil, profile, 0, fault.New(fault.CodeField, "hash: %q, want poseidon2 or keccak", id.Hash)
	}
	f, err := circuit.ByName(id.Family)
	if err == nil {
		var v *circuit.Variant
		if v, err = f.Variant(id.Variant); err == nil {
			return v, profile, hash, nil
		}
	}
	if errors.Is(err, circuit.ErrUnknown) {
		err = fault.New(fault.CodeFamily, "%w", err)
	}
	return nil, profile, hash, err
}

// Wanted lists the variants that preloading a family makes ready: each size of it, in the
// default profile and with the default tree.
func Wanted(f *circuit.Family) []fsm.VariantID {
	var list []fsm.VariantID
	for _, v := range f.Variants {
		list = append(list, fsm.VariantID{Family: f.Name, Variant: v.Name, Profile: DefaultProfile, Hash: DefaultHash})
	}
	return list
}

// What a submission that names neither gets.
const (
	DefaultProfile = "production"
	DefaultHash    = "poseidon2"
)
