package tape

import (
	"strings"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

var suites = map[string]merkle.Kind{
	"p2": merkle.Poseidon2, "p2w16": merkle.Poseidon2W16, "keccak": merkle.Keccak, "keccakb": merkle.KeccakBytes,
}

// Config is one of the vectors' named configurations.
type Config struct {
	Name string
	Ext  *field.Ext
	Hash merkle.Kind
}

// ByName finds a configuration: "kb-p2" and its like, or "p2_d5" and its like, where the
// field is KoalaBear and the degree is named. It reports false for those over Goldilocks,
// which are out of scope, and fails the test for a name that it does not know.
func ByName(tb testing.TB, name string) (Config, bool) {
	tb.Helper()
	if hash, degree, ok := strings.Cut(name, "_d"); ok {
		kind, known := map[string]merkle.Kind{"p2": merkle.Poseidon2, "k": merkle.Keccak}[hash]
		x := map[string]*field.Ext{"4": field.KoalaBear4, "5": field.KoalaBear5}[degree]
		if !known || x == nil {
			tb.Fatalf("configuration %q: unknown", name)
		}
		return Config{name, x, kind}, true
	}
	f, suite, _ := strings.Cut(name, "-")
	base := map[string]*field.Field{"kb": field.KoalaBear, "bb": field.BabyBear}[f]
	if f == "gl" {
		return Config{}, false
	}
	degree := 4
	if s, ok := strings.CutSuffix(suite, "-e5"); ok {
		suite, degree = s, 5
	}
	kind, ok := suites[suite]
	if base == nil || !ok {
		tb.Fatalf("configuration %q: unknown", name)
	}
	return Config{name, field.ExtOf(base, degree), kind}, true
}

// Elem reads a canonical integer.
func (c *Config) Elem(tb testing.TB, v uint64) field.Elem {
	tb.Helper()
	e, ok := c.Ext.Base.FromUint32(uint32(v))
	if !ok || v>>32 != 0 {
		tb.Fatalf("%d is not below the modulus", v)
	}
	return e
}

// Elems reads canonical integers.
func (c *Config) Elems(tb testing.TB, v []uint64) []field.Elem {
	tb.Helper()
	out := make([]field.Elem, len(v))
	for i := range v {
		out[i] = c.Elem(tb, v[i])
	}
	return out
}

// E reads the coefficients of an extension element.
func (c *Config) E(tb testing.TB, v []uint64) (e field.E) {
	tb.Helper()
	if len(v) != c.Ext.D {
		tb.Fatalf("%d coefficients, want %d", len(v), c.Ext.D)
	}
	copy(e[:], c.Elems(tb, v))
	return e
}

// Es reads extension elements.
func (c *Config) Es(tb testing.TB, v [][]uint64) []field.E {
	tb.Helper()
	out := make([]field.E, len(v))
	for i := range v {
		out[i] = c.E(tb, v[i])
	}
	return out
}

// Words writes a digest as the vectors do: eight canonical elements, four lanes or 32
// bytes.
func (c *Config) Words(d *merkle.Digest) (out []uint64) {
	switch c.Hash {
	case merkle.Keccak:
		for i := range 4 {
			out = append(out, d.Lane(i))
		}
	case merkle.KeccakBytes:
		for _, b := range d.Bytes() {
			out = append(out, uint64(b))
		}
	default:
		for _, w := range d {
			out = append(out, uint64(c.Ext.Base.Uint(field.Elem(w))))
		}
	}
	return out
}

// Digest reads what Words writes.
func (c *Config) Digest(tb testing.TB, words []uint64) (d merkle.Digest) {
	tb.Helper()
	want := map[merkle.Kind]int{merkle.Keccak: 4, merkle.KeccakBytes: 32}[c.Hash]
	if want == 0 {
		want = 8
	}
	if len(words) != want {
		tb.Fatalf("a digest of %d words, want %d", len(words), want)
	}
	for i, w := range words {
		switch c.Hash {
		case merkle.Keccak:
			d[2*i], d[2*i+1] = uint32(w), uint32(w>>32)
		case merkle.KeccakBytes:
			if w > 0xff {
				tb.Fatalf("%d is not a byte", w)
			}
			d[i/4] |= uint32(w) << (8 * (i % 4))
		default:
			d[i] = uint32(c.Elem(tb, w))
		}
	}
	return d
}

// Digests reads a list of digests.
func (c *Config) Digests(tb testing.TB, words [][]uint64) []merkle.Digest {
	tb.Helper()
	out := make([]merkle.Digest, len(words))
	for i := range words {
		out[i] = c.Digest(tb, words[i])
	}
	return out
}

// Flat reads digests whose words stand in one list.
func (c *Config) Flat(tb testing.TB, words []uint64) []merkle.Digest {
	tb.Helper()
	n := len(c.Words(new(merkle.Digest)))
	if len(words)%n != 0 {
		tb.Fatalf("%d words make no whole number of digests", len(words))
	}
	var out []merkle.Digest
	for ; len(words) > 0; words = words[n:] {
		out = append(out, c.Digest(tb, words[:n]))
	}
	return out
}
