package main

import (
	"fmt"
	"strings"
)

// witnessCmd makes and checks witnesses.
type witnessCmd struct {
	Sample witnessSampleCmd `cmd:"" help:"Write a realistic witness made from a seed."`
	Check  witnessCheckCmd  `cmd:"" help:"Check a witness against its circuit, without proving."`
}

type witnessSampleCmd struct {
	Family string `help:"Circuit family." required:""`
	Size   int    `help:"Size, in the family's unit; 0 for the demo's." default:"0"`
	Seed   uint64 `help:"Seed; equal seeds give equal witnesses." required:""`
	Out    string `short:"o" help:"File to write; binary if it ends in .bin, else JSON." required:""`
	JSON   bool   `help:"Print the result as JSON."`
}

func (c *witnessSampleCmd) Help() string {
	return "Example:\n  rpp-node witness sample --family pruning --size 512 --seed 1 -o block.json"
}

type witnessResult struct {
	Verdict string `json:"verdict"`
	Family  string `json:"family"`
	Variant string `json:"variant"`
	Summary string `json:"summary"`
	Bytes   int    `json:"bytes,omitempty"`
}

func (r *witnessResult) print(e *env, asJSON bool) error {
	if asJSON {
		return writeJSON(e.out, r)
	}
	_, err := fmt.Fprintf(e.out, "%s %s/%s: %s\n", r.Verdict, r.Family, r.Variant, r.Summary)
	return err
}

func (c *witnessSampleCmd) Run(e *env) error {
	f, err := familyFlag(c.Family)
	if err != nil {
		return err
	}
	size := c.Size
	if size == 0 {
		size = f.DefaultSize
	}
	w, err := f.Sample(size, c.Seed)
	if err != nil {
		return usageError{fmt.Errorf("--size: %w", err)}
	}
	b := w.JSON()
	if strings.HasSuffix(c.Out, ".bin") {
		b = w.Binary()
	}
	if err := writeFile(c.Out, b); err != nil {
		return err
	}
	return (&witnessResult{"sampled", f.Name, w.Variant(), w.Summary(), len(b)}).print(e, c.JSON)
}

type witnessCheckCmd struct {
	Family  string `help:"Circuit family." required:""`
	Witness string `arg:"" help:"Witness file, JSON or binary."`
	JSON    bool   `help:"Print the result as JSON."`
}

func (c *witnessCheckCmd) Help() string {
	return "Example:\n  rpp-node witness check --family pruning block.json"
}

func (c *witnessCheckCmd) Run(e *env) error {
	in, err := loadWitness(c.Family, c.Witness)
	if err != nil {
		return err
	}
	v, w := in.Variant, in.Witness
	traces, publics, err := w.Traces()
	if err != nil {
		return fmt.Errorf("%w: %w", errRejected, err)
	}
	if err := v.Circuit().Check(traces, publics); err != nil {
		return err
	}
	return (&witnessResult{"ok", v.Family, v.Name, w.Summary(), 0}).print(e, c.JSON)
}
