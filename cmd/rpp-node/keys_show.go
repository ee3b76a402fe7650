package main

import (
	"fmt"

	"rpp-node/prover/key"
	"rpp-node/prover/soundness"
	"rpp-node/store/keydir"
)

type keysShowCmd struct {
	File string `arg:"" help:"Verifying key file: of the key directory, or bare."`
	JSON bool   `help:"Print as JSON."`
}

// keyShown is a verifying key as it is shown.
type keyShown struct {
	Fingerprint string           `json:"fingerprint"`
	Family      string           `json:"family"`
	Variant     string           `json:"variant"`
	Version     uint32           `json:"version"`
	Proof       uint32           `json:"proof_version"`
	Profile     string           `json:"profile"`
	Hash        string           `json:"hash"`
	Heights     [][]int          `json:"log_heights"`
	Tables      []keyShownTable  `json:"tables"`
	Buses       []string         `json:"buses"`
	Soundness   soundness.Report `json:"soundness"`
}

type keyShownTable struct {
	Name        string `json:"name"`
	Width       int    `json:"width"`
	Publics     int    `json:"publics"`
	PrepWidth   int    `json:"preprocessed_width"`
	Degree      int    `json:"degree"`
	Constraints string `json:"constraints_digest"`
}

func (c *keysShowCmd) Help() string {
	return "Example:\n  rpp-node keys show /var/lib/rpp/keys/pruning.block-512.production.poseidon2.vk"
}

func (c *keysShowCmd) Run(e *env) error {
	b, err := readFile(c.File, 2*key.MaxBytes)
	if err != nil {
		return err
	}
	if entry, err := keydir.Unwrap(b); err == nil {
		b = entry.Blob
	}
	vk, err := key.Decode(b)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	f, err := familyFlag(vk.Family)
	if err != nil {
		return err
	}
	v, err := f.Variant(vk.Variant)
	if err != nil {
		return usageError{err}
	}
	s, err := vk.System(v.Circuit(), 0)
	if err != nil {
		return err
	}
	report, err := vk.Analyse(s)
	if err != nil {
		return err
	}
	r := keyShown{
		Fingerprint: vk.Fingerprint().String(), Family: vk.Family, Variant: vk.Variant, Version: vk.Version, Proof: vk.Proof,
		Profile: vk.Profile.Name, Hash: vk.Hash.String(), Heights: vk.Heights, Buses: vk.Buses, Soundness: report,
	}
	for _, t := range vk.Tables {
		r.Tables = append(r.Tables, keyShownTable{t.Name, t.Width, t.Publics, t.PrepWidth, t.Degree, t.Constraints.String()})
	}
	if c.JSON {
		return writeJSON(e.out, &r)
	}
	fmt.Fprintf(e.out, "%s/%s version %d, %s, %s tree\nfingerprint %s\n", r.Family, r.Variant, r.Version, r.Profile, r.Hash, r.Fingerprint)
	for _, t := range r.Tables {
		fmt.Fprintf(e.out, "  %-8s %4d columns, %3d public, %2d preprocessed, degree %d, constraints %.16s\n", t.Name, t.Width, t.Publics, t.PrepWidth, t.Degree, t.Constraints)
	}
	for _, line := range report.Lines() {
		fmt.Fprintln(e.out, line)
	}
	return nil
}
