package key

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/zeebo/blake3"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
)

// ProofVersion is the version of everything about proofs that a key does not say
// otherwise: the protocol and its encoding at the pinned upstream commit.
const ProofVersion = 1

// Table is what a key says of one table.
type Table struct {
	Name               string
	Width, Publics     int
	PrepWidth          int
	MainNext, PrepNext bool
	Degree             int // of its constraints, those of its lookups included
	Constraints        Digest
}

// Verifying is a verifying key.
type Verifying struct {
	Family  string
	Variant string
	// Version is the circuit's, raised whenever its constraints change.
	Version    uint32
	Proof      uint32
	Field      string
	Profile    soundness.Profile
	Hash       merkle.Kind
	HashDigest Digest
	Tables     []Table
	Buses      []string
	Heights    [][]int // allowed vectors of log heights
	PrepCap    []merkle.Digest
}

// The ways in which a key can be wrong.
var (
	ErrKey      = errors.New("key: invalid verifying key")
	ErrMismatch = errors.New("key: the circuit is not the one that the key describes")
	ErrHeights  = errors.New("key: table heights are not in the key's list")
)

// Describe fills in what follows from a circuit and its parameters. The preprocessed
// commitment is added by derivation.
func Describe(family, variant string, version uint32, s *system.System, p soundness.Profile, heights [][]int) *Verifying {
	k := &Verifying{
		Family: family, Variant: variant, Version: version, Proof: ProofVersion,
		Field: s.Ext.Base.Name(), Profile: p, Hash: s.Hash, HashDigest: hashDigest(s.Hash, s.Ext.Base),
		Buses: s.Layout.BusNames, Heights: heights, PrepCap: s.PrepCap,
	}
	for i := range s.Circuit.Tables {
		t := &s.Circuit.Tables[i]
		d := t.BaseDegree(t.Degrees(s.Circuit.Field))
		for _, c := range s.Layout.Tables[i].Columns {
			d = max(d, c.Degree)
		}
		k.Tables = append(k.Tables, Table{
			Name: t.Name, Width: t.Width, Publics: t.Publics, PrepWidth: t.PrepWidth,
			MainNext: t.MainNext, PrepNext: t.PrepNext, Degree: d, Constraints: constraintsDigest(s.Circuit.Field, t),
		})
	}
	return k
}

// Fingerprint is the digest of the key's encoding.
func (k *Verifying) Fingerprint() Digest { return blake3.Sum256(k.Encode()) }

// String writes a digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Params are the low-degree test's parameters of a profile.
func Params(p soundness.Profile) fri.Params {
	return fri.Params{
		LogBlowup: p.LogBlowup, LogFinalPolyLen: p.LogFinalPolyLen, MaxLogArity: p.MaxLogArity,
		NumQueries: p.NumQueries, CommitPoWBits: p.CommitPoWBits, QueryPoWBits: p.QueryPoWBits, CapHeight: p.CapHeight,
	}
}

// System makes the system that the key is for, on a chain, from the circuit that the
// program has for the key's family, after checking that it is the same circuit.
func (k *Verifying) System(c *air.Circuit, chainID uint64) (*system.System, error) {
	x := field.ExtOf(c.Field, k.Profile.Degree)
	s, err := system.New(c, x, k.Hash, Params(k.Profile), k.seed(c.Field, chainID))
	if err != nil {
		return nil, err
	}
	s.PrepCap = k.PrepCap
	same := Describe(k.Family, k.Variant, k.Version, s, k.Profile, k.Heights)
	if same.Fingerprint() != k.Fingerprint() {
		return nil, fmt.Errorf("%w: %s/%s version %d; derive the key again, or use the release that made it", ErrMismatch, k.Family, k.Variant, k.Version)
	}
	return s, nil
}

// CheckHeights refuses heights that the key does not list.
func (k *Verifying) CheckHeights(logHeights []int) error {
	for _, h := range k.Heights {
		if slices.Equal(h, logHeights) {
			return nil
		}
	}
	return fmt.Errorf("%w: %v, allowed %v", ErrHeights, logHeights, k.Heights)
}
