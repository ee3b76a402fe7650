package main

import (
	"fmt"
	"slices"
	"strings"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit"
	"rpp-node/prover/field"
	"rpp-node/prover/interop"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/system"
)

// familyFlag finds the family that a flag names.
func familyFlag(name string) (*circuit.Family, error) {
	f, err := circuit.ByName(name)
	if err != nil {
		return nil, usageError{fmt.Errorf("--family: %w", err)}
	}
	return f, nil
}

// circuitsCmd shows the circuits that the binary has.
type circuitsCmd struct {
	List   circuitsListCmd   `cmd:"" help:"List families, variants and benchmark circuits."`
	Export circuitsExportCmd `cmd:"" help:"Write a circuit as an rpp-circuit-1 file."`
}

type circuitsListCmd struct {
	JSON bool `help:"Print as JSON."`
}

type circuitInfo struct {
	Name        string   `json:"name"`
	Kind        string   `json:"kind"` // family or benchmark
	Version     uint32   `json:"version,omitempty"`
	Heights     [][]int  `json:"log_heights,omitempty"`
	Tables      []string `json:"tables"`
	Columns     int      `json:"columns"`
	Constraints int      `json:"constraints"`
	Default     bool     `json:"default,omitempty"`
}

func describe(c *air.Circuit) (info circuitInfo) {
	for i := range c.Tables {
		info.Tables = append(info.Tables, c.Tables[i].Name)
		info.Columns += c.Tables[i].Width
		info.Constraints += len(c.Tables[i].Constraints)
	}
	return info
}

func (c *circuitsListCmd) Help() string {
	return "Example:\n  rpp-node circuits list --json"
}

func (c *circuitsListCmd) Run(e *env) error {
	var list []circuitInfo
	for _, f := range circuit.Families() {
		for _, v := range f.Variants {
			info := describe(v.Circuit())
			info.Name, info.Kind, info.Version, info.Heights = f.Name+"/"+v.Name, "family", v.Version, v.Heights
			info.Default = v.Name == f.Default
			list = append(list, info)
		}
	}
	for _, b := range circuit.Benchmarks() {
		built := b.Build(field.KoalaBear)
		info := describe(&built)
		info.Name, info.Kind = b.Name, "benchmark"
		list = append(list, info)
	}
	if c.JSON {
		return writeJSON(e.out, list)
	}
	for _, i := range list {
		note := ""
		if i.Default {
			note = "  (default)"
		}
		fmt.Fprintf(e.out, "%-20s %-10s %5d columns %6d constraints  %s%s\n", i.Name, i.Kind, i.Columns, i.Constraints, strings.Join(i.Tables, " "), note)
	}
	return nil
}

type circuitsExportCmd struct {
	Name    string `arg:"" help:"family, family/variant, or a benchmark circuit; see 'circuits list'."`
	Out     string `short:"o" help:"File to write." required:""`
	Profile string `help:"production, production-fast, fast or bench." default:"production"`
	Hash    string `help:"poseidon2 or keccak." default:"poseidon2"`
	ChainID uint64 `name:"chain-id" help:"Chain whose seed goes into the file, for families." default:"0"`
	JSON    bool   `help:"Print the result as JSON."`
}

func (c *circuitsExportCmd) Help() string {
	return "Example:\n  rpp-node circuits export pruning/block-512 -o pruning.circuit.json"
}

// system is the system to export: of a family with the seed of its key, of a benchmark
// without one.
func (c *circuitsExportCmd) system() (*system.System, error) {
	profile, hash, err := profileAndHash(c.Profile, c.Hash)
	if err != nil {
		return nil, err
	}
	name, variant, _ := strings.Cut(c.Name, "/")
	if b, err := circuit.BenchmarkByName(name); err == nil && variant == "" {
		built := b.Build(field.KoalaBear)
		return system.New(&built, field.ExtOf(field.KoalaBear, profile.Degree), hash, key.Params(profile), nil)
	}
	f, err := circuit.ByName(name)
	if err != nil {
		return nil, usageError{err}
	}
	if variant == "" {
		variant = f.Default
	}
	v, err := f.Variant(variant)
	if err != nil {
		return nil, usageError{err}
	}
	dev, err := threads(0)
	if err != nil {
		return nil, err
	}
	vk, err := derive.Verifying(v, profile, hash, dev)
	if err != nil {
		return nil, err
	}
	return vk.System(v.Circuit(), c.ChainID)
}

func (c *circuitsExportCmd) Run(e *env) error {
	s, err := c.system()
	if err != nil {
		return err
	}
	b, err := interop.EncodeCircuit(s)
	if err != nil {
		return err
	}
	if err := writeFile(c.Out, b); err != nil {
		return err
	}
	names := make([]string, len(s.Circuit.Tables))
	for i := range names {
		names[i] = s.Circuit.Tables[i].Name
	}
	slices.Sort(names)
	if c.JSON {
		return writeJSON(e.out, map[string]any{"circuit": c.Name, "file": c.Out, "tables": names, "bytes": len(b)})
	}
	fmt.Fprintf(e.out, "exported %s: %d tables (%s), %d bytes\n", c.Name, len(names), strings.Join(names, " "), len(b))
	return nil
}
