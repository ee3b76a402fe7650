package main

import (
	"errors"
	"fmt"

	"rpp-node/prover/circuit"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
	"rpp-node/store/keydir"
)

// keysCmd works on the key directory, and on the keys of a cluster.
type keysCmd struct {
	Derive   keysDeriveCmd   `cmd:"" help:"Derive keys and store them; what is there and sound stays."`
	List     keysListCmd     `cmd:"" help:"List the files of the key directory."`
	Show     keysShowCmd     `cmd:"" help:"Show one verifying key and the bits it attains."`
	Verify   keysVerifyCmd   `cmd:"" help:"Check every key, or the built-in circuits against a manifest; exit 1 if one is wrong."`
	GC       keysGCCmd       `cmd:"" name:"gc" help:"Remove incomplete, damaged and superseded files."`
	Manifest keysManifestCmd `cmd:"" help:"Print the checksum manifest of circuits and keys."`
	Coverage keysCoverageCmd `cmd:"" help:"Show which node of a cluster holds which key."`
	Rotate   keysRotateCmd   `cmd:"" help:"Start a new epoch of a family's keys in a cluster."`
}

// combination is one key of one variant.
type combination struct {
	variant *circuit.Variant
	profile soundness.Profile
	hash    merkle.Kind
}

// combinations lists the keys of a family (all if it is empty) and profile (likewise). A
// variant has no key under a profile that rules its heights out.
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
	var none error
	for _, f := range families {
		for i := range f.Variants {
			for _, p := range profiles {
				for _, h := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
					switch _, err := derive.Check(&f.Variants[i], p, h); {
					case err == nil:
						out = append(out, combination{&f.Variants[i], p, h})
					case errors.Is(err, system.ErrHeights):
						none = err
					default:
						return nil, err
					}
				}
			}
		}
	}
	if len(out) == 0 {
		return nil, none
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

func (c *keysListCmd) Help() string {
	return "Example:\n  rpp-node keys list --keys /var/lib/rpp/keys --json"
}

func (c *keysListCmd) Run(e *env) error {
	d, err := existingKeys(c.Keys)
	if err != nil {
		return err
	}
	infos, err := d.List()
	if err != nil {
		return err
	}
	return printKeys(e, keyLines(infos), c.JSON)
}
