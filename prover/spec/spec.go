package spec

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

const (
	magic   = "RPPSPEC\x00"
	version = 1

	// MaxNameBytes bounds each name.
	MaxNameBytes = 64
	// MaxPublicsCount bounds the public values of all tables together.
	MaxPublicsCount = 4096
	// MaxBytes bounds an encoded spec.
	MaxBytes = len(magic) + 4 + 5*(1+MaxNameBytes) + 8 + 32 + 1 + air.MaxTables*4 + MaxPublicsCount*field.WordBytes + 32
)

// ErrSpec is wrapped by every error of Decode and Check.
var ErrSpec = errors.New("spec: invalid")

// ID names a spec: the BLAKE3-256 digest of its encoding.
type ID [32]byte

func (id ID) String() string { return fmt.Sprintf("%x", id[:]) }

// Spec is what a proof is asked for.
type Spec struct {
	Family      string
	Variant     string
	Profile     string
	Hash        string
	Field       string
	ChainID     uint64
	Fingerprint [32]byte       // of the verifying key
	Publics     [][]field.Elem // by table
	Witness     [32]byte       // BLAKE3-256 of the witness in its binary form
}

// Check refuses what has no encoding.
func (s *Spec) Check() error {
	for _, n := range s.names() {
		if len(*n.text) == 0 || len(*n.text) > MaxNameBytes {
			return fmt.Errorf("%w: %s: %d bytes, want 1 to %d", ErrSpec, n.what, len(*n.text), MaxNameBytes)
		}
	}
	if field.ByName(s.Field) == nil {
		return fmt.Errorf("%w: field: unknown %q", ErrSpec, s.Field)
	}
	if len(s.Publics) > air.MaxTables {
		return fmt.Errorf("%w: %d tables, at most %d", ErrSpec, len(s.Publics), air.MaxTables)
	}
	count := 0
	for _, p := range s.Publics {
		count += len(p)
	}
	if count > MaxPublicsCount {
		return fmt.Errorf("%w: %d public values, at most %d", ErrSpec, count, MaxPublicsCount)
	}
	return nil
}

type name struct {
	what string
	text *string
}

func (s *Spec) names() []name {
	return []name{{"family", &s.Family}, {"variant", &s.Variant}, {"profile", &s.Profile}, {"hash", &s.Hash}, {"field", &s.Field}}
}

// Encode writes a spec that passes Check.
func (s *Spec) Encode() []byte {
	f := field.ByName(s.Field)
	b := append([]byte(nil), magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	for _, n := range s.names() {
		b = append(b, byte(len(*n.text)))
		b = append(b, *n.text...)
	}
	b = binary.LittleEndian.AppendUint64(b, s.ChainID)
	b = append(b, s.Fingerprint[:]...)
	b = append(b, byte(len(s.Publics)))
	for _, p := range s.Publics {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		for _, v := range p {
			b = f.AppendCanonical(b, v)
		}
	}
	return append(b, s.Witness[:]...)
}

// ID is the spec's name.
func (s *Spec) ID() ID { return IDOf(s.Encode()) }

// IDOf is the name of an encoded spec.
func IDOf(encoded []byte) ID { return blake3.Sum256(encoded) }
