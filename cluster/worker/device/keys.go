package device

import (
	"fmt"
	"slices"

	"rpp-node/prover/circuit"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/proving"
	"rpp-node/prover/spec"
)

type loadedKey struct {
	fingerprint key.Digest
	chainID     uint64
	bytes       int // of its encoding
	keys        *proving.Keys
}

// key finds a loaded key and marks it as the most recently used.
func (s *server) key(sp *spec.Spec) (*proving.Keys, error) {
	for i, k := range s.keys {
		if k.fingerprint == sp.Fingerprint && k.chainID == sp.ChainID {
			s.keys = append(slices.Delete(s.keys, i, i+1), k)
			return k.keys, nil
		}
	}
	return nil, fmt.Errorf("%w: %x on chain %d", errNoKey, sp.Fingerprint, sp.ChainID)
}

// load reads a key and makes room for it.
func (s *server) load(l *Load) error {
	k, err := s.decodeKey(l)
	if err != nil {
		return Write(s.out, failure(0, Usage{}, fmt.Errorf("%w: %w", errNoKey, err)))
	}
	s.keys = slices.DeleteFunc(s.keys, func(old loadedKey) bool {
		same := old.fingerprint == k.fingerprint && old.chainID == k.chainID
		if same {
			old.keys.Release()
		}
		return same
	})
	kept := 0
	for _, old := range s.keys {
		kept += old.bytes
	}
	for len(s.keys) >= MaxKeys || kept > MaxKeptKeyBytes {
		kept -= s.keys[0].bytes
		s.keys[0].keys.Release()
		s.keys = slices.Delete(s.keys, 0, 1)
	}
	s.keys = append(s.keys, k)
	h := &Held{}
	for _, k := range s.keys {
		h.Keys = append(h.Keys, HeldKey{ChainID: k.chainID, Fingerprint: k.fingerprint})
	}
	return Write(s.out, h)
}

func (s *server) decodeKey(l *Load) (loadedKey, error) {
	f, err := circuit.ByName(l.Family)
	if err != nil {
		return loadedKey{}, err
	}
	v, err := f.Variant(l.Variant)
	if err != nil {
		return loadedKey{}, err
	}
	vk, pk, err := derive.Decode(l.Blob, v.Circuit(), l.ChainID, s.cpu)
	if err != nil {
		return loadedKey{}, err
	}
	if fp := vk.Fingerprint(); fp != l.Fingerprint {
		pk.Release()
		return loadedKey{}, fmt.Errorf("it is %s, asked for was %x", fp, l.Fingerprint)
	}
	pk.Programs.Compile()
	return loadedKey{l.Fingerprint, l.ChainID, len(l.Blob), &proving.Keys{VK: vk, PK: pk}}, nil
}
