package keccak

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"golang.org/x/crypto/sha3"

	"rpp-node/prover/internal/vectors"
)

// hashes is the part of hashes.json that concerns this package.
type hashes struct {
	Cases []struct {
		Input  []uint32  `json:"input_koala"`
		Bytes  string    `json:"keccak256_bytes_hex"`
		Sponge [4]uint64 `json:"keccak_u64_sponge_25_17_4"`
	} `json:"cases"`
	Compress struct {
		Left, Right, Out [4]uint64
	} `json:"compress_keccak_u64"`
}

// montgomery is upstream's word of a canonical KoalaBear element.
func montgomery(v uint32) uint32 { return uint32((uint64(v) << 32) % 0x7f000001) }

func TestVectors(t *testing.T) {
	var v hashes
	vectors.JSON(t, "hashes.json", &v)
	if len(v.Cases) == 0 {
		t.Fatal("no cases")
	}
	for i, c := range v.Cases {
		var b []byte
		lanes := make([]uint64, (len(c.Input)+1)/2)
		for k, x := range c.Input {
			w := montgomery(x)
			b = binary.LittleEndian.AppendUint32(b, w)
			lanes[k/2] |= uint64(w) << (32 * (k % 2))
		}
		if got := Sum256(b); hex.EncodeToString(got[:]) != c.Bytes {
			t.Errorf("case %d: Sum256 = %x, want %s", i, got, c.Bytes)
		}
		var got [4]uint64
		if Sponge(&got, lanes); got != c.Sponge {
			t.Errorf("case %d: Sponge = %d, want %d", i, got, c.Sponge)
		}
	}
	var got [4]uint64
	Sponge(&got, append(v.Compress.Left[:], v.Compress.Right[:]...))
	if got != v.Compress.Out {
		t.Errorf("compression = %d, want %d", got, v.Compress.Out)
	}
}

// TestSum256Lengths compares with another implementation around the block boundaries.
func TestSum256Lengths(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	b := make([]byte, 3*rateBytes+2)
	rng.Read(b)
	for n := range b {
		h := sha3.NewLegacyKeccak256()
		h.Write(b[:n])
		if got := Sum256(b[:n]); string(got[:]) != string(h.Sum(nil)) {
			t.Fatalf("Sum256 of %d bytes differs", n)
		}
	}
}

// TestSpongeOverwrites checks that a short last block leaves the rest of the rate.
func TestSpongeOverwrites(t *testing.T) {
	in := make([]uint64, SpongeRate+3)
	for i := range in {
		in[i] = uint64(i) * 0x9e3779b97f4a7c15
	}
	var a [25]uint64
	copy(a[:], in[:SpongeRate])
	Permute(&a)
	copy(a[:], in[SpongeRate:])
	Permute(&a)
	var got [4]uint64
	if Sponge(&got, in); got != [4]uint64(a[:4]) {
		t.Errorf("Sponge = %x, want %x", got, a[:4])
	}
}

// TestConstants derives the constants from their definitions in FIPS 202: RC from the
// shift register of algorithm 5, the rotations from the walk of algorithm 2.
func TestConstants(t *testing.T) {
	lfsr := byte(1)
	for r, got := range RC {
		var want uint64
		for j := range 7 {
			if lfsr&1 == 1 {
				want |= 1 << (1<<j - 1)
			}
			carry := lfsr >> 7
			lfsr = lfsr<<1 ^ carry*0x71
		}
		if got != want {
			t.Errorf("RC[%d] = %#x, want %#x", r, got, want)
		}
	}
	var want [5][5]int
	x, y := 1, 0
	for step := range 24 {
		want[x][y] = (step + 1) * (step + 2) / 2 % 64
		x, y = y, (2*x+3*y)%5
	}
	if Rotation != want {
		t.Errorf("Rotation = %v, want %v", Rotation, want)
	}
}

func TestAllocations(t *testing.T) {
	b := make([]byte, 1000)
	lanes := make([]uint64, 100)
	var out [4]uint64
	if n := testing.AllocsPerRun(10, func() { Sum256(b); Sponge(&out, lanes) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkPermute(b *testing.B) {
	var a [25]uint64
	b.SetBytes(200)
	for b.Loop() {
		Permute(&a)
	}
}

func BenchmarkSum256(b *testing.B) {
	in := make([]byte, 64)
	for b.Loop() {
		Sum256(in)
	}
}
