package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"rpp-node/prover/circuit"
	"rpp-node/prover/key"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/store/keydir"
)

// keysCmd works on the key directory.
type keysCmd struct {
	Derive   keysDeriveCmd   `cmd:"" help:"Derive keys and store them; what is there and sound stays."`
	List     keysListCmd     `cmd:"" help:"List the files of the key directory."`
	Show     keysShowCmd     `cmd:"" help:"Show one verifying key and the bits it attains."`
	Verify   keysVerifyCmd   `cmd:"" help:"Check every key, or the built-in circuits against a manifest; exit 1 if one is wrong."`
	GC       keysGCCmd       `cmd:"" name:"gc" help:"Remove incomplete, damaged and superseded files."`
	Manifest keysManifestCmd `cmd:"" help:"Print the checksum manifest of circuits and keys."`
}

// combination is one key of one variant.
type combination struct {
	variant *circuit.Variant
	profile soundness.Profile
	hash    merkle.Kind
}

// combinations lists the keys of a family (all if it is empty) and profile (likewise).
func combinations(family, profile string) ([]combination, error) {
	var profiles []soundness.Profile
	if profile == "" {
		profiles = soundness.Profiles()
	} else {
		p, err := soundness.ProfileByName(profile)
		if err != nil {
			return nil, err
		}
		profiles = append(profiles, p)
	}
	families := circuit.Families()
	if family != "" {
		f, err := familyFlag(family)
		if err != nil {
			return nil, err
		}
		families = []circuit.Family{*f}
	}
	var out []combination
	for _, f := range families {
		for i := range f.Variants {
			for _, p := range profiles {
				for _, h := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
					out = append(out, combination{&f.Variants[i], p, h})
				}
			}
		}
	}
	return out, nil
}

type keysDeriveCmd struct {
	Keys    string `help:"Key directory." env:"RPP_KEYS" default:"keys"`
	Family  string `help:"Circuit family; all if not given."`
	Profile string `help:"Profile; all if not given." default:"production"`
	JSON    bool   `help:"Print as JSON."`
}

func (c *keysDeriveCmd) Help() string {
	return "Example:\n  rpp-node keys derive --family pruning --keys /var/lib/rpp/keys"
}

