package codec_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/merkle"
)

// sample is an upstream proof and how it is written.
type sample struct {
	name   string
	format codec.Format
	bin    []byte
}

// samples are all batch proofs of the vectors.
func samples(tb testing.TB) (out []sample) {
	for _, name := range vectors.Glob(tb, "batch/*.json") {
		var v struct{ Config string }
		vectors.JSON(tb, name, &v)
		c, _ := tape.ByName(tb, v.Config)
		out = append(out, sample{name, codec.Format{Ext: c.Ext, Hash: c.Hash}, vectors.Bytes(tb, strings.TrimSuffix(name, "json")+"bin")})
	}
	var index []struct {
		Name, Hash string
		Degree     int
	}
	vectors.JSON(tb, "batch2/index.json", &index)
	for _, v := range index {
		hash, ok := merkle.KindByName(v.Hash)
		if !ok {
			tb.Fatalf("%s: hash %q", v.Name, v.Hash)
		}
		format := codec.Format{Ext: field.ExtOf(field.KoalaBear, v.Degree), Hash: hash}
		out = append(out, sample{v.Name, format, vectors.Bytes(tb, "batch2/"+v.Name+".bin")})
	}
	if len(out) != 50 {
		tb.Fatalf("%d proofs, want 50", len(out))
	}
	return out
}

// TestRoundTrip decodes every upstream proof and encodes it to the same bytes.
func TestRoundTrip(t *testing.T) {
	for _, s := range samples(t) {
		p, err := s.format.Decode(s.bin, len(s.bin))
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		prefix := []byte("kept")
		if got := s.format.Encode(prefix, p); !bytes.Equal(got[4:], s.bin) || string(got[:4]) != "kept" {
			t.Errorf("%s: encoding what was decoded gives other bytes", s.name)
		}
		if _, err := s.format.Decode(s.bin, len(s.bin)-1); !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("%s: one byte above the limit: %v", s.name, err)
		}
	}
}

// TestFRIRoundTrip does the same with the low-degree test's part alone, for every suite.
func TestFRIRoundTrip(t *testing.T) {
	tested := 0
	for _, file := range []string{"pcs.json", "batch2/misc/pcs.json"} {
		var list []struct {
			Config, System string
			Proof          string `json:"proof_postcard_hex"`
		}
		vectors.JSON(t, file, &list)
		for _, v := range list {
			c, ok := tape.ByName(t, v.Config+v.System)
			if !ok {
				continue
			}
			tested++
			b, err := hex.DecodeString(v.Proof)
			if err != nil {
				t.Fatal(err)
			}
			format := codec.Format{Ext: c.Ext, Hash: c.Hash}
			p, err := format.DecodeFRI(b, len(b))
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			if !bytes.Equal(format.EncodeFRI(nil, p), b) {
				t.Errorf("%s: encoding what was decoded gives other bytes", c.Name)
			}
			for at := range b {
				if _, err := format.DecodeFRI(b[:at], len(b)); err == nil {
					t.Errorf("%s: accepted after %d of %d bytes", c.Name, at, len(b))
				}
			}
			if _, err := format.DecodeFRI(append(b, 0), len(b)+1); !errors.Is(err, codec.ErrTrailing) {
				t.Errorf("%s: a byte more: %v", c.Name, err)
			}
			if _, err := format.DecodeFRI(b, len(b)-1); !errors.Is(err, codec.ErrTooLarge) {
				t.Errorf("%s: above the limit: %v", c.Name, err)
			}
		}
	}
	if tested != 14 {
		t.Errorf("%d proofs, want 14", tested)
	}
}

// TestDigests: commitments and siblings are written as upstream writes them, in every
// suite.
func TestDigests(t *testing.T) {
	var list []struct {
		Config string
		Cap    [][]uint64 `json:"commitment_cap"`
		CapHex string     `json:"commitment_postcard_hex"`
		Multi  struct {
			Siblings [][]uint64 `json:"sibling_hashes"`
			Hex      string     `json:"postcard_hex"`
		}
	}
	vectors.JSON(t, "merkle.json", &list)
	for i, v := range list {
		c, ok := tape.ByName(t, v.Config)
		if !ok {
			continue
		}
		for _, d := range []struct {
			words [][]uint64
			hex   string
		}{{v.Cap, v.CapHex}, {v.Multi.Siblings, v.Multi.Hex}} {
			want, err := hex.DecodeString(d.hex)
			if err != nil {
				t.Fatal(err)
			}
			// A proof of one commitment and nothing else starts with it.
			b := codec.Format{Ext: c.Ext, Hash: c.Hash}.EncodeFRI(nil, &codec.FRIProof{Commits: []codec.Cap{c.Digests(t, d.words)}})
			if b[0] != 1 || !bytes.HasPrefix(b[1:], want) {
				t.Errorf("%s %d: digests are written otherwise than upstream's", v.Config, i)
			}
		}
	}
}

// TestEveryCut refuses a proof after any number of its bytes, and one byte too many.
func TestEveryCut(t *testing.T) {
	for _, s := range samples(t) {
		if len(s.bin) > 12000 || testing.Short() && len(s.bin) > 3000 {
			continue
		}
		for at := range s.bin {
			if _, err := s.format.Decode(s.bin[:at], len(s.bin)); !errors.Is(err, codec.ErrTruncated) {
				t.Fatalf("%s: %d of %d bytes: %v", s.name, at, len(s.bin), err)
			}
		}
		if _, err := s.format.Decode(append(bytes.Clone(s.bin), 0), len(s.bin)+1); !errors.Is(err, codec.ErrTrailing) {
			t.Errorf("%s: a byte more: %v", s.name, err)
		}
	}
}

