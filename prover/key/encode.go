package key

import (
	"encoding/binary"
	"fmt"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
)

// The encoding (docs/formats/verifying-key.md): little-endian, every list and text with
// its length first.
const (
	magic         = "RPPVK\x00\x00\x01"
	maxName       = 64
	maxBuses      = 4096
	maxHeightSets = 64
	// MaxBytes bounds an encoded key.
	MaxBytes = 1 << 20
)

// Encode writes the key's only encoding.
func (k *Verifying) Encode() []byte {
	b := []byte(magic)
	u32 := func(v int) { b = binary.LittleEndian.AppendUint32(b, uint32(v)) }
	text := func(s string) { u32(len(s)); b = append(b, s...) }
	flag := func(v bool) {
		if v {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	text(k.Family)
	text(k.Variant)
	u32(int(k.Version))
	u32(int(k.Proof))
	text(k.Field)
	text(k.Profile.Name)
	b = appendParams(b, k.Profile)
	b = append(b, byte(k.Hash))
	b = append(b, k.HashDigest[:]...)
	u32(len(k.Tables))
	for _, t := range k.Tables {
		text(t.Name)
		u32(t.Width)
		u32(t.Publics)
		u32(t.PrepWidth)
		flag(t.MainNext)
		flag(t.PrepNext)
		u32(t.Degree)
		b = append(b, t.Constraints[:]...)
	}
	u32(len(k.Buses))
	for _, s := range k.Buses {
		text(s)
	}
	u32(len(k.Heights))
	for _, h := range k.Heights {
		for _, v := range h { // one for each table
			b = append(b, byte(v))
		}
	}
	u32(len(k.PrepCap))
	for i := range k.PrepCap {
		d := k.PrepCap[i].Bytes()
		b = append(b, d[:]...)
	}
	return b
}

// Decode reads a key. Decoding accepts exactly what Encode writes.
func Decode(b []byte) (*Verifying, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrKey, len(b), MaxBytes)
	}
	d := reader{b: b}
	if string(d.take(len(magic), "magic")) != magic {
		return nil, fmt.Errorf("%w: magic: not a verifying key of version 1", ErrKey)
	}
	k := &Verifying{}
	k.Family, k.Variant = d.text("family"), d.text("variant")
	k.Version, k.Proof = d.u32("version"), d.u32("proof version")
	k.Field = d.text("field")
	k.Profile = d.profile()
	k.Hash = merkle.Kind(d.u8("hash"))
	copy(k.HashDigest[:], d.take(len(k.HashDigest), "hash digest"))
	for range d.count("tables", air.MaxTables) {
		t := Table{Name: d.text("table name")}
		t.Width = d.count("width", air.MaxWidth)
		t.Publics = d.count("publics", air.MaxPublics)
		t.PrepWidth = d.count("preprocessed width", air.MaxWidth)
		t.MainNext, t.PrepNext = d.flag("main_next"), d.flag("preprocessed_next")
		t.Degree = d.count("degree", 1<<10)
		copy(t.Constraints[:], d.take(len(t.Constraints), "constraints digest"))
		k.Tables = append(k.Tables, t)
	}
	for range d.count("buses", maxBuses) {
		k.Buses = append(k.Buses, d.longText("bus"))
	}
	for range d.count("heights", maxHeightSets) {
		var h []int
		for range k.Tables {
			v := int(d.u8("heights"))
			if v > air.MaxLogHeight {
				d.fail("heights", "above 2^24")
			}
			h = append(h, v)
		}
		k.Heights = append(k.Heights, h)
	}
	d.prepCap(k)
	if d.err == nil && len(d.b) > 0 {
		d.fail("end", "bytes follow the key")
	}
	if d.err != nil {
		return nil, d.err
	}
	if err := k.check(); err != nil {
		return nil, err
	}
	return k, nil
}

// check refuses keys whose fields are well formed but mean nothing.
func (k *Verifying) check() error {
	f := field.ByName(k.Field)
	p := Params(k.Profile)
	switch {
	case f == nil:
		return fmt.Errorf("%w: field: unknown %q", ErrKey, k.Field)
	case field.ExtOf(f, k.Profile.Degree) == nil:
		return fmt.Errorf("%w: degree: no extension of degree %d", ErrKey, k.Profile.Degree)
	case k.Hash != merkle.Poseidon2 && k.Hash != merkle.Keccak:
		return fmt.Errorf("%w: hash: unknown %d", ErrKey, k.Hash)
	case k.Proof != ProofVersion:
		return fmt.Errorf("%w: proof version: %d, this release verifies %d", ErrKey, k.Proof, ProofVersion)
	}
	if err := p.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	return nil
}

// reader keeps the first error.
type reader struct {
	b   []byte
	err error
}

func (d *reader) fail(what, why string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s: %s", ErrKey, what, why)
	}
	d.b = nil
}

func (d *reader) take(n int, what string) []byte {
	if len(d.b) < n {
		d.fail(what, "input ends early")
		return make([]byte, n)
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *reader) u8(what string) byte { return d.take(1, what)[0] }

func (d *reader) u32(what string) uint32 { return binary.LittleEndian.Uint32(d.take(4, what)) }

func (d *reader) flag(what string) bool {
	v := d.u8(what)
	if v > 1 {
		d.fail(what, "neither 0 nor 1")
	}
	return v == 1
}

func (d *reader) count(what string, limit int) int {
	v := d.u32(what)
	if v > uint32(limit) {
		d.fail(what, fmt.Sprintf("%d, at most %d", v, limit))
		return 0
	}
	return int(v)
}

func (d *reader) text(what string) string {
	return string(d.take(d.count(what, maxName), what))
}

func (d *reader) longText(what string) string {
	return string(d.take(d.count(what, 4*maxName), what))
}

func (d *reader) profile() (p soundness.Profile) {
	p.Name = d.text("profile")
	for _, v := range []*int{&p.Degree, &p.LogBlowup, &p.NumQueries, &p.QueryPoWBits, &p.CommitPoWBits, &p.MaxLogArity, &p.CapHeight, &p.LogFinalPolyLen} {
		*v = d.count("profile", 1<<20)
	}
	return p
}

func (d *reader) prepCap(k *Verifying) {
	for range d.count("preprocessed commitment", 1<<fri.MaxCapHeight) {
		var g merkle.Digest
		for i := range g {
			g[i] = d.u32("preprocessed commitment")
			if f := field.ByName(k.Field); k.Hash == merkle.Poseidon2 && f != nil && g[i] >= f.Modulus() {
				d.fail("preprocessed commitment", "word not below the modulus")
			}
		}
		k.PrepCap = append(k.PrepCap, g)
	}
}
