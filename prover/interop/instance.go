package interop

import (
	"encoding/json"
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/system"
)

type instanceFile struct {
	Format       string     `json:"format"`
	Circuit      string     `json:"circuit"`
	LogHeights   []int      `json:"log_heights"`
	PublicValues [][]uint32 `json:"public_values"`
	Traces       [][]uint32 `json:"traces,omitempty"`
}

// Instance is a statement about a circuit and, for proving, its traces.
type Instance struct {
	LogHeights []int
	Publics    [][]field.Elem
	Traces     []matrix.Matrix // nil where the file has none
}

// DecodeInstance reads an rpp-instance-1 file for the given system.
func DecodeInstance(b []byte, s *system.System) (*Instance, error) {
	var file instanceFile
	if err := strict(b, rootInstance, &file); err != nil {
		return nil, err
	}
	if file.Format != instanceFormat {
		return nil, bad("format: %q, want %q", file.Format, instanceFormat)
	}
	f, n := s.Ext.Base, len(s.Circuit.Tables)
	if len(file.LogHeights) != n || len(file.PublicValues) != n {
		return nil, bad("log_heights, public_values: %d and %d, the circuit has %d tables", len(file.LogHeights), len(file.PublicValues), n)
	}
	in := &Instance{LogHeights: file.LogHeights, Publics: make([][]field.Elem, n)}
	for i, h := range file.LogHeights {
		if h < 0 || h > air.MaxLogHeight {
			return nil, bad("log_heights[%d]: %d, want 0 to %d", i, h, air.MaxLogHeight)
		}
		var err error
		if in.Publics[i], err = elems(f, fmt.Sprintf("public_values[%d]", i), file.PublicValues[i]); err != nil {
			return nil, err
		}
	}
	if file.Traces == nil {
		return in, nil
	}
	if len(file.Traces) != n {
		return nil, bad("traces: %d, the circuit has %d tables", len(file.Traces), n)
	}
	for i, t := range file.Traces {
		w := s.Circuit.Tables[i].Width
		if len(t) != w<<in.LogHeights[i] {
			return nil, bad("traces[%d]: %d values, want %d columns of 2^%d rows", i, len(t), w, in.LogHeights[i])
		}
		values, err := elems(f, fmt.Sprintf("traces[%d]", i), t)
		if err != nil {
			return nil, err
		}
		in.Traces = append(in.Traces, matrix.Matrix{Width: w, Values: values})
	}
	return in, nil
}

// EncodeInstance writes an rpp-instance-1 file; traces may be nil.
func EncodeInstance(f *field.Field, circuit string, in *Instance) ([]byte, error) {
	file := instanceFile{Format: instanceFormat, Circuit: circuit, LogHeights: in.LogHeights, PublicValues: [][]uint32{}}
	for _, p := range in.Publics {
		file.PublicValues = append(file.PublicValues, uints(f, p))
	}
	for _, t := range in.Traces {
		file.Traces = append(file.Traces, uints(f, t.Values))
	}
	return json.Marshal(file)
}
