package interop

import (
	"encoding/json"
	"errors"
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/merkle"
	"rpp-node/prover/system"
)

// MaxFileBytes bounds every JSON file of this package.
const MaxFileBytes = 256 << 20

const (
	circuitFormat  = "rpp-circuit-1"
	instanceFormat = "rpp-instance-1"
)

// ErrFile is wrapped by every error about a file's content.
var ErrFile = errors.New("invalid file")

func bad(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrFile, fmt.Sprintf(format, a...))
}

type circuitFile struct {
	Format string          `json:"format"`
	Name   string          `json:"name"`
	Field  string          `json:"field"`
	Degree int             `json:"degree"`
	Hash   string          `json:"hash"`
	FRI    friFile         `json:"fri"`
	Seed   []uint32        `json:"seed"`
	Tables json.RawMessage `json:"tables"`
}

type friFile struct {
	LogBlowup       int `json:"log_blowup"`
	LogFinalPolyLen int `json:"log_final_poly_len"`
	MaxLogArity     int `json:"max_log_arity"`
	NumQueries      int `json:"num_queries"`
	CommitPoWBits   int `json:"commit_pow_bits"`
	QueryPoWBits    int `json:"query_pow_bits"`
	CapHeight       int `json:"cap_height"`
}

// DecodeCircuit reads an rpp-circuit-1 file. open reads the file, named relative to this
// one, in which the tables may stand. The result lacks the preprocessed commitment, which
// the caller derives.
func DecodeCircuit(b []byte, open func(name string) ([]byte, error)) (*system.System, error) {
	var file circuitFile
	if err := strict(b, rootCircuit, &file); err != nil {
		return nil, err
	}
	if file.Format != circuitFormat {
		return nil, bad("format: %q, want %q", file.Format, circuitFormat)
	}
	f := field.ByName(file.Field)
	if f == nil {
		return nil, bad("field: %q, want koalabear or babybear", file.Field)
	}
	x := field.ExtOf(f, file.Degree)
	if x == nil {
		return nil, bad("degree: %d, want 4 or 5", file.Degree)
	}
	hash, ok := merkle.KindByName(file.Hash)
	if !ok {
		return nil, bad("hash: %q, want poseidon2 or keccak", file.Hash)
	}
	seed, err := elems(f, "seed", file.Seed)
	if err != nil {
		return nil, err
	}
	tables := file.Tables
	var name string
	if json.Unmarshal(tables, &name) == nil {
		if open == nil {
			return nil, bad("tables: %q: no other file can be read here", name)
		}
		if tables, err = open(name); err != nil {
			return nil, fmt.Errorf("tables: %w", err)
		}
	}
	c := &air.Circuit{Name: file.Name, Field: f}
	if c.Tables, err = decodeTables(f, tables); err != nil {
		return nil, err
	}
	p := fri.Params(file.FRI)
	return system.New(c, x, hash, p, seed)
}

// EncodeCircuit writes a system as one rpp-circuit-1 file, tables included.
func EncodeCircuit(s *system.System) ([]byte, error) {
	tables, err := json.Marshal(encodeTables(s.Ext.Base, s.Circuit.Tables))
	if err != nil {
		return nil, err
	}
	return json.Marshal(circuitFile{
		Format: circuitFormat, Name: s.Circuit.Name, Field: s.Ext.Base.Name(), Degree: s.Ext.D,
		Hash: s.Hash.String(), FRI: friFile(s.FRI), Seed: uints(s.Ext.Base, s.Seed), Tables: tables,
	})
}

func elems(f *field.Field, what string, v []uint32) ([]field.Elem, error) {
	out := make([]field.Elem, len(v))
	for i, u := range v {
		e, ok := f.FromUint32(u)
		if !ok {
			return nil, bad("%s[%d]: %d is not below the modulus %d", what, i, u, f.Modulus())
		}
		out[i] = e
	}
	return out, nil
}

func uints(f *field.Field, v []field.Elem) []uint32 {
	out := make([]uint32, len(v))
	for i, e := range v {
		out[i] = f.Uint(e)
	}
	return out
}
