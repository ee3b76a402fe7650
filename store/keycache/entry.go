package keycache

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/store"
	"rpp-node/store/artifact"
)

// Kind tells a verifying key from a proving key. Its values are those of the format.
type Kind uint8

// The kinds.
const (
	Verifying Kind = 1
	Proving   Kind = 2
)

func (k Kind) String() string {
	switch k {
	case Verifying:
		return "verifying"
	case Proving:
		return "proving"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Name says which key it is. Each part has 1 to MaxPartBytes characters out of a–z, 0–9
// and the hyphen.
type Name struct {
	Family, Variant, Profile, Hash string
	Kind                           Kind
}

func (n Name) String() string {
	return fmt.Sprintf("%s/%s/%s/%s (%v)", n.Family, n.Variant, n.Profile, n.Hash, n.Kind)
}

func (n Name) parts() [4]string { return [4]string{n.Family, n.Variant, n.Profile, n.Hash} }

func (n Name) check() error {
	for _, p := range n.parts() {
		if !validPart(p) {
			return fmt.Errorf("keycache: %w: %.80q: want 1 to %d of a-z, 0-9 and hyphen in each part", ErrName, p, MaxPartBytes)
		}
	}
	if n.Kind != Verifying && n.Kind != Proving {
		return fmt.Errorf("keycache: %w: %v", ErrName, n.Kind)
	}
	return nil
}

func validPart(s string) bool {
	if len(s) == 0 || len(s) > MaxPartBytes {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// Fingerprint is the digest of a verifying key, which the proving key shares.
type Fingerprint [32]byte

func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// Entry is a key that is there.
type Entry struct {
	Name
	Fingerprint Fingerprint
	Blob        artifact.Digest
	SizeBytes   int64
}

const (
	entryVersion = 1
	entryBytes   = 1 + 32 + 32 + 8 + 32
)

// The tables of the index: name → entry, and fingerprint, name → nothing.
const (
	tableName        = string(rune(store.KeyspaceKeyCache)) + "n"
	tableFingerprint = string(rune(store.KeyspaceKeyCache)) + "f"
)

// appendTo ends each part with a zero byte, which none contains.
func (n Name) appendTo(b []byte) []byte {
	for _, p := range n.parts() {
		b = append(append(b, p...), 0)
	}
	return append(b, byte(n.Kind))
}

func (n Name) key() []byte { return n.appendTo([]byte(tableName)) }

// fingerprintKey is the entry's key in the table of fingerprints; the kind comes before
// the name, so that a search finds it.
func (e Entry) fingerprintKey() []byte {
	return e.Name.appendTo(fingerprintPrefix(e.Fingerprint, e.Kind))
}

func fingerprintPrefix(f Fingerprint, k Kind) []byte {
	return append(append([]byte(tableFingerprint), f[:]...), byte(k))
}

// parseName reads back what appendTo wrote.
func parseName(b []byte) (Name, error) {
	parts := bytes.Split(b, []byte{0})
	if len(parts) != 5 || len(parts[4]) != 1 {
		return Name{}, fmt.Errorf("keycache: %w: key %x", ErrName, b)
	}
	n := Name{string(parts[0]), string(parts[1]), string(parts[2]), string(parts[3]), Kind(parts[4][0])}
	return n, n.check()
}

// encode writes what the name leads to. The checksum covers the name.
func (e Entry) encode() []byte {
	b := append([]byte{entryVersion}, e.Fingerprint[:]...)
	b = append(b, e.Blob[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.SizeBytes))
	sum := blake3.Sum256(append(e.Name.key(), b...))
	return append(b, sum[:]...)
}

// decodeEntry accepts exactly what encode writes.
func decodeEntry(n Name, b []byte) (Entry, error) {
	if len(b) != entryBytes {
		return Entry{}, fmt.Errorf("entry of %d bytes, want %d", len(b), entryBytes)
	}
	body := b[:entryBytes-32]
	if blake3.Sum256(append(n.key(), body...)) != [32]byte(b[len(body):]) {
		return Entry{}, errors.New("entry: checksum")
	}
	if body[0] != entryVersion {
		return Entry{}, fmt.Errorf("%w: %d, this one reads %d", ErrVersion, body[0], entryVersion)
	}
	e := Entry{
		Name: n, Fingerprint: Fingerprint(body[1:]), Blob: artifact.Digest(body[33:]),
		SizeBytes: int64(binary.LittleEndian.Uint64(body[65:])),
	}
	if e.SizeBytes <= 0 || e.SizeBytes > artifact.MaxKeyBytes {
		return Entry{}, fmt.Errorf("entry: a key of %d bytes", e.SizeBytes)
	}
	return e, nil
}
