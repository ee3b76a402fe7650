package proving

import (
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/prover/circuit"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/spec"
)

// Prepared is a witness that has been read.
type Prepared struct {
	Variant *circuit.Variant
	Witness circuit.Witness
}

// Prepare reads a witness of a family, in either form, and finds the variant that it is
// for. A witness that cannot be read is an InvalidWitness; an unknown family wraps
// circuit.ErrUnknown.
func Prepare(family string, witness []byte) (*Prepared, error) {
	f, err := circuit.ByName(family)
	if err != nil {
		return nil, err
	}
	if len(witness) > circuit.MaxWitnessBytes {
		return nil, &InvalidWitness{Err: fmt.Errorf("witness: %d bytes, at most %d", len(witness), circuit.MaxWitnessBytes)}
	}
	w, err := f.Decode(witness)
	if err != nil {
		return nil, &InvalidWitness{Err: err}
	}
	v, err := f.Variant(w.Variant())
	if err != nil {
		return nil, &InvalidWitness{Err: err}
	}
	return &Prepared{Variant: v, Witness: w}, nil
}

// Publics are the public values that a proof of the witness has, by table. The witness is
// expanded for them, not checked.
func (p *Prepared) Publics() ([][]field.Elem, error) {
	publics, err := p.Witness.Publics()
	if err != nil {
		return nil, &InvalidWitness{Err: err}
	}
	return publics, nil
}

// Spec is the request to prove the witness under a key, on a chain, and the witness in the
// form that the spec's digest is of.
func (p *Prepared) Spec(vk *key.Verifying, chainID uint64) (*spec.Spec, []byte, error) {
	if vk.Family != p.Variant.Family || vk.Variant != p.Variant.Name {
		return nil, nil, fmt.Errorf("%w: witness of %s/%s, key of %s/%s", ErrKey, p.Variant.Family, p.Variant.Name, vk.Family, vk.Variant)
	}
	publics, err := p.Publics()
	if err != nil {
		return nil, nil, err
	}
	witness := p.Witness.Binary()
	return &spec.Spec{
		Family: vk.Family, Variant: vk.Variant, Profile: vk.Profile.Name, Hash: vk.Hash.String(), Field: vk.Field,
		ChainID: chainID, Fingerprint: vk.Fingerprint(), Publics: publics, Witness: blake3.Sum256(witness),
	}, witness, nil
}

// CheckSpec refuses a spec that its own key contradicts.
func CheckSpec(vk *key.Verifying, s *spec.Spec) error {
	if fp := vk.Fingerprint(); fp != key.Digest(s.Fingerprint) {
		return fmt.Errorf("%w: the spec names %x, this one is %s", ErrKey, s.Fingerprint, fp)
	}
	for _, c := range []struct{ what, spec, key string }{
		{"family", s.Family, vk.Family}, {"variant", s.Variant, vk.Variant}, {"profile", s.Profile, vk.Profile.Name},
		{"hash", s.Hash, vk.Hash.String()}, {"field", s.Field, vk.Field},
	} {
		if c.spec != c.key {
			return fmt.Errorf("%w: %s %q, the key has %q", ErrSpec, c.what, c.spec, c.key)
		}
	}
	if len(s.Publics) != len(vk.Tables) {
		return fmt.Errorf("%w: public values of %d tables, the key has %d", ErrSpec, len(s.Publics), len(vk.Tables))
	}
	for i, t := range vk.Tables {
		if len(s.Publics[i]) != t.Publics {
			return fmt.Errorf("%w: table %q: %d public values, the key has %d", ErrSpec, t.Name, len(s.Publics[i]), t.Publics)
		}
	}
	return nil
}
