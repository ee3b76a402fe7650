package main

import (
	"errors"
	"fmt"
	"time"

	"rpp-node/prover/circuit"
	"rpp-node/prover/container"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/soundness"
	"rpp-node/store/keydir"
)

// verifyCmd verifies a proof file.
type verifyCmd struct {
	Proof   string   `arg:"" help:"Proof file."`
	VK      string   `name:"vk" help:"Verifying key file, trusted as given. Without it the key comes from the key directory, or is derived from the built-in circuit."`
	ChainID uint64   `name:"chain-id" help:"Chain that the proof must be bound to." default:"0"`
	Keys    string   `help:"Key directory." env:"RPP_KEYS"`
	Profile string   `help:"Profile that the proof must have. Naming a development profile (fast, bench) accepts its few bits."`
	Floor   *float64 `name:"security-floor" placeholder:"100" help:"Proven bits below which to refuse."`
	JSON    bool     `help:"Print the result as JSON."`
}

func (c *verifyCmd) Help() string {
	return "Examples:\n  rpp-node verify block.proof\n  rpp-node verify block.proof --vk pruning.vk --chain-id 7 --json"
}

// verifyResult is what the command prints.
type verifyResult struct {
	Verdict     string           `json:"verdict"`
	Family      string           `json:"family"`
	Variant     string           `json:"variant"`
	Profile     string           `json:"profile"`
	Hash        string           `json:"hash"`
	ChainID     uint64           `json:"chain_id"`
	Fingerprint string           `json:"fingerprint"`
	Publics     [][]uint32       `json:"public_values"`
	ProofBytes  int              `json:"proof_bytes"`
	VerifyMS    float64          `json:"verify_ms"`
	Soundness   soundness.Report `json:"soundness"`
}

// key finds the verifying key that the file must be judged by.
func (c *verifyCmd) key(f *container.File, v *circuit.Variant) (*key.Verifying, error) {
	if c.VK != "" {
		b, err := readFile(c.VK, key.MaxBytes)
		if err != nil {
			return nil, err
		}
		if e, err := keydir.Unwrap(b); err == nil { // a file of the key directory
			b = e.Blob
		}
		vk, err := key.Decode(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.VK, err)
		}
		return vk, nil
	}
	profile, err := soundness.ProfileByName(f.Profile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRejected, err)
	}
	hash, ok := merkle.KindByName(f.Hash)
	if !ok {
		return nil, fmt.Errorf("%w: hash %q is unknown", errRejected, f.Hash)
	}
	dev, err := threads(0)
	if err != nil {
		return nil, err
	}
	return verifyingKey(v, profile, hash, c.Keys, dev)
}

func (c *verifyCmd) Run(e *env) error {
	b, err := readFile(c.Proof, container.MaxBytes)
	if err != nil {
		return err
	}
	f, err := container.Decode(b)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Proof, err)
	}
	fam, err := circuit.ByName(f.Family)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errRejected, c.Proof, err)
	}
	v, err := fam.Variant(f.Variant)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errRejected, c.Proof, err)
	}
	vk, err := c.key(f, v)
	if err != nil {
		return err
	}
	// The file's words about itself only choose the key; from here on the key decides.
	switch fp := vk.Fingerprint(); {
	case vk.Family != f.Family || vk.Variant != f.Variant:
		return fmt.Errorf("%w: the proof is of %s/%s, the key is for %s/%s", errRejected, f.Family, f.Variant, vk.Family, vk.Variant)
	case fp != f.Fingerprint:
		return fmt.Errorf("%w: the proof names key %x, this key is %s; fetch the key of that release, or derive it", errRejected, f.Fingerprint, fp)
	case f.Field != vk.Field || f.Profile != vk.Profile.Name || f.Hash != vk.Hash.String():
		// The field decides how the public values were read; none may be a label only.
		return fmt.Errorf("%w: the proof says %s, %s, %s, its key %s, %s, %s", errRejected, f.Field, f.Profile, f.Hash, vk.Field, vk.Profile.Name, vk.Hash)
	case c.Profile != "" && c.Profile != f.Profile:
		return fmt.Errorf("%w: the proof has profile %s, expected %s (--profile)", errRejected, f.Profile, c.Profile)
	case vk.Version != v.Version:
		return fmt.Errorf("%w: the key is of version %d of %s/%s, this release has version %d; use the release that made it", errRejected, vk.Version, f.Family, f.Variant, v.Version)
	case f.ChainID != c.ChainID:
		return fmt.Errorf("%w: the proof is bound to chain %d, expected %d (--chain-id)", errRejected, f.ChainID, c.ChainID)
	}
	j, err := proving.Begin(vk, c.ChainID, f.LogHeights, floorFor(c.Floor, c.Profile))
	var below *soundness.BelowFloorError
	if errors.As(err, &below) {
		return fmt.Errorf("%w: %w, or --profile %s", errRejected, lowerFloor(err), f.Profile)
	}
	if err != nil {
		return err
	}
	start := time.Now()
	if err := j.Verify(f.Publics, f.Proof); err != nil {
		return err
	}
	r := verifyResult{
		Verdict: "verified", Family: f.Family, Variant: f.Variant, Profile: vk.Profile.Name, Hash: vk.Hash.String(), ChainID: f.ChainID,
		Fingerprint: vk.Fingerprint().String(), ProofBytes: len(f.Proof), VerifyMS: millis(start), Soundness: j.Report,
	}
	e.log.Info("verified", "family", r.Family, "variant", r.Variant, "profile", r.Profile, "hash", r.Hash, "chain_id", r.ChainID,
		"fingerprint", r.Fingerprint, "ms", r.VerifyMS, "bytes", r.ProofBytes)
	base := field.ByName(f.Field)
	for _, p := range f.Publics {
		list := []uint32{}
		for _, x := range p {
			list = append(list, base.Uint(x))
		}
		r.Publics = append(r.Publics, list)
	}
	if c.JSON {
		return writeJSON(e.out, &r)
	}
	fmt.Fprintf(e.out, "verified %s/%s %s, %s tree, chain %d, key %.16s: %.1f ms, %d bytes\n", r.Family, r.Variant, r.Profile, r.Hash, r.ChainID, r.Fingerprint, r.VerifyMS, r.ProofBytes)
	for _, line := range j.Report.Lines() {
		fmt.Fprintln(e.out, line)
	}
	return nil
}
