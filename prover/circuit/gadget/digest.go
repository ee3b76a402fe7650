package gadget

import (
	"encoding/hex"
	"errors"
	"fmt"

	"rpp-node/prover/field"
)

// Field is the field of every family.
var Field = field.KoalaBear

// Sizes of the width-16 permutation's uses, in elements.
const (
	StateLen  = 16
	DigestLen = 8
	Rate      = 8
)

// DigestBytes is the length of an encoded digest.
const DigestBytes = DigestLen * field.WordBytes

// Digest is an output of Hash or Node, or an identifier that is one.
type Digest [DigestLen]field.Elem

// ErrDigest is wrapped by every error about an encoded digest.
var ErrDigest = errors.New("invalid digest")

// Reduced reports whether every element is below the modulus; all but elements made by
// hand are.
func (d Digest) Reduced() bool {
	for _, e := range d {
		if uint32(e) >= Field.Modulus() {
			return false
		}
	}
	return true
}

// AppendCanonical appends the encoding of d: eight canonical integers, each four bytes,
// little-endian.
func (d Digest) AppendCanonical(b []byte) []byte {
	for _, e := range d {
		b = Field.AppendCanonical(b, e)
	}
	return b
}

// DecodeDigest reads the encoding of a digest from exactly DigestBytes bytes.
func DecodeDigest(b []byte) (Digest, error) {
	var d Digest
	if len(b) != DigestBytes {
		return d, fmt.Errorf("%w: %d bytes, want %d", ErrDigest, len(b), DigestBytes)
	}
	for i := range d {
		e, ok := Field.DecodeCanonical(b[i*field.WordBytes:])
		if !ok {
			return Digest{}, fmt.Errorf("%w: word %d is not below the modulus %d", ErrDigest, i, Field.Modulus())
		}
		d[i] = e
	}
	return d, nil
}

// String is the encoding in lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d.AppendCanonical(nil)) }

// ParseDigest reads what String wrote, and nothing else: upper case is refused, so that
// a digest has one text.
func ParseDigest(s string) (Digest, error) {
	if len(s) != hex.EncodedLen(DigestBytes) {
		return Digest{}, fmt.Errorf("%w: %d characters, want %d of lower-case hexadecimal", ErrDigest, len(s), hex.EncodedLen(DigestBytes))
	}
	var raw [DigestBytes]byte
	if _, err := hex.Decode(raw[:], []byte(s)); err != nil || hex.EncodeToString(raw[:]) != s {
		return Digest{}, fmt.Errorf("%w: not lower-case hexadecimal", ErrDigest)
	}
	return DecodeDigest(raw[:])
}

// MarshalText is String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDigest.
func (d *Digest) UnmarshalText(text []byte) error {
	v, err := ParseDigest(string(text))
	if err == nil {
		*d = v
	}
	return err
}
