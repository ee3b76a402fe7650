package container

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/prover/air"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
)

const (
	magic   = "RPPPROOF"
	version = 1
	maxName = 64

	// MaxBytes bounds a proof file: the proof, and little more.
	MaxBytes = codec.MaxProofBytes + 1<<20
)

// ErrContainer is wrapped by every error of Decode.
var ErrContainer = errors.New("proof file: invalid")

// File is a proof file.
type File struct {
	Family      string
	Variant     string
	Profile     string
	Hash        string
	Field       string
	ChainID     uint64
	Fingerprint [32]byte // of the verifying key
	LogHeights  []int
	Publics     [][]field.Elem // by table
	Proof       []byte         // upstream's encoding
}

// Encode writes the file. The field must be one that the program knows.
func (c *File) Encode() []byte {
	f := field.ByName(c.Field)
	b := []byte(magic)
	b = binary.LittleEndian.AppendUint32(b, version)
	for _, s := range []string{c.Family, c.Variant, c.Profile, c.Hash, c.Field} {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	b = binary.LittleEndian.AppendUint64(b, c.ChainID)
	b = append(b, c.Fingerprint[:]...)
	b = append(b, byte(len(c.LogHeights)))
	for i, h := range c.LogHeights {
		b = append(b, byte(h))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Publics[i])))
		for _, v := range c.Publics[i] {
			b = f.AppendCanonical(b, v)
		}
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Proof)))
	b = append(b, c.Proof...)
	d := blake3.Sum256(b)
	return append(b, d[:]...)
}

// Decode reads a file. It accepts exactly what Encode writes; the proof inside is checked
// by the verifier.
func Decode(b []byte) (*File, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrContainer, len(b), MaxBytes)
	}
	r := reader{b: b}
	if string(r.take(len(magic), "magic")) != magic {
		return nil, fmt.Errorf("%w: magic: not a proof file", ErrContainer)
	}
	if v := r.u32("version"); r.err == nil && v != version {
		return nil, fmt.Errorf("%w: version: %d, this release reads %d", ErrContainer, v, version)
	}
	c := &File{}
	for _, s := range []*string{&c.Family, &c.Variant, &c.Profile, &c.Hash, &c.Field} {
		*s = r.name()
	}
	c.ChainID = binary.LittleEndian.Uint64(r.take(8, "chain id"))
	copy(c.Fingerprint[:], r.take(32, "fingerprint"))
	f := field.ByName(c.Field)
	if r.err == nil && f == nil {
		return nil, fmt.Errorf("%w: field: unknown %q", ErrContainer, c.Field)
	}
	n := int(r.take(1, "tables")[0])
	if n > air.MaxTables {
		r.fail("tables", fmt.Sprintf("%d, at most %d", n, air.MaxTables))
	}
	for i := 0; i < n && r.err == nil; i++ {
		h := int(r.take(1, "log heights")[0])
		if h > air.MaxLogHeight {
			r.fail("log heights", fmt.Sprintf("2^%d, at most 2^%d", h, air.MaxLogHeight))
		}
		c.LogHeights = append(c.LogHeights, h)
		c.Publics = append(c.Publics, r.publics(f))
	}
	c.Proof = append([]byte(nil), r.take(r.count("proof", codec.MaxProofBytes), "proof")...)
	want := blake3.Sum256(b[:len(b)-len(r.b)])
	var got [32]byte
	copy(got[:], r.take(32, "digest"))
	if r.err == nil && got != want {
		r.fail("digest", "the file is damaged; fetch it again")
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("end", "bytes follow the file")
	}
	if r.err != nil {
		return nil, r.err
	}
	return c, nil
}

type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(what, why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s: %s", ErrContainer, what, why)
	}
	r.b = nil
}

func (r *reader) take(n int, what string) []byte {
	if len(r.b) < n {
		r.fail(what, "input ends early")
		if n > 64 { // only fixed fields are read after an error
			return nil
		}
		return make([]byte, n)
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u32(what string) uint32 { return binary.LittleEndian.Uint32(r.take(4, what)) }

func (r *reader) count(what string, limit int) int {
	v := r.u32(what)
	if v > uint32(limit) {
		r.fail(what, fmt.Sprintf("%d, at most %d", v, limit))
		return 0
	}
	return int(v)
}

func (r *reader) name() string {
	n := int(r.take(1, "name")[0])
	if n > maxName {
		r.fail("name", fmt.Sprintf("%d bytes, at most %d", n, maxName))
		return ""
	}
	return string(r.take(n, "name"))
}

func (r *reader) publics(f *field.Field) []field.Elem {
	n := r.count("public values", air.MaxPublics)
	raw := r.take(n*field.WordBytes, "public values")
	if r.err != nil {
		return nil
	}
	out := make([]field.Elem, n)
	for i := range out {
		v, ok := f.DecodeCanonical(raw[i*field.WordBytes:])
		if !ok {
			r.fail("public values", "not below the modulus")
			return nil
		}
		out[i] = v
	}
	return out
}