type keyLine struct {
	File        string `json:"file"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Bytes       int64  `json:"bytes"`
	State       string `json:"state"`
	Detail      string `json:"detail,omitempty"`
}

func printKeys(e *env, lines []keyLine, asJSON bool) error {
	if asJSON {
		return writeJSON(e.out, lines)
	}
	for _, l := range lines {
		fmt.Fprintf(e.out, "%-52s %.16s %10d  %s %s\n", l.File, l.Fingerprint, l.Bytes, l.State, l.Detail)
	}
	return nil
}

func (c *keysDeriveCmd) Run(e *env) error {
	list, err := combinations(c.Family, c.Profile)
	if err != nil {
		return err
	}
	d, err := openKeys(c.Keys)
	if err != nil {
		return err
	}
	dev, err := threads(0)
	if err != nil {
		return err
	}
	lines := []keyLine{}
	for _, k := range list {
		vk, r, err := d.verifying(k.variant, k.profile, k.hash, dev)
		if err != nil {
			return err
		}
		_, _, pr, err := d.proving(k.variant, k.profile, k.hash, 0, dev)
		if err != nil {
			return err
		}
		for _, r := range []keydir.Result{r, pr} {
			if r.Unsaved != nil {
				return fmt.Errorf("%s: %w", r.Entry.Name, r.Unsaved)
			}
			l := keyLine{r.Entry.Name.File(), vk.Fingerprint().String(), int64(len(r.Entry.Blob)), string(r.Outcome), ""}
			if r.Damage != nil {
				l.Detail = r.Damage.Error()
			}
			lines = append(lines, l)
		}
	}
	return printKeys(e, lines, c.JSON)
}

type keysListCmd struct {
	Keys string `help:"Key directory." env:"RPP_KEYS" default:"keys"`
	JSON bool   `help:"Print as JSON."`
}

func keyLines(infos []keydir.Info) []keyLine {
	lines := []keyLine{}
	for _, i := range infos {
		l := keyLine{File: i.File, Bytes: i.Bytes, State: string(i.State)}
		if i.Fingerprint != [32]byte{} {
			l.Fingerprint = fmt.Sprintf("%x", i.Fingerprint)
		}
		if i.Err != nil {
			l.Detail = i.Err.Error()
		}
		lines = append(lines, l)
	}
	return lines
}

func (c *keysListCmd) Run(e *env) error {
	d, err := openKeys(c.Keys)
	if err != nil {
		return err
	}
	infos, err := d.List()
	if err != nil {
		return err
	}
	return printKeys(e, keyLines(infos), c.JSON)
}

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

type keysVerifyCmd struct {
	Keys     string `help:"Key directory." env:"RPP_KEYS" default:"keys"`
	Manifest string `help:"Compare the built-in circuits with this manifest instead."`
	JSON     bool   `help:"Print as JSON."`
}

func (c *keysVerifyCmd) Help() string {
	return "Examples:\n  rpp-node keys verify --keys /var/lib/rpp/keys\n  rpp-node keys verify --manifest docs/keys-manifest.json"
}

func (c *keysVerifyCmd) Run(e *env) error {
	if c.Manifest != "" {
		return c.verifyManifest(e)
	}
	d, err := openKeys(c.Keys)
	if err != nil {
		return err
	}
	infos, err := d.Verify()
	if err != nil {
		return err
	}
	dev, err := threads(0)
	if err != nil {
		return err
	}
	lines := keyLines(infos)
	wrong := 0
	list, err := combinations("", "")
	if err != nil {
		return err
	}
	for i, info := range infos {
		if info.State != keydir.OK {
			if info.State != keydir.Unknown {
				wrong++
			}
			continue
		}
		// The digest only shows that the file is as it was written; derive again.
		for _, k := range list {
			if n := info.Name; keyName(k.variant, k.profile, k.hash, n.Kind) == n {
				vk, err := verifyingKey(k.variant, k.profile, k.hash, "", dev)
				if err != nil {
					return err
				}
				if vk.Fingerprint() != info.Fingerprint {
					lines[i].State, lines[i].Detail = "stale", "not the key of this release's circuit; derive it again"
					wrong++
				}
			}
		}
	}
	if err := printKeys(e, lines, c.JSON); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%w: %d of %d files are wrong; run 'keys derive' to mend, 'keys gc' to clean up", errRejected, wrong, len(infos))
	}
	return nil
}

func (c *keysVerifyCmd) verifyManifest(e *env) error {
	want, err := readFile(c.Manifest, key.MaxBytes)
	if err != nil {
		return err
	}
	m, err := manifest()
	if err != nil {
		return err
	}
	var got bytes.Buffer
	if err := writeJSON(&got, m); err != nil {
		return err
	}
	if !bytes.Equal(got.Bytes(), want) {
		var old keyManifest
		if err := json.Unmarshal(want, &old); err != nil {
			return fmt.Errorf("%w: %s: %w", errRejected, c.Manifest, err)
		}
		return fmt.Errorf("%w: %s does not describe this release: %s", errRejected, c.Manifest, m.difference(&old))
	}
	fmt.Fprintf(e.out, "ok %s: %d keys\n", c.Manifest, len(m.Keys))
	return nil
}

type keysGCCmd struct {
	Keys   string `help:"Key directory." env:"RPP_KEYS" default:"keys"`
	DryRun bool   `name:"dry-run" help:"Show what would be removed."`
	JSON   bool   `help:"Print as JSON."`
}

func (c *keysGCCmd) Run(e *env) error {
	d, err := openKeys(c.Keys)
	if err != nil {
		return err
	}
	list, err := combinations("", "")
	if err != nil {
		return err
	}
	dev, err := threads(0)
	if err != nil {
		return err
	}
	var failed error
	plan, err := d.Plan(func(info keydir.Info) bool {
		for _, k := range list {
			if keyName(k.variant, k.profile, k.hash, info.Name.Kind) != info.Name {
				continue
			}
			vk, err := verifyingKey(k.variant, k.profile, k.hash, "", dev)
			if err != nil {
				failed = err
				return true
			}
			return vk.Fingerprint() == info.Fingerprint
		}
		return false // of a family or variant that this release does not have
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	done := plan.Removals
	if !c.DryRun {
		if done, err = d.Execute(plan); err != nil {
			return err
		}
	}
	lines := []keyLine{}
	for _, r := range done {
		lines = append(lines, keyLine{File: r.File, Bytes: r.Bytes, State: string(r.Reason)})
	}
	return printKeys(e, lines, c.JSON)
}