// TestCanonical writes parts of a proof otherwise than they are written.
func TestCanonical(t *testing.T) {
	format := codec.Format{Ext: field.KoalaBear4, Hash: merkle.Poseidon2}
	lanes := codec.Format{Ext: field.KoalaBear4, Hash: merkle.Keccak}
	p := field.KoalaBear.Modulus()
	word := func(v uint32) []byte { return field.AppendWord(nil, field.Elem(v)) }
	for _, c := range []struct {
		what   string
		format codec.Format
		b      []byte
		want   error
	}{
		{"empty", format, nil, codec.ErrTruncated},
		{"over-long length", format, []byte{0x80, 0x00}, codec.ErrNonCanonical},
		{"over-long length of one", format, append([]byte{0x81, 0x80, 0x00}, make([]byte, 64)...), codec.ErrNonCanonical},
		{"length above 64 bits", format, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02}, codec.ErrNonCanonical},
		{"length that never ends", format, bytes.Repeat([]byte{0x80}, 40), codec.ErrNonCanonical},
		{"longest length", format, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, codec.ErrTruncated},
		{"list longer than the rest", format, append([]byte{2}, make([]byte, 63)...), codec.ErrTruncated},
		{"modulus in a digest", format, append([]byte{1}, append(word(p), make([]byte, 28)...)...), codec.ErrNonCanonical},
		{"all ones in a digest", format, append([]byte{1}, bytes.Repeat([]byte{0xff}, 32)...), codec.ErrNonCanonical},
		{"over-long lane", lanes, []byte{1, 0x80, 0x00, 0, 0, 0, 0}, codec.ErrNonCanonical},
		{"option tag", format, []byte{0, 2}, codec.ErrNonCanonical},
		{"random commitment", format, []byte{0, 0, 0, 1, 0}, codec.ErrHiding},
		{"random openings", format, append([]byte{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, make([]byte, 20)...), codec.ErrHiding},
	} {
		if _, err := c.format.Decode(c.b, 1<<20); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

// TestNoProofIsDecodedTwice: whatever single bit of a proof is changed, decoding fails or
// gives a value that is written as the changed bytes.
func TestNoProofIsDecodedTwice(t *testing.T) {
	for _, s := range samples(t) {
		if s.name != "batch/bb-p2w16_batch.json" && s.name != "fib3_kk_d5_small" && s.name != "range_p2_d5_small" {
			continue
		}
		step := 1
		if testing.Short() {
			step = 7
		}
		for at := 0; at < 8*len(s.bin); at += step {
			b := bytes.Clone(s.bin)
			b[at/8] ^= 1 << (at % 8)
			if p, err := s.format.Decode(b, len(b)); err == nil && !bytes.Equal(s.format.Encode(nil, p), b) {
				t.Fatalf("%s: bit %d: decoded, but encoded otherwise", s.name, at)
			}
		}
	}
}

// TestLongListsCostNothing: lengths that the input could hold, but does not, are believed
// only as far as items turn up, also where lists are nested.
func TestLongListsCostNothing(t *testing.T) {
	format := codec.Format{Ext: field.KoalaBear5, Hash: merkle.Poseidon2}
	length := []byte{0x80, 0x80, 0x20} // 2^19, of the 2^20 bytes that follow
	rest := make([]byte, 1<<20)
	rest[0] = 0xff // no option, and as a length above what is left
	for what, prefix := range map[string][]byte{
		"instances":             {0, 0, 0, 0},
		"chunks of an instance": {0, 0, 0, 0, 1, 0, 0, 0, 0},
		"folding commitments":   {0, 0, 0, 0, 0},
		"inputs, queries, rows": append(append([]byte{0, 0, 0, 0, 0, 0, 0}, length...), length...),
		"terminals":             {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		b := append(append(bytes.Clone(prefix), length...), rest...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := format.Decode(b, len(b)); err == nil {
			t.Errorf("%s: accepted", what)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<18 {
			t.Errorf("%s: %d bytes allocated", what, n)
		}
	}
	over := append([]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07}, rest...)
	if _, err := format.Decode(over, len(over)); !errors.Is(err, codec.ErrTruncated) {
		t.Errorf("a list of 2^31 - 1: %v", err)
	}
}

// formats are all ways of writing a proof: every extension with every suite.
func formats() (out []codec.Format) {
	for _, x := range []*field.Ext{field.KoalaBear4, field.KoalaBear5, field.BabyBear4} {
		for _, k := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak, merkle.Poseidon2W16, merkle.KeccakBytes} {
			out = append(out, codec.Format{Ext: x, Hash: k})
		}
	}
	return out
}

// FuzzDecode: no input makes the decoder panic, and what it accepts is the encoding of
// what it returns, in whichever format the input is read.
func FuzzDecode(f *testing.F) {
	all := formats()
	for _, s := range samples(f) {
		if len(s.bin) < 4000 {
			f.Add(s.bin, uint8(slices.Index(all, s.format)))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		format := all[int(which)%len(all)]
		if p, err := format.Decode(b, codec.MaxProofBytes); err == nil && !bytes.Equal(format.Encode(nil, p), b) {
			t.Error("decoded, but encoded otherwise")
		}
		if p, err := format.DecodeFRI(b, codec.MaxProofBytes); err == nil && !bytes.Equal(format.EncodeFRI(nil, p), b) {
			t.Error("low-degree test decoded, but encoded otherwise")
		}
	})
}
