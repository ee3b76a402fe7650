package proving

import (
	"fmt"
	"slices"

	"github.com/zeebo/blake3"

	"rpp-node/prover/codec"
	"rpp-node/prover/container"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/matrix"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
	"rpp-node/prover/stark"
)

// Keys are a variant's two keys; PK is for the chain of the proofs to make.
type Keys struct {
	VK *key.Verifying
	PK *stark.Key
}

// Release gives back what the keys hold outside the Go heap.
func (k *Keys) Release() { k.PK.Release() }

// Options say how a proof is made; none changes it.
type Options struct {
	Device *device.CPU
	Plan   shard.Plan
	// Floor is the fewest proven bits that are acceptable.
	Floor float64
	// MemoryLimit refuses a proof that would take more bytes than this, and has the
	// collector keep the process below it. 0 for none.
	MemoryLimit int64
	// Checked, if set, is told the bits that the proof will have, before it is made.
	Checked func(soundness.Report)
	// Begin, if set, is told when a stage begins.
	Begin func(stark.Stage)
}

// Made is a proof just made.
type Made struct {
	File   *container.File
	Report soundness.Report
	Cells  uint64 // of the traces
}

// Make proves what a spec asks for, from the witness that it names.
func Make(k *Keys, s *spec.Spec, witness []byte, o Options) (*Made, error) {
	if err := CheckSpec(k.VK, s); err != nil {
		return nil, err
	}
	if d := blake3.Sum256(witness); d != s.Witness {
		return nil, fmt.Errorf("%w: %x, want %x", ErrDigest, d, s.Witness)
	}
	p, err := Prepare(s.Family, witness)
	if err != nil {
		return nil, err
	}
	if p.Variant.Name != s.Variant {
		return nil, &InvalidWitness{Err: fmt.Errorf("witness: of %s/%s, the spec is of %s", s.Family, p.Variant.Name, s.Variant)}
	}
	return p.prove(k, s.ChainID, s.Publics, o)
}

// Prove proves the witness on a chain, whatever its public values are.
func (p *Prepared) Prove(k *Keys, chainID uint64, o Options) (*Made, error) {
	return p.prove(k, chainID, nil, o)
}

// prove proves the witness. want are the public values that it must have, if any are given.
func (p *Prepared) prove(k *Keys, chainID uint64, want [][]field.Elem, o Options) (*Made, error) {
	if err := fitsAny(k.PK, p.Variant.Heights, o.Device.Workers(), o.MemoryLimit); err != nil {
		return nil, err
	}
	traces, publics, err := p.Witness.Traces()
	if err != nil {
		return nil, &InvalidWitness{Err: err}
	}
	consumed := false
	defer func() {
		if !consumed {
			for _, t := range traces {
				t.Put()
			}
		}
	}()
	if err := k.PK.Sys.Circuit.Check(traces, publics); err != nil {
		return nil, &InvalidWitness{Broken: true, Err: err}
	}
	if want != nil && !slices.EqualFunc(publics, want, slices.Equal) {
		return nil, &InvalidWitness{Err: fmt.Errorf("witness: its public values are not the spec's")}
	}
	heights := heightsOf(traces)
	report, err := acceptable(k.VK, k.PK.Sys, heights, o.Floor)
	if err != nil {
		return nil, err
	}
	if o.Checked != nil {
		o.Checked(report)
	}
	keep, err := Admit(k.PK.Footprint(heights, o.Device.Workers(), true, false), o.MemoryLimit)
	if err != nil {
		return nil, err
	}
	cells := uint64(0)
	for _, t := range traces {
		cells += uint64(len(t.Values))
	}
	consumed = true
	proof, err := stark.Prove(k.PK, &stark.Witness{Traces: traces, Publics: publics}, stark.Options{
		Device: o.Device, Plan: o.Plan, Consume: true,
		Begin: func(s stark.Stage) {
			keep(s)
			if o.Begin != nil {
				o.Begin(s)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	return &Made{
		File: &container.File{
			Family: k.VK.Family, Variant: k.VK.Variant, Profile: k.VK.Profile.Name, Hash: k.VK.Hash.String(), Field: k.VK.Field,
			ChainID: chainID, Fingerprint: k.VK.Fingerprint(), LogHeights: heights, Publics: publics,
			Proof: codec.Format{Ext: k.PK.Sys.Ext, Hash: k.PK.Sys.Hash}.Encode(nil, proof),
		},
		Report: report, Cells: cells,
	}, nil
}

func heightsOf(traces []matrix.Matrix) []int {
	heights := make([]int, len(traces))
	for i, t := range traces {
		heights[i] = ntt.Log(t.Height())
	}
	return heights
}
