package circuit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit/pruning"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Variant is one size of a family's circuit, with keys of its own.
type Variant struct {
	Family  string
	Name    string
	Version uint32 // raised whenever the constraints change
	Heights [][]int
	build   func() *air.Circuit
}

// Circuit builds the variant's circuit.
func (v *Variant) Circuit() *air.Circuit { return v.build() }

// Witness is what a proof of a family is made from.
type Witness interface {
	// Variant is the name of the variant that the witness is for.
	Variant() string
	// JSON and Binary are the two forms of a witness file.
	JSON() []byte
	Binary() []byte
	// Publics are the public values alone, by table, made without a trace.
	Publics() ([][]field.Elem, error)
	// Traces makes the traces and the public values, both by table.
	Traces() ([]matrix.Matrix, [][]field.Elem, error)
	// Summary says in a few words what it is a witness of.
	Summary() string
}

// Family is a circuit family.
type Family struct {
	Name        string
	Default     string // variant
	DefaultSize int    // of a sample, in SizeUnit
	SizeUnit    string
	Variants    []Variant
	// Decode reads a witness in either form.
	Decode func(b []byte) (Witness, error)
	// Sample makes a realistic witness from a seed.
	Sample func(size int, seed uint64) (Witness, error)
}

// MaxWitnessBytes bounds a witness file.
const MaxWitnessBytes = 64 << 20

// ErrUnknown is wrapped where a name is no family's or variant's.
var ErrUnknown = errors.New("no such circuit")

// Families lists the families, in the order in which they are shown.
func Families() []Family { return []Family{pruningFamily()} }

// ByName returns the family of that name.
func ByName(name string) (*Family, error) {
	var names []string
	for _, f := range Families() {
		if f.Name == name {
			return &f, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("%w: family %q; there are: %s", ErrUnknown, name, strings.Join(names, ", "))
}

// Variant returns the family's variant of that name.
func (f *Family) Variant(name string) (*Variant, error) {
	var names []string
	for i := range f.Variants {
		if f.Variants[i].Name == name {
			return &f.Variants[i], nil
		}
		names = append(names, f.Variants[i].Name)
	}
	return nil, fmt.Errorf("%w: %s has no variant %q; there are: %s", ErrUnknown, f.Name, name, strings.Join(names, ", "))
}

// pruningVersion is raised whenever the constraints of the family change.
const pruningVersion = 1

func pruningFamily() Family {
	f := Family{
		Name: pruning.Family, Default: pruning.Default, DefaultSize: 512, SizeUnit: "transactions",
		Decode: func(b []byte) (Witness, error) {
			decode := pruning.DecodeBinary
			if bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")) {
				decode = pruning.DecodeJSON
			}
			w, err := decode(b)
			if err != nil {
				return nil, err
			}
			return &pruningWitness{w}, nil
		},
		Sample: func(size int, seed uint64) (Witness, error) {
			w, err := pruning.Sample(size, seed)
			if err != nil {
				return nil, err
			}
			return &pruningWitness{w}, nil
		},
	}
	for _, v := range pruning.Variants() {
		f.Variants = append(f.Variants, Variant{
			Family: f.Name, Name: v.Name, Version: pruningVersion, Heights: pruning.LogHeights(v),
			build: func() *air.Circuit { return pruning.Circuit(v) },
		})
	}
	return f
}

type pruningWitness struct{ w *pruning.Witness }

func (w *pruningWitness) Variant() string { return w.w.Variant }
func (w *pruningWitness) JSON() []byte    { return w.w.AppendJSON(nil) }
func (w *pruningWitness) Binary() []byte  { return w.w.AppendBinary(nil) }

func (w *pruningWitness) Publics() ([][]field.Elem, error) {
	v, err := pruning.VariantByName(w.w.Variant)
	if err != nil {
		return nil, err
	}
	p, err := pruning.Statement(v, w.w)
	if err != nil {
		return nil, err
	}
	return p.Lists(v), nil
}

func (w *pruningWitness) Traces() ([]matrix.Matrix, [][]field.Elem, error) {
	v, err := pruning.VariantByName(w.w.Variant)
	if err != nil {
		return nil, nil, err
	}
	return pruning.Traces(v, w.w)
}

func (w *pruningWitness) Summary() string {
	total, removed := 0, 0
	for _, b := range w.w.Blocks {
		for _, t := range b {
			total++
			if t.Removed {
				removed++
			}
		}
	}
	return fmt.Sprintf("%d blocks from height %d, %d transactions, %d of them removed", len(w.w.Blocks), w.w.FirstHeight, total, removed)
}
