package proving

import (
	"slices"
	"sync"

	"rpp-node/prover/container"
	"rpp-node/prover/key"
	"rpp-node/prover/spec"
	"rpp-node/prover/system"
)

// MaxSystems bounds the systems that a Verifier keeps, least recently used first to go:
// each family has a few variants, and a node has one chain.
const MaxSystems = 32

// Verifier judges proof files. It keeps the systems that it has made. Safe for concurrent
// use.
type Verifier struct {
	floor float64

	mu      sync.Mutex
	systems []cachedSystem // guarded by mu; most recently used last
}

type cachedSystem struct {
	fingerprint key.Digest
	chainID     uint64
	sys         *system.System
}

// NewVerifier returns a verifier that accepts no fewer proven bits than floor.
func NewVerifier(floor float64) *Verifier { return &Verifier{floor: floor} }

// Judge decides whether a proof file is what the spec asks for. vk is the key that the
// judge holds under the spec's fingerprint. A file that is not is a *Rejection; any other
// error is about the key or the spec, and says nothing of the file. No input makes it
// panic.
func (v *Verifier) Judge(vk *key.Verifying, s *spec.Spec, proofFile []byte) error {
	if err := CheckSpec(vk, s); err != nil {
		return err
	}
	f, err := container.Decode(proofFile)
	if err != nil {
		return &Rejection{CodeFile, err}
	}
	for _, c := range []struct {
		code       Code
		have, want string
	}{
		{CodeFamily, f.Family, s.Family}, {CodeVariant, f.Variant, s.Variant}, {CodeProfile, f.Profile, s.Profile},
		{CodeHash, f.Hash, s.Hash}, {CodeField, f.Field, s.Field},
	} {
		if c.have != c.want {
			return reject(c.code, "the proof says %q, the spec %q", c.have, c.want)
		}
	}
	switch {
	case f.ChainID != s.ChainID:
		return reject(CodeChain, "the proof is bound to chain %d, the spec to %d", f.ChainID, s.ChainID)
	case f.Fingerprint != s.Fingerprint:
		return reject(CodeFingerprint, "the proof names key %x, the spec %x", f.Fingerprint, s.Fingerprint)
	case !slices.EqualFunc(f.Publics, s.Publics, slices.Equal):
		return reject(CodePublics, "the proof's public values are not the spec's")
	}
	if err := vk.CheckHeights(f.LogHeights); err != nil {
		return &Rejection{CodeHeights, err}
	}
	sys, err := v.system(vk, s.ChainID)
	if err != nil {
		return err
	}
	j := Judgement{sys: sys, heights: f.LogHeights}
	if j.Report, err = acceptable(vk, sys, f.LogHeights, v.floor); err != nil {
		return rejected(err)
	}
	return rejected(j.Verify(f.Publics, f.Proof))
}

// system finds or makes the system of a key on a chain.
func (v *Verifier) system(vk *key.Verifying, chainID uint64) (*system.System, error) {
	fp := vk.Fingerprint()
	if s := v.known(fp, chainID); s != nil {
		return s, nil
	}
	s, err := systemOf(vk, chainID)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.systems) == MaxSystems {
		v.systems = slices.Delete(v.systems, 0, 1)
	}
	v.systems = append(v.systems, cachedSystem{fp, chainID, s})
	return s, nil
}

func (v *Verifier) known(fp key.Digest, chainID uint64) *system.System {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, c := range v.systems {
		if c.fingerprint == fp && c.chainID == chainID {
			v.systems = append(slices.Delete(v.systems, i, i+1), c)
			return c.sys
		}
	}
	return nil
}
