package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"rpp-node/prover/device"
	"rpp-node/prover/key"
	"rpp-node/store/keydir"
)

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
	d, err := existingKeys(c.Keys)
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
	list, err := combinations("", "")
	if err != nil {
		return err
	}
	wrong := 0
	for i, info := range infos {
		switch info.State {
		case keydir.OK: // as it was written; is it what this release derives?
			stale, err := d.stale(info.Name, list, dev)
			if err != nil {
				return err
			}
			if stale {
				lines[i].State, lines[i].Detail = "stale", "not the key of this release's circuit; derive it again"
				wrong++
			}
		case keydir.Unknown:
		default:
			wrong++
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

// stale reports whether a sound file differs from what this release derives for its name.
// Keys of families and variants that the release does not have are nobody's to judge.
func (d *keyDir) stale(n keydir.Name, list []combination, dev device.Device) (bool, error) {
	for _, k := range list {
		if keyName(k.variant, k.profile, k.hash, n.Kind) != n {
			continue
		}
		have, err := d.Get(n)
		if err != nil {
			return false, err
		}
		fingerprint, blob, err := deriveBlob(k.variant, k.profile, k.hash, n.Kind, dev)
		if err != nil {
			return false, err
		}
		return have.Fingerprint != fingerprint || !bytes.Equal(have.Blob, blob), nil
	}
	return false, nil
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

func (c *keysGCCmd) Help() string {
	return "Examples:\n  rpp-node keys gc --keys /var/lib/rpp/keys --dry-run\n  rpp-node keys gc --keys /var/lib/rpp/keys"
}

func (c *keysGCCmd) Run(e *env) error {
	d, err := existingKeys(c.Keys)
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
