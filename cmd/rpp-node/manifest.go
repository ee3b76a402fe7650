package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/zeebo/blake3"

	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
)

// keyManifest is the checksum manifest of circuits and parameters: what an operator
// compares before trusting a release. docs/keys-manifest.json is the committed one.
type keyManifest struct {
	Format   string        `json:"format"`
	Upstream string        `json:"upstream_commit"`
	Keys     []manifestKey `json:"keys"`
}

type manifestKey struct {
	Name        string          `json:"name"` // family/variant/profile/hash
	Version     uint32          `json:"version"`
	Fingerprint string          `json:"fingerprint"`
	Verifying   manifestFile    `json:"verifying_key"`
	Proving     manifestFile    `json:"proving_key"`
	Tables      []manifestTable `json:"tables"`
}

type manifestFile struct {
	Bytes  int    `json:"bytes"`
	Blake3 string `json:"blake3"`
}

type manifestTable struct {
	Name        string `json:"name"`
	Constraints string `json:"constraints_digest"`
}

// manifest derives every key of the release.
func manifest() (*keyManifest, error) {
	list, err := combinations("", "")
	if err != nil {
		return nil, err
	}
	dev, err := threads(0)
	if err != nil {
		return nil, err
	}
	m := &keyManifest{Format: "rpp-keys-manifest-1", Upstream: upstreamCommit}
	file := func(b []byte) manifestFile { return manifestFile{len(b), fmt.Sprintf("%x", blake3.Sum256(b))} }
	for _, k := range list {
		vk, pk, err := provingKey(k.variant, k.profile, k.hash, 0, "", dev)
		if err != nil {
			return nil, err
		}
		entry := manifestKey{
			Name:    fmt.Sprintf("%s/%s/%s/%s", k.variant.Family, k.variant.Name, k.profile.Name, k.hash),
			Version: k.variant.Version, Fingerprint: vk.Fingerprint().String(),
			Verifying: file(vk.Encode()), Proving: file(derive.Encode(vk, pk)),
		}
		for _, t := range vk.Tables {
			entry.Tables = append(entry.Tables, manifestTable{t.Name, t.Constraints.String()})
		}
		m.Keys = append(m.Keys, entry)
	}
	return m, nil
}

// difference names the first key that differs.
func (m *keyManifest) difference(old *keyManifest) string {
	have := map[string]manifestKey{}
	for _, k := range old.Keys {
		have[k.Name] = k
	}
	for _, k := range m.Keys {
		o, ok := have[k.Name]
		switch {
		case !ok:
			return fmt.Sprintf("%s is not in it", k.Name)
		case o.Fingerprint != k.Fingerprint && o.Version == k.Version:
			return fmt.Sprintf("%s has fingerprint %.16s there and %.16s here, with the same version %d: a changed circuit needs a new version", k.Name, o.Fingerprint, k.Fingerprint, k.Version)
		case o.Fingerprint != k.Fingerprint:
			return fmt.Sprintf("%s is version %d there and %d here", k.Name, o.Version, k.Version)
		}
	}
	return "entries or checksums differ; run 'make generate'"
}

//go:generate go run . keys manifest --update ../../docs/keys-manifest.json

// keysManifestCmd prints the manifest, or updates a file.
type keysManifestCmd struct {
	Update string `help:"Write the manifest to this file instead, unless a circuit in it has changed under the same version."`
}

func (c *keysManifestCmd) Help() string {
	return "Examples:\n  rpp-node keys manifest\n  rpp-node keys manifest --update docs/keys-manifest.json"
}

func (c *keysManifestCmd) Run(e *env) error {
	m, err := manifest()
	if err != nil {
		return err
	}
	if c.Update == "" {
		return writeJSON(e.out, m)
	}
	old, err := readFile(c.Update, key.MaxBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		var before keyManifest
		if err := json.Unmarshal(old, &before); err != nil {
			return usageError{fmt.Errorf("%s: %w", c.Update, err)}
		}
		if err := m.allowedAfter(&before); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := writeJSON(&b, m); err != nil {
		return err
	}
	return writeFile(c.Update, b.Bytes())
}

// allowedAfter refuses a manifest in which a circuit has changed but not its version: old
// proofs would be refused by a key that claims to be the same.
func (m *keyManifest) allowedAfter(old *keyManifest) error {
	for _, k := range m.Keys {
		for _, o := range old.Keys {
			if o.Name == k.Name && o.Version == k.Version && o.Fingerprint != k.Fingerprint {
				return fmt.Errorf("%w: %s has changed but is still version %d: raise the version in prover/circuit", errRejected, k.Name, k.Version)
			}
		}
	}
	return nil
}
